"""The command line: what one can type, and which module does it.

The first word is a command, a scenario or a script: `bpdebug two_layer` opens the app just as
`bpdebug open two_layer` does. Each command is a module of this room, imported when it is called.

Typer reads the annotations here, and reads them quicker where they are not text: this module does without
`from __future__ import annotations`.
"""

import os
import sys
from io import TextIOWrapper
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from bpdebug import __version__
from bpdebug.cli import checking, listing, opening, own_code, plain_mode, running, starting, tracing
from bpdebug.cli.options import (
    CheckFormat,
    FunctionOption,
    IterationOption,
    MapOption,
    MineOption,
    OptionalScenario,
    OutsideOption,
    PlainFormat,
    ScenarioArgument,
    ScriptArguments,
    SecondsOption,
    UntilOption,
)
from bpdebug.cli.output import RIGHT, fail, write
from bpdebug.cli.request import Request
from bpdebug.engine.language.nearest import nearest
from bpdebug.errors import BpdebugError, ScenarioError
from bpdebug.plain import plain
from bpdebug.sources.opening import is_script

OPEN = "open"
OPENING_OPTIONS = ("--plain", "--hide-verdicts")
"""With these the app is opened, whatever follows."""


class ScenarioGroup(TyperGroup):
    """Commands, and the rule that any other first word is a scenario or a script to open."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put `open` before its options, where nothing else stands before them."""
        return super().parse_args(ctx, [OPEN, *args] if args[:1] and args[0] in OPENING_OPTIONS else args)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Put `open` before a first word that is not a command."""
        word = args[0]
        if word not in self.commands and not word.startswith("-"):
            near = nearest(word, self.commands) if word.isalpha() else ""
            if near and not os.path.exists(word):
                ctx.fail(f"no such command or scenario: {word} (did you mean {near}?)")
            args = [OPEN, *args]
        return super().resolve_command(ctx, args)


app = typer.Typer(
    cls=ScenarioGroup,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    subcommand_metavar="[SCENARIO | COMMAND ...]",
    context_settings={"help_option_names": ["-h", "--help"]},
)


def print_version(wanted: bool) -> None:
    """Print the version and end, if it was asked for."""
    if wanted:
        write([f"bpdebug {__version__}\n"])
        raise typer.Exit


@app.callback(invoke_without_command=True)
def start(
    ctx: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", callback=print_version, is_eager=True, help="Show the version.")
    ] = False,
) -> int:
    """Step through backpropagation in the terminal.

    Without a scenario, bpdebug lets you choose one.
    """
    return open_app() if ctx.invoked_subcommand is None else RIGHT


@app.command(OPEN)
def open_app(
    scenario: OptionalScenario = None,
    mine: MineOption = None,
    map: MapOption = None,
    allow_outside: OutsideOption = False,
    until: UntilOption = 0,
    iteration: IterationOption = 1,
    function: FunctionOption = "",
    seconds: SecondsOption = None,
    hide_verdicts: Annotated[
        bool, typer.Option("--hide-verdicts", help="Hide what the check finds, until V reveals it.")
    ] = False,
    plain: Annotated[
        bool, typer.Option("--plain", help="Print each step as text and read commands: no screen.")
    ] = False,
    arguments: ScriptArguments = None,
) -> int:
    """Open a scenario or your own script in the app; the word `open` can be left out."""
    recorded = (until, iteration, function, seconds, tuple(arguments or ()))
    request = Request(scenario, allow_outside, *recorded, mine or (), map or ()) if scenario else None
    if request is None and allow_outside:
        raise BpdebugError("--allow-outside is for one scenario: found no SCENARIO")
    if plain:
        plain_mode.read_commands(request, hide_verdicts)
        return RIGHT
    return opening.open_app(request, hide_verdicts)


@app.command()
def trace(
    scenario: ScenarioArgument,
    format: Annotated[PlainFormat, typer.Option(help="For a person, or for a program.")] = PlainFormat.text,
    allow_outside: OutsideOption = False,
    until: UntilOption = 0,
    iteration: IterationOption = 1,
    function: FunctionOption = "",
    seconds: SecondsOption = None,
    arguments: ScriptArguments = None,
) -> int:
    """Run a scenario, or record your own script, and print every step.

    The exit status is 2 if the script ended before it updated anything; what it computed is printed.
    """
    request = Request(scenario, allow_outside, until, iteration, function, seconds, tuple(arguments or ()))
    return tracing.print_trace(request, format.value)


@app.command()
def check(
    scenario: ScenarioArgument,
    mine: MineOption = None,
    map: MapOption = None,
    format: Annotated[CheckFormat, typer.Option(help="For a person, a program, a page.")] = CheckFormat.text,
    rtol: Annotated[float | None, typer.Option(help="The relative tolerance.", min=0.0)] = None,
    atol: Annotated[float, typer.Option(help="An absolute tolerance on top.", min=0.0)] = 0.0,
    suggest: Annotated[
        str | None, typer.Option(metavar="FILE", help="Write a scenario that tells mistakes apart.")
    ] = None,
    allow_outside: OutsideOption = False,
    until: UntilOption = 0,
    iteration: IterationOption = 1,
    function: FunctionOption = "",
    loss: Annotated[
        str,
        typer.Option(metavar="NAME", help="Of a script: its loss, by name, by line, or mse, bce, ce, mae."),
    ] = "",
    gradient: Annotated[
        list[str] | None,
        typer.Option(metavar="TENSOR=GRADIENT", help="Of a script: what is the gradient of what: W1=dW1."),
    ] = None,
    parameter: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Of a script: look at these parameters only.")
    ] = None,
    intended: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Of a script: this Function's backward is meant to be as it is."),
    ] = None,
    seconds: Annotated[
        float | None,
        typer.Option(
            min=0.0, help="How long to search for corrections of a script, 20; to check a scenario, 8."
        ),
    ] = None,
    diff: Annotated[
        bool, typer.Option("--diff", help="Of a script: print the corrections as a patch.")
    ] = False,
    fix: Annotated[
        bool, typer.Option("--fix", help="Of a script: write the corrections, after asking; keeps FILE.orig.")
    ] = False,
    arguments: ScriptArguments = None,
) -> int:
    """Check the gradients in your own script, or in a scenario yours (--mine) or those that bpdebug derives.

    The exit status is 0 if all are right, 1 if one is wrong, 2 for bad input.
    """
    recorded = (until, iteration, function, None, tuple(arguments or ()))
    request = Request(scenario, allow_outside, *recorded, mine or (), map or ())
    if not is_script(scenario):
        if diff or fix or loss or gradient or parameter or intended:
            raise BpdebugError(
                "--loss, --gradient, --parameter, --intended, --diff and --fix are for scripts: "
                "expected a .py or a .ipynb"
            )
        return checking.check_gradients(request, format.value, rtol, atol, suggest, seconds)
    if mine or map or suggest:
        raise BpdebugError("--mine, --map and --suggest are for scenarios: a script has its own gradients")
    told = own_code.read_told(loss, gradient or (), parameter or (), intended or ())
    return own_code.check_own_code(request, told, seconds, format.value, diff, confirm if fix else None)


def confirm(question: str) -> bool:
    """Ask a question on stderr; no answer is a no, and so is Ctrl+C, or a closed standard input."""
    try:
        return sys.stdin is not None and typer.confirm(plain(question), err=True)
    except typer.Abort:
        return False


@app.command("run")
def run_commands(
    scenario: ScenarioArgument,
    command: Annotated[
        list[str] | None, typer.Option(help="A command of the debugger; may be repeated.")
    ] = None,
    script: Annotated[
        str | None, typer.Option(metavar="FILE", help="Commands, one a line; - is standard input.")
    ] = None,
    format: Annotated[PlainFormat, typer.Option(help="For a person, or JSON lines.")] = PlainFormat.text,
    allow_outside: OutsideOption = False,
    until: UntilOption = 0,
    iteration: IterationOption = 1,
    function: FunctionOption = "",
    seconds: SecondsOption = None,
    arguments: ScriptArguments = None,
) -> int:
    """Debug without a terminal: run commands, those of the script first, and print what they answer.

    `--command help` lists them. The exit status is 1 if a command fails; what follows it is not run.
    """
    if not (command or script):
        raise BpdebugError("nothing to run: found neither --command nor --script, expected one of them")
    request = Request(scenario, allow_outside, until, iteration, function, seconds, tuple(arguments or ()))
    return running.run_lines(request, script, command or (), format.value)


@app.command("new")
def new_scenario(
    weights: Annotated[
        str, typer.Option("--from", metavar="FILE", help="Weights of dense layers: .npz or .safetensors.")
    ],
    scenario: Annotated[
        str | None, typer.Argument(metavar="SCENARIO", help="A new file; without it, standard output.")
    ] = None,
) -> None:
    """Write a scenario to start from: the layers, shapes and layout of the weights in a file."""
    starting.write_new(weights, scenario)


@app.command("list")
def list_scenarios() -> None:
    """List the shipped scenarios."""
    listing.print_scenarios()


def run_command_line() -> int:
    """Run what `sys.argv` says and return the exit status; errors are printed on stderr."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        return app(prog_name="bpdebug", standalone_mode=False) or 0
    except ScenarioError as error:
        return fail(str(error))
    except (BpdebugError, typer.TyperException) as error:
        message = error.format_message() if isinstance(error, typer.TyperException) else str(error)
        return fail(f"bpdebug: {message}")
    except OSError as error:  # what Typer prints, as for --help, does not go through `write`
        return fail(f"bpdebug: cannot write: {error.strerror}")
