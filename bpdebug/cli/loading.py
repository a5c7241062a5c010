"""What is named becomes a case, with the tensors of the user's files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from bpdebug.cli.output import running_text, shown_meanwhile
from bpdebug.cli.request import Request
from bpdebug.errors import BpdebugError
from bpdebug.sources.case import Case
from bpdebug.sources.opening import LONGEST_RUN, open_case
from bpdebug.verify import mine_files


def load(request: Request) -> Case:
    """Open a scenario, or run and record a script."""
    return load_with_mine(request)[0]


def load_with_mine(request: Request) -> tuple[Case, Mapping[str, str]]:
    """Open what is named with the user's own gradients; return also what their names were taken for."""
    name, allow_outside, until, iteration, function, seconds, arguments, files, meanings = request
    if request.is_script and (files or meanings):
        raise BpdebugError("--mine and --map are for scenarios: a script has its own gradients")
    if not request.is_script and (until or iteration > 1 or function or seconds):
        raise BpdebugError(
            "--until, --iteration, --function and --seconds are for scripts: expected a .py or a .ipynb"
        )
    with shown_meanwhile(running_text(name) if request.is_script else ""):
        case = open_case(name, allow_outside, arguments, until, iteration, function, seconds or LONGEST_RUN)
    if not files:
        if meanings:
            raise BpdebugError("--map says what names in --mine files mean: found no --mine FILE")
        return case, {}
    found = mine_files.read_mine_files(
        files, case.program, mine_files.read_map(meanings), case.values, case.images
    )
    return replace(case, mine={**case.mine, **found.values}), found.renamed
