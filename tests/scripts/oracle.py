"""What the gradients of a script should be: central differences of the script itself, in plain NumPy.

A script is run as it stands, with two lines put into it. Before its iteration every parameter can be
moved by ε, and after it the loss and the gradients are read. So the script's own forward pass says what is
right, and nothing of the project is involved:

    ∂loss/∂p ≈ (loss(p + ε) − loss(p − ε)) / 2ε
"""

from __future__ import annotations

import ast
import contextlib
import functools
import io
import itertools
import json
import random
import sys
import types
from collections.abc import Callable, Iterator, Mapping
from importlib.machinery import ModuleSpec
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

RIGHT = Path(__file__).parent / "right"
EPSILON = 1e-6
TOLERANCE = 2e-5

Values = dict[str, np.ndarray]
Sources = Mapping[str, str]


class Script(NamedTuple):
    """What must be said about a script so that its gradients can be judged.

    Attributes
    ----------
    name
        The file, or the folder with a `main.py`.
    start, end
        The line before which the parameters stand as the iteration reads them, and the line after which it
        is over; both as they are written, each once in the file. An empty end is the end of the file.
    loss
        An expression over the script's names at the end of the iteration.
    parameters
        Each parameter as an expression that can be assigned to (a scalar, an array, nested lists), and the
        expression of its gradient; an empty one if only the step is to be judged.
    rate
        The factor of plain descent, an expression: then the step, (before − after) / rate, is judged too.
    loss_after
        If given, the loss is summed up: its expression is read each time after this line has run.
    """

    name: str
    start: str
    end: str
    loss: str
    parameters: dict[str, str]
    rate: str = ""
    loss_after: str = ""

    @property
    def main(self) -> str:
        """The file that is run."""
        return self.name if Path(self.name).suffix else f"{self.name}/main.py"


class Outcome(NamedTuple):
    """What one iteration gave."""

    loss: float
    gradients: Values


class Over(BaseException):
    """The iteration is over: no `except Exception` of a script holds this back."""


def sources(script: Script) -> dict[str, str]:
    """The texts of a script's files by name; a notebook's cells as one text, its magics commented out."""
    path = RIGHT / script.name
    if path.is_dir():
        return {f"{script.name}/{file.name}": file.read_text() for file in sorted(path.glob("*.py"))}
    if path.suffix == ".ipynb":
        cells = [
            cell["source"] for cell in json.loads(path.read_text())["cells"] if cell["cell_type"] == "code"
        ]
        lines = "\n".join("".join(cell) for cell in cells).splitlines()
        return {script.name: "\n".join(f"# {line}" if line.startswith("%") else line for line in lines)}
    return {script.name: path.read_text()}


def only_line(text: str, source: str) -> int:
    """The number of the only line that reads so."""
    numbers = [number for number, line in enumerate(source.splitlines(), 1) if line.strip() == text]
    if len(numbers) != 1:
        raise LookupError(f"{text!r} stands on {len(numbers)} lines")
    return numbers[0]


def last_line(number: int, source: str) -> int:
    """The last line of the innermost statement that begins on this line."""
    ends = [
        node.end_lineno
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.stmt) and node.lineno == number and node.end_lineno
    ]
    return min(ends)


class Places(NamedTuple):
    """Where the lines of the oracle go: indentation, and the line before which they stand."""

    start: tuple[str, int]
    end: tuple[str, int]
    loss: tuple[str, int] | None


def places(script: Script) -> Places:
    """Where the oracle reads a script. Faulty versions of it have the same lines at the same places."""
    return places_in(sources(script)[script.main], script.start, script.end, script.loss_after)


@functools.cache
def places_in(source: str, start: str, end: str, loss_after: str) -> Places:
    """Where the lines of the oracle go in a text."""
    lines = source.splitlines()

    def indent(number: int) -> str:
        return lines[number - 1][: len(lines[number - 1]) - len(lines[number - 1].lstrip())]

    def after(text: str) -> tuple[str, int]:
        number = only_line(text, source)
        return indent(number), last_line(number, source) + 1

    first = only_line(start, source)
    return Places(
        (indent(first), first),
        after(end) if end else ("", len(lines) + 1),
        after(loss_after) if loss_after else None,
    )


def as_array(value: Any) -> np.ndarray:
    """A scalar, an array or nested lists as an array of its own."""
    return np.array(value, dtype=float)


class Program:
    """A script with the oracle's lines in it, compiled once, that runs as often as one likes."""

    def __init__(self, script: Script, texts: Sources) -> None:
        self.script = script
        lines = texts[script.main].splitlines()
        start, end, loss = places(script)
        added = [(start, "__start__"), (end, "__end__"), *([(loss, "__loss__")] if loss else [])]
        for (indent, number), name in sorted(added, key=lambda item: -item[0][1]):
            lines.insert(number - 1, f"{indent}{name}(globals(), locals())")
        self.code = compile("\n".join(lines) + "\n", script.main, "exec")
        self.modules = {
            Path(name).stem: compile(text, name, "exec")
            for name, text in texts.items()
            if name != script.main
        }

    def run(self, move: str = "", rebound: Callable[[str, np.ndarray], None] | None = None) -> Outcome:
        """Run the script until its iteration is over, `move` executed before it."""
        script, before, losses, outcomes = self.script, {}, [], []

        def start(globals: dict[str, Any], locals: dict[str, Any]) -> None:
            if before:
                return
            if move:
                exec(move, globals, locals)
            for name in script.parameters:
                before[name] = as_array(eval(name, globals, locals))
                if rebound:
                    rebound(name, before[name])

        def loss(globals: dict[str, Any], locals: dict[str, Any]) -> None:
            if before:
                losses.append(float(eval(script.loss, globals, locals)))

        def end(globals: dict[str, Any], locals: dict[str, Any]) -> None:
            value = sum(losses) if script.loss_after else float(eval(script.loss, globals, locals))
            gradients: Values = {}
            for name, gradient in script.parameters.items():
                if gradient:
                    gradients[name] = as_array(eval(gradient, globals, locals))
                if script.rate:
                    step = before[name] - as_array(eval(name, globals, locals))
                    gradients[f"step of {name}"] = step / eval(script.rate, globals, locals)
            outcomes.append(Outcome(value, gradients))
            raise Over

        hooks = {"__start__": start, "__end__": end, "__loss__": loss}
        with quiet(), siblings(self.modules), contextlib.suppress(Over):
            exec(self.code, {"__name__": "__main__", "__file__": script.main, **hooks})
        return outcomes[0]


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """No output, no warnings of NumPy, and the state of `random` as it was."""
    states = random.getstate(), np.random.get_state()
    with contextlib.redirect_stdout(io.StringIO()), np.errstate(all="ignore"):
        yield
    random.setstate(states[0])
    np.random.set_state(states[1])


@contextlib.contextmanager
def siblings(modules: Mapping[str, types.CodeType]) -> Iterator[None]:
    """The other files of a folder, to be imported by their names."""
    finder = Finder(modules)
    sys.meta_path.insert(0, finder)  # type: ignore[arg-type]
    try:
        yield
    finally:
        sys.meta_path.remove(finder)  # type: ignore[arg-type]
        for name in modules:
            sys.modules.pop(name, None)


class Finder:
    """Finds modules that are compiled already."""

    def __init__(self, modules: Mapping[str, types.CodeType]) -> None:
        self.modules = modules

    def find_spec(self, name: str, path: object = None, target: object = None) -> Any:
        return ModuleSpec(name, self) if name in self.modules else None

    def create_module(self, spec: object) -> None:
        return None

    def exec_module(self, module: types.ModuleType) -> None:
        exec(self.modules[module.__name__], module.__dict__)


def reference(program: Program) -> Values:
    """The gradients by central differences, one for each entry of the outcome."""
    shapes: dict[str, tuple[int, ...]] = {}
    outcome = program.run(rebound=lambda name, value: shapes.setdefault(name, value.shape))
    result: Values = {}
    for name, shape in shapes.items():
        slope = np.zeros(shape)
        for index in itertools.product(*(range(extent) for extent in shape)):
            element = name + "".join(f"[{i}]" for i in index)
            up = program.run(f"{element} += {EPSILON}").loss
            down = program.run(f"{element} -= {EPSILON}").loss
            slope[index] = (up - down) / (2 * EPSILON)
        result[name] = result[f"step of {name}"] = slope
    return {name: result[name] for name in outcome.gradients}


def wrong(gradients: Values, reference: Values) -> list[str]:
    """The names whose gradient is not the right one: another shape, or another value."""
    return [name for name, right in reference.items() if not agree(gradients[name], right)]


def agree(value: np.ndarray, right: np.ndarray) -> bool:
    """Whether a gradient is the right one, to the precision of central differences."""
    if value.shape != right.shape or not np.isfinite(value).all():
        return False
    return bool(np.abs(value - right).max() <= TOLERANCE * np.abs(right).max() + 1e-8)


def convention(gradients: Values, reference: Values) -> bool:
    """Whether one common factor makes all gradients right, and one all steps: a convention, not a mistake."""
    steps = {name for name in reference if name.startswith("step of ")}
    return all(
        common_factor({name: gradients[name] for name in names}, {name: reference[name] for name in names})
        for names in (steps, reference.keys() - steps)
        if names
    )


def common_factor(values: Values, right: Values) -> float:
    """The factor by which all values are as large as the right ones; 0 if there is none."""
    if any(values[name].shape != value.shape for name, value in right.items()):
        return 0.0
    mine = np.concatenate([values[name].ravel() for name in right])
    theirs = np.concatenate([value.ravel() for value in right.values()])
    factor = float(mine @ theirs / (theirs @ theirs)) if theirs.any() else 0.0
    if not factor or wrong({name: value / factor for name, value in values.items()}, right):
        return 0.0
    return factor
