"""Tensor files written byte by byte, also such as no library would write."""

from __future__ import annotations

import json
import struct
import zipfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np

FILE_SCENARIO = """
title = "Test"
layout = "columns"
dtype = "{dtype}"
[inputs]
a0 = {a0}
[[layers]]
kind = "dense"
w = {w}
{more}
"""


def npy_bytes(header: str, data: bytes = b"", version: tuple[int, int] = (1, 0)) -> bytes:
    length = struct.pack("<H" if version == (1, 0) else "<I", len(header))
    return b"\x93NUMPY" + bytes(version) + length + header.encode() + data


def declared(dtype: str, shape: object, data: bytes = b"") -> bytes:
    return npy_bytes(f"{{'descr': {dtype!r}, 'fortran_order': False, 'shape': {shape}}}\n", data)


def archive(path: str | Path, **members: bytes) -> str:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in members.items():
            file.writestr(f"{name}.npy", content)
    return str(path)


def safetensors_bytes(header: object, data: bytes = b"") -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


def write_safetensors(path: str | Path, tensors: Mapping[str, tuple[str, np.ndarray]]) -> None:
    header: dict[str, object] = {"__metadata__": {"format": "pt"}}
    data = b""
    for name, (dtype, array) in tensors.items():
        offsets = [len(data), len(data) + array.nbytes]
        header[name] = {"dtype": dtype, "shape": list(array.shape), "data_offsets": offsets}
        data += array.tobytes()
    Path(path).write_bytes(safetensors_bytes(header, data))


def bfloat16(array: np.ndarray) -> np.ndarray:
    """Return the upper halves of float32 numbers."""
    return (array.astype("<f4").view("<u4") >> 16).astype("<u2")
