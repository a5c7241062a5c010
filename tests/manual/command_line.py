"""The commands of the debugger from their table, and the command line from what it parses."""

from __future__ import annotations

from enum import StrEnum

import typer.main

from bpdebug.cli import app
from bpdebug.commands.table import COMMANDS
from tests.manual.markdown import code, table


def commands() -> str:
    """Write the table of the debugger's commands."""
    return table(
        ("command", "short", "what it does"),
        [
            (
                code(f"{command.name} {command.usage}".strip()),
                command.short and code(command.short),
                command.help,
            )
            for command in COMMANDS.values()
        ],
    )


def options() -> str:
    """Write the arguments and options of each subcommand."""
    parts = []
    for name, command in typer.main.get_command(app).commands.items():
        rows = []
        for parameter in command.params:
            default = parameter.default
            shown = code(str(default)) if isinstance(default, (str, float)) and default is not False else ""
            shown = "required" if parameter.required else shown
            choices = ", ".join(map(code, type(default) if isinstance(default, StrEnum) else ()))
            called = ", ".join(map(code, parameter.opts))
            called = called if parameter.opts[0].startswith("-") else code(parameter.name.upper())
            rows.append((called, f"{parameter.help} {choices}".strip(), shown))
        head = f"### bpdebug {name}\n\n{command.help.strip()}"
        parts.append(f"{head}\n\n{table(('argument', 'meaning', 'default'), rows)}" if rows else head)
    return "\n\n".join(parts)
