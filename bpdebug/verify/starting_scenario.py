"""A scenario to start from, for the weights in a file: its layers, their shapes and the layout filled in.

What the arrays do not tell, the activations and the loss, stands there as a guess to be changed.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
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
WEIGHTS = re.compile(r"(^|.*[^a-z])(w|weights?|theta|kernel|coefs?)([^a-z].*|$)")
BIASES = re.compile(r"(^|.*[^a-z])(b|bias|biases|intercepts?)([^a-z].*|$)")
OF_PYTORCH = ".weight"
"""What a name ends with whose weights have a row for each output."""
EMBEDDING = "emb"
"""What is in the name of a table whose rows are looked up: no dense layer."""
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
        WeightShapes(arrays[name].shape, arrays[biases[key]].shape if key in biases else None)
        for key, name in weights.items()
    ]
    fitting = [*layouts_of(shapes, arrays[data].shape if data else None)]
    if not fitting:
        listed = ", ".join(f"{name} {written(arrays[name].shape)}" for name in weights.values())
        raise BpdebugError(f"--from {path}: these do not follow each other in any layout: {listed}")
    is_pytorch = all(name.endswith(OF_PYTORCH) for name in weights.values())
    layout = min(fitting, key=lambda one: is_pytorch and (one.name, one.weight_shape) != ("rows", "out_in"))
    guess = "" if len(fitting) == 1 or is_pytorch else "  # a guess: the shapes fit others, too"
    file = os.path.relpath(path, beside)

    def of_examples(features: int) -> list[int]:
        batch = arrays[data].shape[layout.batch_axis] if data else EXAMPLES
        return [features, batch] if layout.name == "columns" else [batch, features]

    outputs, inputs = (0, 1) if layout.weight_shape == "out_in" else (1, 0)
    first, last = arrays[next(iter(weights.values()))], arrays[[*weights.values()][-1]]
    blocks = [
        f'title = {json.dumps(path.stem)}\nlayout = "{layout.name}"\n'
        f'weight_shape = "{layout.weight_shape}"{guess}\n',
        f"[inputs]\na0 = {_reference(file, data) if data else _random(of_examples(first.shape[inputs]))}\n",
    ]
    for key, name in weights.items():
        is_last = arrays[name] is last
        activation = "identity" if is_last else "relu"
        lines = ["[[layers]]", 'kind = "dense"', f'activation = "{activation}"  # a guess: what is yours?']
        lines.append(f"w = {_reference(file, name)}")
        if key in biases:
            lines.append(f"b = {_bias(file, biases[key], arrays[biases[key]], layout.name)}")
        blocks.append("\n".join(lines) + "\n")
    incoming = _random(of_examples(last.shape[outputs]))
    blocks.append(f"[gradient]  # or [loss], with kind and target\nda{len(weights)} = {incoming}\n")
    left = [name for name in arrays if name not in (*weights.values(), *biases.values(), data)]
    return "\n".join(blocks) + "".join(f"# not used: {name} {written(arrays[name].shape)}\n" for name in left)


def _weights(arrays: Mapping[str, Array]) -> dict[str, str]:
    """Return the names of weights by what they share with their bias, in the order of the layers.

    That is the order of the numbers in them; where they have none, of the file.
    """
    names = {
        _without(WEIGHTS, name): name
        for name, array in arrays.items()
        if array.ndim == 2 and _is(WEIGHTS, name) and EMBEDDING not in name.lower()
    }
    return dict(sorted(names.items(), key=lambda pair: _number(pair[1])))


def _biases(arrays: Mapping[str, Array]) -> dict[str, str]:
    return {_without(BIASES, name): name for name in arrays if _is(BIASES, name)}


def _is(words: re.Pattern[str], name: str) -> bool:
    return words.fullmatch(name.lower()) is not None


def _without(words: re.Pattern[str], name: str) -> str:
    """Return a name without the word that says what it is: what is left says whose it is."""
    found = words.fullmatch(name.lower())
    return name[: found.start(2)] + name[found.end(2) :] if found else name


def _number(name: str) -> int:
    number = NUMBER.search(name)
    return int(number[0]) if number else 0


def _reference(file: str, key: str) -> str:
    return f"{{ file = {json.dumps(file)}, key = {json.dumps(key)} }}"


def _bias(file: str, name: str, array: Array, layout: str) -> str:
    """Write a bias: where it is not in the shape that its layout asks for, in numbers."""
    is_column = array.ndim == 2 and array.shape[1] == 1
    if is_column if layout == "columns" else array.ndim == 1 or array.shape[0] == 1:
        return _reference(file, name)
    numbers = array.ravel().tolist()
    return str([[number] for number in numbers] if layout == "columns" else numbers)


def _random(shape: list[int]) -> str:
    return f'{{ random = "normal", shape = {shape}, seed = 0 }}'
