"""Mistakes planted in the right scripts, one at a time and in pairs.

A mistake counts only if the oracle says so: the script runs to the end of its iteration, its gradients are no
longer those of central differences, and no common factor makes up for it. Half of the kinds and half of the
scripts are set aside, to be looked at once, at the very end.
"""

from __future__ import annotations

import ast
import random
import re
from collections.abc import Iterator
from typing import Literal, NamedTuple

import numpy as np

from tests.scripts.catalogue import SCRIPTS
from tests.scripts.kinds import BACKWARD, KINDS
from tests.scripts.oracle import (
    Outcome,
    Program,
    Script,
    Values,
    convention,
    places,
    reference,
    sources,
)
from tests.scripts.source import Edit, Text

Half = Literal["development", "set-aside"]

DEVELOPMENT_SCRIPTS = frozenset(
    {
        "digits_class.py",
        "sample_loop.py",
        "parameter_dict.py",
        "layer_objects.py",
        "cache_functions_rows.py",
        "flat_globals.py",
        "char_rnn.py",
        "batch_norm.py",
        "softmax_regression.py",
        "convolution_loops.py",
        "max_pool_overlap.py",
        "dropout_mask.py",
        "momentum_decay.py",
        "pure_python_neurons.py",
        "tied_autoencoder.py",
        "embedding_mean.py",
        "residual_block.py",
        "l2_penalty.py",
        "closures.py",
    }
)
DEVELOPMENT_KINDS = frozenset(
    {
        "transpose lost",
        "factor missing",
        "derivative missing",
        "derivative applied twice",
        "operands exchanged",
        "index off by one",
        "sum missing",
        "mean for sum",
        "wrong sign",
        "assigned, not added",
        "mask missing",
        "updated too early",
        "1/m forgotten",
        "another tensor",
        "wrong constant",
        "forward: gate forgotten",
        "forward: wrong axis",
        "buffer overwritten",
    }
)
SET_UP = re.compile("init|random|pairs|visit|discount|iterate|main")
OF_A_KIND = 3
"""As many plants of one kind in one script."""
TRIED = 40
"""As many edits of one kind in one script are tried."""
PAIRS = 8
"""As many pairs in one script."""
VISIBLE = 1e-3
"""By this much at least a gradient must be wrong: less is a matter of rounding."""


class Fault(NamedTuple):
    """One mistake: its kind, its place in the faulty text, and all lines that may be called faulty."""

    kind: str
    file: str
    line: int
    lines: tuple[int, ...]
    original: str


class Plant(NamedTuple):
    """A script with one mistake in it, or two; all texts of it, the faulty one among them."""

    script: str
    faults: tuple[Fault, ...]
    texts: dict[str, str]
    half: Half

    @property
    def kinds(self) -> str:
        """The kinds of its mistakes."""
        return " and ".join(fault.kind for fault in self.faults)


class Measured(NamedTuple):
    """A right script, what it gives, and the nodes of each file in which a mistake may be made."""

    script: Script
    texts: dict[str, str]
    outcome: Outcome
    reference: Values
    trained: list[tuple[str, Text, list[ast.AST]]]


def measured(script: Script) -> Measured:
    """Run a right script and find its gradients."""
    texts = sources(script)
    program = Program(script, texts)
    read = {name: Text(source) for name, source in texts.items()}
    trained = [(name, text, in_training(script, name, text)) for name, text in read.items()]
    return Measured(script, texts, program.run(), reference(program), trained)


def half_of(script: str, kinds: tuple[str, ...]) -> Half:
    """Development only where both the script and all kinds are of the development half."""
    seen = script in DEVELOPMENT_SCRIPTS and DEVELOPMENT_KINDS.issuperset(kinds)
    return "development" if seen else "set-aside"


def is_wrong(right: Measured, texts: dict[str, str], forward: bool) -> bool:
    """Whether a faulty text counts: it runs, and its gradients are visibly wrong."""
    outcome, against = judged(right, texts, forward)
    if outcome is None or against is None:
        return False
    values = (*outcome.gradients.values(), *against.values())
    if not all(value.size and np.isfinite(value).all() for value in values):
        return False
    return visibly_wrong(outcome.gradients, against) and not convention(outcome.gradients, against)


def judged(right: Measured, texts: dict[str, str], forward: bool) -> tuple[Outcome | None, Values | None]:
    """What a text gives, and its own central differences; nothing if it breaks or changes too much."""
    try:
        program = Program(right.script, texts)
        outcome = program.run()
        same = abs(outcome.loss - right.outcome.loss) <= 1e-12 * abs(right.outcome.loss)
        if same == forward:
            return None, None
        return outcome, right.reference if same else reference(program)
    except Exception:
        return None, None


def visibly_wrong(gradients: Values, right: Values) -> bool:
    """Whether a gradient differs by more than rounding."""
    return any(
        gradients[name].shape != value.shape
        or np.abs(gradients[name] - value).max() > VISIBLE * max(np.abs(value).max(), 1e-6)
        for name, value in right.items()
    )


def edits(right: Measured, kind: str) -> Iterator[tuple[str, Edit]]:
    """All edits of a kind in the files of a script, in an order drawn by lot, always the same."""
    found = [
        (name, edit)
        for name, text, nodes in right.trained
        for node in nodes
        for edit in KINDS[kind](text, node)
        if implied_loss_stays(right, edit)
    ]
    random.Random(f"{right.script.name} {kind}").shuffle(found)
    yield from found[:TRIED]


def in_training(script: Script, file: str, text: Text) -> list[ast.AST]:
    """The nodes that belong to the training: to no constructor, and not to what is set up before."""
    start = places(script).start[1]
    flat = file == script.main and text.at_top(start)

    def trains(node: ast.AST) -> bool:
        scope = text.scope(node)
        if isinstance(scope, ast.Module):
            return flat and text.statement(node).lineno >= start
        return not SET_UP.search(getattr(scope, "name", ""))

    nodes = [n for n in ast.walk(text.tree) if isinstance(n, ast.expr | ast.stmt)]
    return [n for n in nodes if trains(n) and not text.in_range(n)]


def implied_loss_stays(right: Measured, edit: Edit) -> bool:
    """Whether the line that alone says what the loss is still stands: another line there is another loss."""
    line = right.script.loss_after
    return not line or line in edit.source


def planted(right: Measured, kind: str) -> Iterator[Plant]:
    """The plants of a kind in a script."""
    count, seen = 0, set()
    for file, edit in edits(right, kind):
        texts = {**right.texts, file: edit.source}
        if edit.source in seen or len(edit.source.splitlines()) != len(right.texts[file].splitlines()):
            continue
        seen.add(edit.source)
        if is_wrong(right, texts, kind not in BACKWARD):
            line = edit.lines[0]
            original = right.texts[file].splitlines()[line - 1].strip()
            fault = Fault(kind, file, line, edit.lines, original)
            yield Plant(right.script.name, (fault,), texts, half_of(right.script.name, (kind,)))
            count += 1
            if count == OF_A_KIND:
                return


def pairs(right: Measured, singles: list[Plant]) -> Iterator[Plant]:
    """Two mistakes of different kinds on different lines, drawn by lot."""
    near = [
        plant for plant in singles if plant.faults[0].kind in BACKWARD and changed(right, plant) is not None
    ]
    chosen = [(a, b) for i, a in enumerate(near) for b in near[i + 1 :] if a.half == b.half]
    chosen = [
        (a, b) for a, b in chosen if a.faults[0].kind != b.faults[0].kind and apart(a.faults[0], b.faults[0])
    ]
    random.Random(f"{right.script.name} pairs").shuffle(chosen)
    count = 0
    for a, b in chosen[: 2 * PAIRS]:
        texts = dict(a.texts)
        line, text = changed(right, b) or (0, "")
        file = b.faults[0].file
        lines = texts[file].splitlines(keepends=True)
        lines[line - 1] = text
        texts[file] = "".join(lines)
        faults = (a.faults[0], b.faults[0])
        if is_wrong(right, texts, forward=False):
            yield Plant(
                right.script.name, faults, texts, half_of(right.script.name, tuple(f.kind for f in faults))
            )
            count += 1
            if count == PAIRS:
                return


def changed(right: Measured, plant: Plant) -> tuple[int, str] | None:
    """The only line that a plant has changed, and its text; nothing if there are several."""
    file = plant.faults[0].file
    before, after = (texts[file].splitlines(keepends=True) for texts in (right.texts, plant.texts))
    lines = [
        (number, new) for number, (old, new) in enumerate(zip(before, after, strict=True), 1) if old != new
    ]
    return lines[0] if len(lines) == 1 else None


def apart(a: Fault, b: Fault) -> bool:
    """Whether two mistakes stand on different lines."""
    return a.file != b.file or not set(a.lines) & set(b.lines)


def plants_of(script: Script) -> list[Plant]:
    """All plants in a script, the single ones first; in a notebook, whose lines are in cells, none."""
    if script.name.endswith(".ipynb"):
        return []
    right = measured(script)
    singles = [plant for kind in KINDS for plant in planted(right, kind)]
    return [*singles, *pairs(right, singles)]


def summary() -> None:
    """Print how many plants there are, by kind and half."""
    from collections import Counter

    plants = [plant for script in SCRIPTS for plant in plants_of(script)]
    single = [plant for plant in plants if len(plant.faults) == 1]
    for kind, count in Counter(plant.faults[0].kind for plant in single).most_common():
        print(f"{count:4d}  {kind}")
    print(
        "single, pairs, by half:",
        len(single),
        len(plants) - len(single),
        Counter(plant.half for plant in plants),
    )


if __name__ == "__main__":
    summary()
