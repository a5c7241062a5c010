"""The formats of tensor files: a table suffix -> what looks into such a file, for all who read tensors.

To add one, write its module, name it here, and say where it may be used: a scenario names files that are
looked into first and read when they are wanted (`reference.FORMATS`); those of a person's own gradients may
have to be held as a whole (`array_files.FORMATS`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import BinaryIO

from bpdebug.sources.problems import RefusalError, shortened
from bpdebug.sources.tensors import csv, json, npy, npz, safetensors
from bpdebug.sources.tensors.stored import Member

LookInto = Callable[[BinaryIO], Iterator[Member]]

MEMBERS: Mapping[str, LookInto] = {
    ".safetensors": safetensors.members,
    ".npz": npz.members,
    ".npy": npy.members,
    ".csv": csv.members,
    ".json": json.members,
}


def format_of(suffix: str, formats: Sequence[str], or_else: str = "", hint: str = "") -> LookInto:
    """Return what looks into a file, by its suffix.

    Parameters
    ----------
    suffix : str
        In whatever capitals.
    formats : sequence of str
        Those that are read here.
    or_else, hint : str
        What else could be read, and what to do, for the message.

    Raises
    ------
    RefusalError
        If it is none of them.
    """
    if suffix.lower() not in formats:
        found = shortened(suffix) or "no suffix"
        raise RefusalError(f"unknown format: found {found}, expected {', '.join(formats)}{or_else}", hint)
    return MEMBERS[suffix.lower()]
