"""The user's own values from files, under the names of the program."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from bpdebug.engine.language.functions.entry import Array
from bpdebug.engine.program.program import Program
from bpdebug.errors import ScenarioError
from bpdebug.sources.pairs import read_pairs
from bpdebug.sources.problems import ProblemReport, key_path, listed
from bpdebug.sources.scenario.channels import in_channels_first
from bpdebug.sources.scenario.mine import known_names, nearest_hint
from bpdebug.verify.array_files import read_arrays
from bpdebug.verify.likely_names import likely_names, proposal
from bpdebug.verify.meanings import meanings_of
from bpdebug.verify.spellings import understood

MAP = "--map"


@dataclass(frozen=True, slots=True)
class MineFiles:
    """What was found in the user's files.

    Attributes
    ----------
    values : mapping
        A read-only array for each of the user's tensors, by our name, of whatever shape.
    renamed : mapping
        The names in the files that were understood as others: theirs -> ours.
    """

    values: Mapping[str, Array]
    renamed: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class _Found:
    """An array of a file, under the name that it has there; None if it was refused."""

    report: ProblemReport
    name: str
    array: Array | None


def read_map(texts: Iterable[str]) -> dict[str, str]:
    """Read what the user says about names, `THEIRS=OURS` texts.

    Raises
    ------
    BpdebugError
        If a text is not of that form, or a name is given two meanings.
    """
    return read_pairs(texts, MAP, "THEIRS=OURS", "gW=dw1", "{0} is given a meaning twice, {1} before")


def read_mine_files(
    paths: Sequence[str | os.PathLike[str]],
    program: Program,
    mapping: Mapping[str, str],
    values: Mapping[str, Array] | None = None,
    images: str = "nchw",
) -> MineFiles:
    """Read the user's values.

    Parameters
    ----------
    paths : sequence of str or path
        Files `.npz`, `.npy`, `.safetensors`, `.json`, and folders of `.npy` files.
    program : Program
        The program whose tensors they are.
    mapping : mapping
        What the user says about names: theirs -> ours. It wins over what is understood from a name.
    values : mapping, optional
        The values of the program's inputs: they tell a parameter from a gradient under its name.
    images : str, optional
        How the user's code lays out images: `nchw`, or `nhwc` with the channels last.

    Raises
    ------
    ScenarioError
        If something cannot be read or understood, with every problem of every file.
    """
    by_user = ProblemReport(MAP)
    reports = [ProblemReport(os.fspath(path)) for path in paths]
    found = [
        _Found(report, name, array)
        for path, report in zip(paths, reports, strict=True)
        for name, array in read_arrays(Path(path), report)
    ]
    if images == "nhwc":
        found = _with_channels_first(found, mapping, program)
    _check_mapping(mapping, found, program, by_user)
    names = {entry.name: entry.array for entry in found}
    arrays = {name: array for name, array in names.items() if array is not None and name not in mapping}
    by_values = meanings_of(arrays, program, values) if values is not None else {}
    meanings = understood(names, program) | by_values | dict(mapping)
    known = known_names(program)
    first: dict[str, _Found] = {}
    for entry in found:
        ours = meanings.get(entry.name, "")
        if ours:
            _check_once(entry, first.setdefault(ours, entry), ours)
        elif entry.array is not None:
            shown = key_path((entry.name,))
            near = nearest_hint(entry.name, known, entry.report)
            hint = f"{near + ' ' if near else ''}{MAP} {shown}=NAME says which it is"
            entry.report.add((entry.name,), f"unknown name: found {shown}, expected {listed(known)}", hint)
    unknown = {name: array for name, array in arrays.items() if name not in meanings}
    if unknown and values is not None:
        likely = likely_names(unknown, program, values, {*meanings.values()})
        if likely and (proposed := proposal(unknown, likely)):
            message = f"by their shapes and values they may be: {proposed}"
            by_user.add((), message, "look before you paste it")
    problems = [problem for report in (*reports, by_user) for problem in report.problems]
    if problems:
        raise ScenarioError(*problems)
    values = {ours: entry.array for ours, entry in first.items() if entry.array is not None}
    renamed = {entry.name: ours for ours, entry in first.items() if entry.name != ours}
    return MineFiles(values, renamed)


def _with_channels_first(
    found: Sequence[_Found], mapping: Mapping[str, str], program: Program
) -> list[_Found]:
    """Return the arrays as those of a program that has the channels first, by what their names mean."""
    meanings = {entry.name: entry.name for entry in found}
    meanings |= understood([*meanings], program) | dict(mapping)
    turned = (
        entry.array if entry.array is None else in_channels_first(meanings[entry.name], entry.array, program)
        for entry in found
    )
    return [replace(entry, array=array) for entry, array in zip(found, turned, strict=True)]


def _check_mapping(
    mapping: Mapping[str, str], found: Sequence[_Found], program: Program, report: ProblemReport
) -> None:
    theirs, known = list(dict.fromkeys(entry.name for entry in found)), known_names(program)
    for name, ours in mapping.items():
        shown = f"{key_path((name,))}={key_path((ours,))}"
        if name not in theirs and theirs:
            expected = f"a name of the files: {listed(theirs, lambda other: key_path((other,)))}"
            report.add(
                (), f"no such name: found {shown}, expected {expected}", report.did_you_mean(name, theirs)
            )
        if ours not in program.shapes and ours not in program.unused:
            message = f"unknown name: found {shown}, expected {listed(known)} after ="
            report.add((), message, nearest_hint(ours, known, report))


def _check_once(entry: _Found, first: _Found, ours: str) -> None:
    if entry is first:
        return
    elsewhere = f" in {first.report.file}" if first.report is not entry.report else ""
    both = f"{key_path((entry.name,))} and {key_path((first.name,))}{elsewhere}"
    message = f"given twice: found {both}, which both mean {ours}, expected one of them"
    entry.report.add((entry.name,), message)
