"""NumPy's `.npz`: a ZIP archive of `.npy` files.

The standard library reads the directory of the archive. The files in it are unpacked here, because a
library would follow whatever size it finds, while here no file gives more bytes than it declares. What is
not compressed is mapped into memory as it lies there.
"""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator
from functools import partial
from itertools import pairwise
from typing import BinaryIO, cast

import numpy as np

from bpdebug.engine.language.functions.entry import Array
from bpdebug.limits import LIMITS, at_most
from bpdebug.sources.problems import RefusalError
from bpdebug.sources.tensors.npy import read_header
from bpdebug.sources.tensors.stored import Member, Numbers, StoredArray, mapping, or_refused

MAX_DIRECTORY_BYTES = LIMITS.npz_directory_bytes
"""The names of tens of thousands of arrays."""
CHUNK = 2**20
"""How much is unpacked at a time."""
LOCAL_HEADER_BYTES = 30
ENCRYPTED = 1
DAMAGED = "damaged: found an array that cannot be read"


class _Archive:
    """An archive of which no large piece is read at once, as the directory of a hostile one may be."""

    def __init__(self, file: BinaryIO) -> None:
        self.seek, self.tell, self._read = file.seek, file.tell, file.read

    def read(self, size: int = -1, /) -> bytes:
        """Return at most so many of the next bytes."""
        if size > MAX_DIRECTORY_BYTES:
            found = f"found a directory of {size:,} bytes"
            raise RefusalError(f"too large: {found}, expected {at_most('npz_directory_bytes')}")
        return self._read(size)


def members(file: BinaryIO) -> Iterator[Member]:
    """Yield the arrays of an archive.

    Raises
    ------
    RefusalError
        If the file is no archive.
    """
    with or_refused("damaged, or not an .npz file: found no archive, expected what np.savez writes"):
        archive = zipfile.ZipFile(cast("BinaryIO", _Archive(file)))
    with archive:
        _check_places(archive.infolist())
        for member in archive.infolist():
            yield member.filename.removesuffix(".npy"), partial(_stored, member)


def _check_places(members: list[zipfile.ZipInfo]) -> None:
    """Refuse an archive with a name that is there twice, or in which two arrays share bytes.

    A library would take the last of the name, and give the same bytes out as often as they are named.

    Raises
    ------
    RefusalError
        If it is such an archive.
    """
    if len({member.filename for member in members}) < len(members):
        raise RefusalError("damaged: found a name that is twice in the archive, expected each once")
    in_order = sorted(members, key=lambda member: member.header_offset)
    for member, behind in pairwise(in_order):
        if member.header_offset + LOCAL_HEADER_BYTES + member.compress_size > behind.header_offset:
            raise RefusalError("damaged: found two arrays that share bytes, expected each in its own place")


def _stored(member: zipfile.ZipInfo, file: BinaryIO) -> StoredArray:
    if not member.filename.endswith(".npy"):
        raise RefusalError("not an array: found another kind of file in the archive, expected .npy files")
    if member.flag_bits & ENCRYPTED:
        raise RefusalError("encrypted: found an array that needs a password, expected what np.savez writes")
    if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise RefusalError(
            f"unknown compression: found method {member.compress_type}, expected none or deflate",
            "np.savez_compressed writes what can be read",
        )
    with or_refused(DAMAGED):
        numbers, offset = read_header(_Unpacked(file, member), member.file_size)
    read = _mapped if member.compress_type == zipfile.ZIP_STORED else _unpacked
    return StoredArray(numbers.shape, partial(read, member, numbers, offset))


def _mapped(member: zipfile.ZipInfo, numbers: Numbers, offset: int, file: BinaryIO) -> Array:
    with or_refused(DAMAGED):
        start = _start(file, member)
        archive = mapping(file)
        if member.file_size == offset + numbers.size:  # what stands behind the numbers is not read
            with memoryview(archive) as content:
                check_sum = zlib.crc32(content[start : start + member.file_size])
            if check_sum != member.CRC:
                raise RefusalError(DAMAGED)
        return numbers.array(archive, start + offset)


def _unpacked(member: zipfile.ZipInfo, numbers: Numbers, offset: int, file: BinaryIO) -> Array:
    with or_refused(DAMAGED):
        unpacked = _Unpacked(file, member)
        unpacked.read(offset)
        content = np.empty(numbers.size, np.uint8)
        for start in range(0, numbers.size, CHUNK):
            piece = unpacked.read(min(CHUNK, numbers.size - start))
            content[start : start + len(piece)] = np.frombuffer(piece, np.uint8)
        unpacked.check_end()
        return numbers.array(content)


def _start(file: BinaryIO, member: zipfile.ZipInfo) -> int:
    """Return where the content of a member begins: behind a header that repeats the directory."""
    file.seek(member.header_offset)
    header = file.read(LOCAL_HEADER_BYTES)
    if header[:4] != b"PK\3\4":
        raise RefusalError(DAMAGED)
    name, extra = header[26:28], header[28:30]
    return file.tell() + int.from_bytes(name, "little") + int.from_bytes(extra, "little")


class _Unpacked:
    """A member of an archive as a stream that ends where the directory says that it does."""

    def __init__(self, file: BinaryIO, member: zipfile.ZipInfo) -> None:
        self._file = file
        self._file.seek(_start(file, member))
        self._packed = member.compress_size
        self._left = member.file_size
        self._inflate = zlib.decompressobj(-zlib.MAX_WBITS) if member.compress_type else None
        self._expected, self._check_sum = member.CRC, 0

    def read(self, size: int, /) -> bytes:
        """Return the next bytes: so many, or as many as there are left.

        Raises
        ------
        RefusalError
            If the archive has fewer than it declares.
        """
        size = min(size, self._left)
        content = self._next(size)
        if len(content) < size:
            raise RefusalError(DAMAGED)
        self._left -= size
        self._check_sum = zlib.crc32(content, self._check_sum)
        return content

    def check_end(self) -> None:
        """Refuse an archive that goes on, or that held other bytes when it was written."""
        if self._left:
            return  # what stands behind the numbers was not read
        if self._inflate and self._next(1):
            raise RefusalError("damaged: found an array that is larger than the archive declares")
        if self._check_sum != self._expected:
            raise RefusalError(DAMAGED)

    def _next(self, size: int) -> bytes:
        if self._inflate is None:
            return self._packed_bytes(size)
        content = b""
        while len(content) < size and not self._inflate.eof:
            packed = self._inflate.unconsumed_tail or self._packed_bytes(CHUNK)
            piece = self._inflate.decompress(packed, size - len(content))
            if not (packed or piece):
                break
            content += piece
        return content

    def _packed_bytes(self, size: int) -> bytes:
        content = self._file.read(min(size, self._packed))
        self._packed -= len(content)
        return content
