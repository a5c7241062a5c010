"""The arguments and options that several commands have, and the formats that they write.

The formats are named here because their tables bring NumPy, which the first frame does not wait for; a test
holds them to the tables.
"""

from enum import StrEnum
from typing import Annotated

import typer

from bpdebug.cli import listing


class PlainFormat(StrEnum):
    """How `bpdebug trace` and `bpdebug run` write."""

    text = "text"
    json = "json"


class CheckFormat(StrEnum):
    """How `bpdebug check` writes."""

    text = "text"
    json = "json"
    markdown = "markdown"
    junit = "junit"


def complete_scenario(incomplete: str) -> list[str]:
    """Return what a scenario's name may go on to."""
    return listing.completions(incomplete)


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
SecondsOption = Annotated[
    int | None, typer.Option(metavar="N", min=1, help="Of a script: how many seconds it may run; 120.")
]
