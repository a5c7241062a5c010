"""The corrections of a check, written into the person's files: only where what ran still stands there."""

from __future__ import annotations

import tokenize
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from bpdebug.engine.language.nodes import Source
from bpdebug.errors import BpdebugError
from bpdebug.sources.files import written_whole
from bpdebug.verify.repair.report import Amendment, Finding, corrected, lines_of, replacements


class SourceFile(NamedTuple):
    """A file of the person's.

    Attributes
    ----------
    name : str
        Its name.
    text : str
        What stands in it, its line ends as they are.
    encoding : str
        How it is written, as Python reads that from its beginning.
    replaced : tuple of Amendment
        What should stand in it.
    """

    name: str
    text: str
    encoding: str
    replaced: tuple[Amendment, ...]

    @property
    def corrected(self) -> str:
        """The text with the corrections in it."""
        return corrected(self.text, self.replaced)


def source_files(findings: Sequence[Finding]) -> Iterator[SourceFile]:
    """Read the files that corrections are for.

    Raises
    ------
    BpdebugError
        If a file is none that lines can be written to, or is not what ran any more.
    """
    found = list(replacements(findings))
    places = [*(one.source for one in findings), *(one.source for one in found)]
    for name in dict.fromkeys(place.file for place in places):
        if name.endswith("]"):
            raise BpdebugError(f"{name}: a cell of a notebook is corrected in the notebook, by hand")
        text, encoding = _read(name)
        if not all(_stands(text, place) for place in places if place.file == name):
            raise BpdebugError(f"{name}: has changed since it ran; nothing was written")
        yield SourceFile(name, text, encoding, tuple(one for one in found if one.source.file == name))


def write_corrected(file: SourceFile) -> None:
    """Write the corrections into a file, and keep what was there beside it, as `net.py.orig`.

    Raises
    ------
    BpdebugError
        If there is a kept file already, the file has changed, or one cannot be written.
    """
    if _read(file.name)[0] != file.text:
        raise BpdebugError(f"{file.name}: has changed since it ran; nothing was written")
    try:
        with written_whole(f"{file.name}.orig") as kept:
            kept.write(file.text.encode(file.encoding))
        with written_whole(file.name, is_new=False) as written:
            written.write(file.corrected.encode(file.encoding))
    except FileExistsError:
        raise BpdebugError(
            f"{file.name}.orig: exists already, and is not replaced; nothing was written"
        ) from None
    except OSError as error:
        raise BpdebugError(f"--fix {file.name}: cannot be written: {error.strerror}") from None


def _read(name: str) -> tuple[str, str]:
    """Return what stands in a file, and its encoding."""
    try:
        with open(name, "rb") as opened:
            encoding, _ = tokenize.detect_encoding(opened.readline)
        with open(name, encoding=encoding, newline="") as read:
            return read.read(), encoding
    except (OSError, SyntaxError, ValueError) as error:
        raise BpdebugError(f"{name}: cannot be read: {error}") from None


def _stands(text: str, source: Source) -> bool:
    """Whether code stands at its place."""
    begin, end = source.columns
    rows = [line.rstrip("\r\n") for line in lines_of(text)[source.line - 1 : source.end_line]]
    if len(rows) != source.end_line - source.line + 1:
        return False
    rows[-1] = rows[-1][:end]
    rows[0] = rows[0][begin:]
    return "\n".join(rows) == source.code
