"""The table of commands, and the commands that are about the session itself.

To add a command, write its `Command` in the module of its family; the command line, its completion, the
help and `bpdebug run` read it from here.
"""

from __future__ import annotations

from dataclasses import replace
from textwrap import wrap

from bpdebug.commands import changing, looking, movement, stops
from bpdebug.commands.command import Answer, Command
from bpdebug.commands.session import Session
from bpdebug.engine.language.functions import FUNCTIONS
from bpdebug.engine.language.functions.entry import Function
from bpdebug.engine.language.nearest import suggestion
from bpdebug.engine.language.nodes import INDEX
from bpdebug.errors import BpdebugError, Interrupted
from bpdebug.limits import LIMITS, at_most
from bpdebug.plain import printable
from bpdebug.sources.files import written_whole

FAULT = "a fault of bpdebug"
"""What an answer begins with that should have been another: nothing that is typed ends a session."""
MAX_LINE = LIMITS.command_characters
HELP_WIDTH = 100
ARGUMENTS = ("x", "y", "z")
"""What the gradients call the arguments."""


def _help(session: Session, text: str) -> Answer:
    if text == "functions":
        names = sorted(FUNCTIONS)
        return Answer(tuple(wrap("  ".join(names), HELP_WIDTH)), {"functions": names})
    if text in FUNCTIONS and text not in COMMANDS:
        return Answer(tuple(_function_lines(FUNCTIONS[text])), {"function": text})
    wanted = [find_command(text)] if text else list(COMMANDS.values())
    heads = {command.name: f"{command.name} {command.usage}".strip() for command in wanted}
    width = min(max(map(len, heads.values())), 40)
    lines = tuple(
        f"{heads[command.name]:{width}}  {command.help}{f' (short: {command.short})' * bool(command.short)}"
        for command in wanted
    )
    data = [{"name": command.name, "usage": command.usage, "help": command.help} for command in wanted]
    return Answer(lines, {"commands": data})


def _function_lines(function: Function) -> list[str]:
    """Write how a function is called, what it gives, and its gradients, `g` being what comes in."""
    arguments = (*ARGUMENTS[: function.arity], *["..."] * function.variadic)
    options = (f"{name}={value!r}" for name, value in function.options.items() if name != INDEX)
    rules = function.derivatives or ()
    gradients = (f"gradient of {name}: {rule}" for name, rule in zip(ARGUMENTS, rules, strict=False) if rule)
    return [f"{function.name}({', '.join([*arguments, *options])})", function.explanation, *gradients]


def _save(session: Session, text: str) -> Answer:
    if not text:
        raise BpdebugError("no file is named: write for example `save session.txt`")
    try:
        with written_whole(text) as file:
            file.write(session.script().encode())
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise BpdebugError(f"{text} cannot be written: {reason}") from None
    count = len(session.recorded)
    line = f"saved {count} command{'s' * (count != 1)} in {text}"
    return Answer((line,), {"file": text, "commands": count})


def _quit(session: Session, text: str) -> Answer:
    return Answer((), ends=True)


ENTRIES = (
    Command("save", "FILE", "Save what was done as a script that does it again.", _save, "", "files", False),
    Command(
        "help",
        "[COMMAND|FUNCTION]",
        "List the commands, or say what one does; `help functions` lists the functions.",
        _help,
        "h",
        "commands",
        False,
    ),
    Command("quit", "", "Leave.", _quit, "q", recorded=False),
)

FAMILIES = (movement.ENTRIES, stops.ENTRIES, looking.ENTRIES, changing.ENTRIES, ENTRIES)
COMMANDS: dict[str, Command] = {command.name: command for family in FAMILIES for command in family}
SHORT_FORMS = {short: command.name for command in COMMANDS.values() for short in command.short.split()}


def find_command(word: str) -> Command:
    """Return the command that a word means: its name, its short form, or the beginning of one name only.

    Raises
    ------
    BpdebugError
        If no command is called so, or several.
    """
    if word in COMMANDS:
        return COMMANDS[word]
    if word in SHORT_FORMS:
        return COMMANDS[SHORT_FORMS[word]]
    begun = [name for name in COMMANDS if name.startswith(word)] if word else []
    if len(begun) == 1:
        return COMMANDS[begun[0]]
    if begun:
        raise BpdebugError(f"{word} may be {', '.join(begun[:-1])} or {begun[-1]}")
    raise BpdebugError(f"there is no command {word!r}{suggestion(word, COMMANDS)}; `help` lists them")


def execute(session: Session, line: str) -> Answer:
    """Run one line; what is wrong with it is the answer, never an exception.

    Raises
    ------
    Interrupted
        If it takes long and was stopped; then nothing has changed.
    """
    start = session.debugger.moment
    try:
        command, text = read_line(line)
        answer = command.run(session, text)
    except Interrupted:
        session.debugger.moment = start
        raise
    except (BpdebugError, MemoryError) as error:
        return _refusal(str(error) or "there is not enough memory for it")
    except Exception as error:
        session.debugger.moment = start  # what it was about to do is not half done
        return _refusal(f"{FAULT}: {type(error).__name__}: {error}")
    if command.recorded:
        session.record(f"{command.name} {text}".strip())
    return replace(answer, lines=tuple(map(printable, answer.lines)))


def _refusal(reason: str) -> Answer:
    return Answer((printable(reason),), {"error": printable(reason)}, failed=True)


def read_line(line: str) -> tuple[Command, str]:
    """Read a line as a command and the text of its arguments.

    Raises
    ------
    BpdebugError
        If it is too long, moves the cursor of whoever prints it, or is no command.
    """
    line = line.strip()
    if len(line) > MAX_LINE:
        raise BpdebugError(f"a command has {at_most('command_characters', 'characters')}: found {len(line)}")
    if not line.replace("\t", " ").isprintable():
        raise BpdebugError(f"a command is one line without control characters: found {printable(line)}")
    word, *rest = line.split(maxsplit=1) or [""]
    command = find_command(word)
    if rest and not command.usage:
        raise BpdebugError(f"no argument is expected: found {rest[0]}")
    return command, "".join(rest)
