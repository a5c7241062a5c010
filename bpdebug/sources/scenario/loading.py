"""A file becomes a scenario: every table is checked, then all shapes, and only then is anything built."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from bpdebug.engine.language.functions.entry import Array
from bpdebug.engine.program.program import Program
from bpdebug.engine.program.trace import read_only
from bpdebug.plain import printable
from bpdebug.sources.case import Case
from bpdebug.sources.files import ScenarioFolder
from bpdebug.sources.problems import KeyPath, ProblemReport, RefusalError
from bpdebug.sources.scenario import debug, mine, own_program, training
from bpdebug.sources.scenario.channels import without_axes
from bpdebug.sources.scenario.conversion import in_dtype, overflow
from bpdebug.sources.scenario.draft import Draft
from bpdebug.sources.scenario.limits import check_size
from bpdebug.sources.scenario.network import read_network
from bpdebug.sources.scenario.reading import find_scenario, read_table
from bpdebug.sources.scenario.tensors import AnyTensor


def load_scenario(source: str | os.PathLike[str], allow_outside: bool = False) -> Case:
    """Read a scenario file and build its program.

    Parameters
    ----------
    source : str or path
        A path, or the bare name of a shipped scenario.
    allow_outside : bool
        Whether the tensor files that it names may be outside its folder.

    Raises
    ------
    ScenarioError
        If it cannot be used, with every problem found.
    """
    source = os.fspath(source)
    path = find_scenario(source)
    report = ProblemReport(source, ScenarioFolder(Path(os.path.realpath(path.parent)), allow_outside))
    return case_of(read_table(path, source), report, path.stem)


def case_of(table: Mapping[str, Any], report: ProblemReport, name: str) -> Case:
    """Return the case that the tables of a file make.

    Parameters
    ----------
    table : mapping
        What the file says.
    report : ProblemReport
        Takes what is wrong.
    name : str
        What the case is called.

    Raises
    ------
    ScenarioError
        If it cannot be used, with every problem found.
    """
    draft = read_draft(table, report)
    document = draft.document
    for place, tensor in draft.places:
        flaw = overflow(tensor, document["dtype"])
        if flaw:
            report.add((*place, *flaw.path), flaw.message, flaw.hint)
    steps = _training(document, report)
    is_sound = not report.problems
    own, images = without_axes(document, report)
    entries = mine.read_mine(own, report) if own else {}
    if not is_sound:
        report.refuse()

    program = draft.build()
    if steps is not None:
        program = steps.extend(program, report)
    check_size(program, draft.place_of, report)
    if entries:
        mine.check_mine(own, entries, program, report)
    breakpoints, watches = _debug(document["debug"], program, report)
    report.refuse()
    values = _values(draft.inputs_of(program), document["dtype"], report)
    if steps is not None:
        values = {**values, **steps.remembered(program, values, document["dtype"])}
    arrays = mine.with_arrays(entries, program, images, report) if entries else {}
    report.refuse()
    return Case(
        name=name,
        source=report.file,
        title=printable(document["title"] or name),
        about=printable(" ".join(document["about"].split())),
        layout=document["layout"] or "",
        dtype=document["dtype"],
        program=program,
        values=MappingProxyType(values),
        mine=arrays,
        breakpoints=breakpoints,
        watches=watches,
        iterations=steps.iterations if steps else 1,
        images=images,
    )


def _training(document: Mapping[str, Any], report: ProblemReport) -> training.Training | None:
    if document["optimizer"] is None and document["training"] is None:
        return None
    return training.read_training(document, report)


def _debug(
    table: Mapping[str, Any], program: Program, report: ProblemReport
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    if not table:
        return (), ()
    return debug.read_debug(table, program, report)


def read_draft(table: Mapping[str, Any], report: ProblemReport) -> Draft:
    """Check the tables of a file, in whichever way it is written."""
    if "program" in table:
        return own_program.read_own_program(table, report)
    return read_network(table, report)


def _values(
    tensors: Mapping[str, tuple[KeyPath, AnyTensor]], dtype: str, report: ProblemReport
) -> dict[str, Array]:
    """Return the numbers of all tensors; what is wrong with those of a file only shows here."""
    values: dict[str, Array] = {}
    for name, (place, tensor) in tensors.items():
        try:
            values[name] = read_only(in_dtype(tensor.array(), dtype))
        except RefusalError as refusal:
            report.add((*place, *refusal.path), refusal.message, refusal.hint)
    return values
