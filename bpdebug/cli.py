"""The command line: parse, call, print.

The first word is a command, a scenario or a script: `bpdebug two_layer` opens the app just as
`bpdebug open two_layer` does. Textual is imported when the app opens and at no other time.

Typer reads the annotations here, and reads them quicker where they are not text: this module does without
`from __future__ import annotations`.
"""

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from enum import StrEnum
from io import TextIOWrapper
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer
from typer.core import TyperGroup

from bpdebug import __version__
from bpdebug.engine.language.nearest import nearest
from bpdebug.errors import BpdebugError, ScenarioError
from bpdebug.sources.opening import is_script

if TYPE_CHECKING:
    from bpdebug.export.corrections import SourceFile
    from bpdebug.sources.case import Case
    from bpdebug.sources.script.analysis.told import Told

BAD_INPUT = 2
"""The exit status for input and usage that cannot be used."""
WRONG = 1
"""The exit status of a check that found something wrong."""
OPEN = "open"
CLEAR_LINE = "\r\x1b[K"
BETWEEN_PROGRESS = 0.1
"""Seconds between two looks at how far something is."""


class ScenarioGroup(TyperGroup):
    """Commands, and the rule that any other first word is a scenario or a script to open."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Put `open` before a first word that is not a command."""
        word = args[0]
        if word not in self.commands and not word.startswith("-"):
            near = nearest(word, self.commands) if word.isalpha() else ""
            if near and not os.path.exists(word):
                ctx.fail(f"no such command or scenario: {word} (did you mean {near}?)")
            args = [OPEN, *args]
        return super().resolve_command(ctx, args)


class TraceFormat(StrEnum):
    """How `bpdebug trace` writes."""

    text = "text"
    json = "json"


app = typer.Typer(
    cls=ScenarioGroup,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    subcommand_metavar="[SCENARIO | COMMAND ...]",
    context_settings={"help_option_names": ["-h", "--help"]},
)


def complete_scenario(incomplete: str) -> list[str]:
    """Return the shipped scenarios, and the TOML files and scripts that begin like this."""
    from glob import glob

    from bpdebug.sources.scenario.reading import shipped_scenarios

    files = [path + "/" * os.path.isdir(path) for path in glob(f"{incomplete}*")]
    names = [path.stem for path in shipped_scenarios() if path.stem.startswith(incomplete)]
    return sorted([*names, *(path for path in files if path.endswith((".toml", ".py", ".ipynb", "/")))])


SCENARIO = typer.Argument(
    help="A scenario (a file or a shipped one's name), or your own script: a .py or .ipynb, which is run.",
    autocompletion=complete_scenario,
)
ScenarioArgument = Annotated[str, SCENARIO]
OptionalScenario = Annotated[str | None, SCENARIO]

MineOption = Annotated[
    list[str] | None,
    typer.Option(help="Your gradients: .npz, .safetensors, .json, .npy, or a folder of .npy files."),
]
MapOption = Annotated[
    list[str] | None, typer.Option(metavar="THEIRS=OURS", help="What a name of yours means: gW=dw1.")
]


OutsideOption = Annotated[
    bool, typer.Option("--allow-outside", help="Read tensor files outside the scenario's folder too.")
]


ScriptArguments = Annotated[
    list[str] | None, typer.Argument(metavar="[-- ARGUMENTS]", help="The script's own arguments.")
]
UntilOption = Annotated[
    int, typer.Option(metavar="LINE", min=0, help="Of a script: end the recording at this line.")
]
IterationOption = Annotated[
    int, typer.Option(metavar="N", min=1, help="Of a script: which iteration of the training to record.")
]
FunctionOption = Annotated[
    str, typer.Option(metavar="NAME", help="Of a script: record only the first call of this function.")
]


def print_version(wanted: bool) -> None:
    """Print the version and end, if it was asked for."""
    if wanted:
        print(f"bpdebug {__version__}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def start(
    ctx: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", callback=print_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Step through backpropagation in the terminal.

    Without a scenario, bpdebug lets you choose one.
    """
    if ctx.invoked_subcommand is None:
        open_app()


@app.command(OPEN)
def open_app(
    scenario: OptionalScenario = None,
    mine: MineOption = None,
    map: MapOption = None,
    allow_outside: OutsideOption = False,
    until: UntilOption = 0,
    iteration: IterationOption = 1,
    function: FunctionOption = "",
    arguments: ScriptArguments = None,
) -> None:
    """Open a scenario or your own script in the app; the word `open` can be left out."""
    if allow_outside and scenario is None:
        raise BpdebugError("--allow-outside is for one scenario: found no SCENARIO")
    recorded = Recorded(until, iteration, function, tuple(arguments or ()))
    if not (is_terminal(sys.stdin) and is_terminal(sys.stdout)):
        if scenario is not None:
            load(scenario, mine, map, allow_outside, recorded)  # what is wrong with it goes before
        command = f"bpdebug trace {scenario or 'SCENARIO'}"
        raise BpdebugError(f"the app needs a terminal on stdin and stdout; `{command}` works without one")
    from bpdebug.sources.scenario import title_of
    from bpdebug.tui.app import BpdebugApp
    from bpdebug.tui.user_files import user_files

    if scenario is None:
        bpdebug = BpdebugApp(user=user_files())
    elif is_script(scenario):
        # A script runs before the app has the terminal: what it does to the terminal does no harm then.
        case = load(scenario, mine, map, allow_outside, recorded)[0]
        bpdebug = BpdebugApp(lambda: case, case.name, case.title, user_files())
    else:
        title = title_of(scenario)
        name = Path(scenario).stem
        bpdebug = BpdebugApp(
            lambda: load(scenario, mine, map, allow_outside, recorded)[0], name, title, user_files()
        )
    bpdebug.run()
    if bpdebug.problem is not None:
        raise bpdebug.problem


@app.command()
def trace(
    scenario: ScenarioArgument,
    format: Annotated[TraceFormat, typer.Option(help="For a person, or for a program.")] = TraceFormat.text,
    allow_outside: OutsideOption = False,
    until: UntilOption = 0,
    iteration: IterationOption = 1,
    function: FunctionOption = "",
    arguments: ScriptArguments = None,
) -> None:
    """Run a scenario, or record your own script, and print every step."""
    from bpdebug.engine.program.trace import run
    from bpdebug.export.traces import TRACE_FORMATS

    recorded = Recorded(until, iteration, function, tuple(arguments or ()))
    loaded, _ = load(scenario, None, None, allow_outside, recorded)
    write(TRACE_FORMATS[format.value](loaded, run(loaded.program, loaded.values)))


class CheckFormat(StrEnum):
    """How `bpdebug check` writes."""

    text = "text"
    json = "json"
    markdown = "markdown"
    junit = "junit"


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
    seconds: Annotated[
        float | None, typer.Option(min=0.0, help="Of a script: how long to search for corrections; 20.")
    ] = None,
    diff: Annotated[
        bool, typer.Option("--diff", help="Of a script: print the corrections as a patch.")
    ] = False,
    fix: Annotated[
        bool, typer.Option("--fix", help="Of a script: write the corrections, after asking; keeps FILE.orig.")
    ] = False,
    arguments: ScriptArguments = None,
) -> None:
    """Check the gradients in your own script, or in a scenario yours (--mine) or those that bpdebug derives.

    The exit status is 0 if all are right, 1 if one is wrong, 2 for bad input.
    """
    recorded = Recorded(until, iteration, function, tuple(arguments or ()))
    if is_script(scenario):
        if mine or map or suggest:
            raise BpdebugError(
                "--mine, --map and --suggest are for scenarios: a script has its own gradients"
            )
        from bpdebug.sources.script.analysis.told import Told, read_gradients

        told = Told(loss, read_gradients(gradient or ()), tuple(parameter or ()))
        check_own_code(scenario, recorded, told, seconds, format, diff, fix)
        return
    if diff or fix or seconds is not None or loss or gradient or parameter:
        raise BpdebugError(
            "--loss, --gradient, --parameter, --diff, --fix and --seconds are for scripts: "
            "expected a .py or a .ipynb"
        )
    from bpdebug.export.reports import CHECK_FORMATS
    from bpdebug.verify.check import check_scenario
    from bpdebug.verify.comparison import Tolerance

    loaded, renamed = load(scenario, mine, map, allow_outside, recorded)
    if suggest is not None:
        write_new_file(suggest, loaded)
    with progress_line() as show:
        report = check_scenario(
            loaded, None, Tolerance(rtol, atol), renamed, lambda tensor: show(f"checked {tensor.name} ...")
        )
    write(CHECK_FORMATS[format.value](report))
    if not report.passed:
        raise typer.Exit(WRONG)


@contextmanager
def progress_line() -> Iterator[Callable[[str], None]]:
    """Give what says how far something is, on one line of a terminal that is gone afterwards."""
    shown = 0.0

    def show(text: str) -> None:
        nonlocal shown
        if monotonic() - shown > BETWEEN_PROGRESS:
            print(f"{CLEAR_LINE}{text}", end="", file=sys.stderr, flush=True)
            shown = monotonic()

    if not is_terminal(sys.stderr):
        yield lambda text: None
        return
    try:
        yield show
    finally:
        print(CLEAR_LINE, end="", file=sys.stderr, flush=True)


def check_own_code(
    script: str,
    recorded: "Recorded",
    told: "Told",
    seconds: float | None,
    format: CheckFormat,
    diff: bool,
    fix: bool,
) -> None:
    """Check a script, and print what was found, or its corrections as a patch."""
    from bpdebug.export import script_report
    from bpdebug.export.corrections import source_files
    from bpdebug.sources.script import Options
    from bpdebug.verify.repair.check import SECONDS, check_script

    options = Options(recorded.until, recorded.iteration, recorded.function)
    with progress_line() as show:
        show(f"running {script} ...")
        report = check_script(
            script,
            recorded.arguments,
            options,
            SECONDS if seconds is None else seconds,
            **told._asdict(),
            progress=lambda line, tried: show(f"looking at line {line}, {tried} edits tried ..."),
        )
    if diff:
        write(script_report.diff(list(source_files(report.findings))))
    else:
        write(script_report.CHECK_FORMATS[format.value](report))
    if fix:
        fix_files(list(source_files(report.findings)))
    if not report.is_judged:
        raise typer.Exit(BAD_INPUT)
    if not report.passed:
        raise typer.Exit(WRONG)


def fix_files(files: "list[SourceFile]") -> None:
    """Write corrected files, each after asking, and keep what was there beside it."""
    from bpdebug.export.corrections import write_corrected

    changed = [file for file in files if file.corrected != file.text]
    if files and not changed:
        print("nothing is written: no correction is verified", file=sys.stderr)
    for file in changed:
        try:
            wanted = typer.confirm(f"write the corrections to {file.name}?", err=True)
        except typer.Abort:
            wanted = False  # nobody is there to answer, or it was Ctrl+C
        if wanted:
            write_corrected(file)
            print(f"written; what was there is in {file.name}.orig", file=sys.stderr)
        else:
            print(f"{file.name} is as it was", file=sys.stderr)


class Recorded(NamedTuple):
    """What is recorded of a script: see `bpdebug.sources.script.Options`."""

    until: int
    iteration: int
    function: str
    arguments: tuple[str, ...]


def load(
    source: str,
    files: list[str] | None,
    texts: list[str] | None,
    allow_outside: bool,
    recorded: Recorded,
) -> "tuple[Case, Mapping[str, str]]":
    """Load a scenario with the tensors of the user's files; return also what their names were taken for.

    A script is recorded instead, and brings its own.
    """
    from bpdebug.sources.opening import open_case

    until, iteration, function, arguments = recorded
    if not is_script(source) and (until or iteration > 1 or function):
        raise BpdebugError("--until, --iteration and --function are for scripts: expected a .py or a .ipynb")
    if is_script(source) and (files or texts):
        raise BpdebugError("--mine and --map are for scenarios: a script has its own gradients")
    case = open_case(source, allow_outside, arguments, until, iteration, function)
    if not files and texts:
        raise BpdebugError("--map says what names in --mine files mean: found no --mine FILE")
    if not files:
        return case, {}
    from bpdebug.verify.mine_files import read_map, read_mine_files

    found = read_mine_files(files, case.program, read_map(texts or ()), case.values)
    return replace(case, mine={**case.mine, **found.values}), found.renamed


def write_new_file(path: str, scenario: "Case") -> None:
    """Write a suggested scenario to a file that is not there yet."""
    from bpdebug.verify.suggestion import suggested_scenario

    text = suggested_scenario(scenario.program, scenario.title)
    try:
        with open(path, "x", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise BpdebugError(f"--suggest {path}: cannot be written: {error.strerror}") from None


class AnswerFormat(StrEnum):
    """How `bpdebug run` writes."""

    text = "text"
    json = "json"


@app.command("run")
def run_commands(
    scenario: ScenarioArgument,
    command: Annotated[
        list[str] | None, typer.Option(help="A command of the debugger; may be repeated.")
    ] = None,
    script: Annotated[
        str | None, typer.Option(metavar="FILE", help="Commands, one a line; - is standard input.")
    ] = None,
    format: Annotated[AnswerFormat, typer.Option(help="For a person, or JSON lines.")] = AnswerFormat.text,
    allow_outside: OutsideOption = False,
    until: UntilOption = 0,
    iteration: IterationOption = 1,
    function: FunctionOption = "",
    arguments: ScriptArguments = None,
) -> None:
    """Debug without a terminal: run commands, those of the script first, and print what they answer.

    `--command help` lists them. The exit status is 1 if a command fails; what follows it is not run.
    """
    from bpdebug.commands.answers import ANSWER_FORMATS
    from bpdebug.commands.scripts import read_script
    from bpdebug.commands.session import Session
    from bpdebug.commands.table import execute

    if not (command or script):
        raise BpdebugError("nothing to run: found neither --command nor --script, expected one of them")
    lines = [*(read_script(script) if script else ()), *(command or ())]
    recorded = Recorded(until, iteration, function, tuple(arguments or ()))
    session = Session(load(scenario, None, None, allow_outside, recorded)[0])
    for line in lines:
        answer = execute(session, line)
        write(ANSWER_FORMATS[format.value](line, answer))
        if answer.failed:
            raise typer.Exit(WRONG)
        if answer.ends:
            return


@app.command("list")
def list_scenarios() -> None:
    """List the shipped scenarios."""
    from bpdebug.sources.scenario import shipped_scenarios, summarise

    summaries = [summarise(path) for path in shipped_scenarios()]
    width = max((len(summary.path.stem) for summary in summaries), default=0)
    write(f"{summary.path.stem:{width}}  {summary.title} ({summary.layers})\n" for summary in summaries)


def write(pieces: Iterable[str]) -> None:
    """Write to stdout, for as long as there is someone who reads."""
    try:
        sys.stdout.writelines(pieces)
        sys.stdout.flush()
    except BrokenPipeError:
        # `head` has seen enough. What is still buffered must not fail again when Python ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:
        raise BpdebugError(f"cannot write: {error.strerror}") from None


def is_terminal(stream: Any) -> bool:
    """Whether a stream is there and is a terminal."""
    return stream is not None and not stream.closed and stream.isatty()


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


def fail(message: str) -> int:
    """Print a message on stderr and return the exit status for it."""
    print(message, file=sys.stderr)
    return BAD_INPUT
