"""A scenario to start from, for the weights in a file: its layers, their shapes and the layout filled in.

What the arrays do not tell, the activations and the loss, stands there as a guess to be changed.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from bpdebug.engine.language.forms import written
from bpdebug.engine.language.functions.entry import Array
from bpdebug.errors import BpdebugError, ScenarioError
from bpdebug.sources.problems import ProblemReport
from bpdebug.sources.scenario.shapes_of_weights import WeightShapes, layouts_of
from bpdebug.verify.array_files import read_arrays

SUFFIXES = (".npz", ".safetensors")
"""Files that a scenario may name, with several arrays each."""
EXAMPLES = 5
WEIGHTS = re.compile(r"(^|.*[^a-z])(w|weights?|theta|kernel)([^a-z].*|$)")
BIASES = re.compile(r"(^|.*[^a-z])(b|bias|biases)([^a-z].*|$)")
DATA = ("x", "a0", "input", "inputs")
NUMBER = re.compile(r"[0-9]+")


def starting_scenario(path: Path, beside: Path) -> str:
    """Write a scenario for the dense layers whose weights are in a file.

    Parameters
    ----------
    path : Path
        The file with the weights: `W1`, `b1`, or `fc1.weight`, `fc1.bias`, ...
    beside : Path
        The folder that the scenario will be in: its path to the file starts there.

    Raises
    ------
    ScenarioError
        If the file cannot be read.
    BpdebugError
        If there are no weights in it, or they do not follow each other.
    """
    if path.suffix.lower() not in SUFFIXES:
        raise BpdebugError(f"--from {path}: expected {' or '.join(SUFFIXES)}, which a scenario can name")
    report = ProblemReport(os.fspath(path))
    arrays = {name: array for name, array in read_arrays(path, report) if array is not None}
    if report.problems:
        raise ScenarioError(*report.problems)
    weights, biases = _weights(arrays), _biases(arrays)
    if not weights:
        found = ", ".join(arrays)
        raise BpdebugError(f"--from {path}: found no weights among {found}, expected names as W1, b1")
    data = next((name for name in arrays if name.lower() in DATA and arrays[name].ndim == 2), "")
    shapes = [
        WeightShapes(arrays[name].shape, arrays[biases[number]].shape if number in biases else None)
        for number, name in weights.items()
    ]
    layout = next(layouts_of(shapes, arrays[data].shape if data else None), None)
    if layout is None:
        listed = ", ".join(f"{name} {written(arrays[name].shape)}" for name in weights.values())
        raise BpdebugError(f"--from {path}: these do not follow each other in any layout: {listed}")
    file = os.path.relpath(path, beside)

    def of_examples(features: int) -> list[int]:
        batch = arrays[data].shape[layout.batch_axis] if data else EXAMPLES
        return [features, batch] if layout.name == "columns" else [batch, features]

    outputs, inputs = (0, 1) if layout.weight_shape == "out_in" else (1, 0)
    first, last = arrays[next(iter(weights.values()))], arrays[[*weights.values()][-1]]
    blocks = [
        f'title = {json.dumps(path.stem)}\nlayout = "{layout.name}"\n'
        f'weight_shape = "{layout.weight_shape}"\n',
        f"[inputs]\na0 = {_reference(file, data) if data else _random(of_examples(first.shape[inputs]))}\n",
    ]
    for number, name in weights.items():
        is_last = arrays[name] is last
        activation = "identity" if is_last else "relu"
        lines = ["[[layers]]", 'kind = "dense"', f'activation = "{activation}"  # a guess: what is yours?']
        lines.append(f"w = {_reference(file, name)}")
        if number in biases:
            lines.append(f"b = {_bias(file, biases[number], arrays[biases[number]], layout.name)}")
        blocks.append("\n".join(lines) + "\n")
    incoming = _random(of_examples(last.shape[outputs]))
    blocks.append(f"[gradient]  # or [loss], with kind and target\nda{len(weights)} = {incoming}\n")
    left = [name for name in arrays if name not in (*weights.values(), *biases.values(), data)]
    return "\n".join(blocks) + "".join(f"# not used: {name} {written(arrays[name].shape)}\n" for name in left)


def _weights(arrays: Mapping[str, Array]) -> dict[int, str]:
    """Return the names of weights by the number in them, in its order."""
    names = (name for name, array in arrays.items() if array.ndim == 2 and _is(WEIGHTS, name))
    return dict(sorted(_numbered(names)))


def _biases(arrays: Mapping[str, Array]) -> dict[int, str]:
    return dict(_numbered(name for name in arrays if _is(BIASES, name)))


def _is(words: re.Pattern[str], name: str) -> bool:
    return words.fullmatch(name.lower()) is not None


def _numbered(names: Iterator[str]) -> Iterator[tuple[int, str]]:
    for name in names:
        number = NUMBER.search(name)
        yield (int(number[0]) if number else 0), name


def _reference(file: str, key: str) -> str:
    return f"{{ file = {json.dumps(file)}, key = {json.dumps(key)} }}"


def _bias(file: str, name: str, array: Array, layout: str) -> str:
    """Write a bias: where it is not in the shape that its layout asks for, in numbers."""
    is_column = array.ndim == 2 and array.shape[1] == 1
    if is_column if layout == "columns" else array.ndim == 1:
        return _reference(file, name)
    numbers = array.ravel().tolist()
    return str([[number] for number in numbers] if layout == "columns" else numbers)


def _random(shape: list[int]) -> str:
    return f'{{ random = "normal", shape = {shape}, seed = 0 }}'
