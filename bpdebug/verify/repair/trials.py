"""Values to try corrections on: those that were recorded, and fresh ones of the parameters.

Initial zeros and ones hide mistakes (γ = 1, b = 0), and a correction may fit one set of values by chance. So
the parameters are moved at random and everything is computed again, by the largest step at which no branch
that was taken turns. The derived gradients are computed for the same values.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np

from bpdebug.sources.script.analysis.analysis import Analysis
from bpdebug.sources.script.analysis.parameters import TrainedParameter
from bpdebug.sources.script.analysis.standard import ZERO
from bpdebug.sources.script.analysis.steps import Piece
from bpdebug.sources.script.analysis.verdicts import GradientVerdict
from bpdebug.sources.script.recorder.operations import put
from bpdebug.sources.script.recorder.records import Node, ValueOf, same
from bpdebug.verify.repair.replay import Replaced, Replay, fixed
from bpdebug.verify.repair.report import ParameterVerdict
from bpdebug.verify.repair.trying import Trial

SEEDS = (0, 1)
STEPS = (1.0, 0.1, 1e-2, 1e-3, 1e-4)
"""How far the parameters are moved, in parts of their spread: the first step at which no branch turns."""
SMALLEST_SPREAD = 0.05
"""A bias that begins at 0 is moved by as much."""
MOST_PIECES = 64
"""A parameter of more pieces is judged as a whole."""
COPIES = (same, np.copy)
"""What gives what it gets."""
SAID: dict[str, ParameterVerdict] = {
    "right": "right",
    "factor": "wrong",
    "wrong": "wrong",
    "unknown": "not reached",
}


def trials_of(
    analysis: Analysis, replay: Replay, incoming: Mapping[int, Node] = MappingProxyType({})
) -> tuple[Trial, ...]:
    """Return the recorded values, and as many fresh ones as there are seeds.

    Parameters
    ----------
    incoming : mapping
        The gradients that come in, by the numbers of what stands for them: these are moved as well.
    """
    fresh = (_fresh(analysis, replay, incoming, seed) for seed in SEEDS)
    return (trial_of(analysis, {}, analysis.gradients), *filter(None, fresh))


def _fresh(analysis: Analysis, replay: Replay, incoming: Mapping[int, Node], seed: int) -> Trial | None:
    """Return fresh values; None where every step turns a branch."""
    assert analysis.loss is not None
    for step in STEPS:
        random = np.random.default_rng(seed)
        replaced = dict(_moved(analysis.parameters, random, step))
        for number, node in incoming.items():
            replaced[number] = replaced[node.id] = _other(node, random, step)
        try:
            value_of = replay.run(replaced)
            if not replay.is_turned(value_of):
                gradients = analysis.loss.reference.gradients(value_of)
                if all(np.all(np.isfinite(gradient)) for gradient in gradients.values()):
                    return trial_of(analysis, replaced, gradients)
        except Exception:  # noqa: S112 (the person's own operations may raise on other values)
            continue
    return None


def other_data(analysis: Analysis, replay: Replay) -> Trial | None:
    """Return values with other data: where a target is 0, `out - target` is `out`, whoever reads which.

    None where the derived gradients are not those of other data, such as targets that are 1 in all, and where
    a branch turns.
    """
    if analysis.loss is None:
        return None
    given = (one for one in analysis.loss.reference.forward.inputs.values() if type(one) is Node)
    trained = {parameter.old.id for parameter in analysis.parameters}
    data = [one for one in given if one.id not in trained and np.asarray(one.like).dtype.kind in "if"]
    base = trial_of(analysis, {}, analysis.gradients)
    here = base.verdicts(replay.run({}), {})
    for some in (data, [one for one in data if np.asarray(one.like).dtype.kind == "f"]):
        random = np.random.default_rng(SEEDS[0])
        replaced = {one.id: _as_floats(one, random) for one in some}
        try:
            value_of = replay.run(replaced)
            if some and not replay.is_turned(value_of):
                trial = trial_of(analysis, replaced, analysis.loss.reference.gradients(value_of))
                there = trial.verdicts(value_of, {})
                if all(there[name] == verdict for name, verdict in here.items() if verdict == "right"):
                    return trial
        except Exception:  # noqa: S112 (labels are positions, which a fraction is none of)
            continue
    return None


def _as_floats(node: Node, random: np.random.Generator) -> Callable[[ValueOf], Any]:
    """Return other data nearby, as floats: a label of 0 becomes 0.1."""
    value = np.asarray(node.value, dtype=float)
    moved = value + SMALLEST_SPREAD * (1 + np.max(np.abs(value), initial=0)) * random.normal(size=value.shape)
    return fixed(moved if isinstance(node.like, np.ndarray) else float(moved))


def _moved(
    parameters: tuple[TrainedParameter, ...], random: np.random.Generator, step: float
) -> Iterator[tuple[int, Callable[[ValueOf], Any]]]:
    # What is not trained is data, and stays: only where nothing is trained are the other tensors moved.
    for parameter in [one for one in parameters if one.updates] or parameters:
        yield parameter.old.id, _other(parameter.old, random, step)


def _other(node: Node, random: np.random.Generator, step: float) -> Callable[[ValueOf], Any]:
    value = np.asarray(node.value)
    spread = max(float(np.std(value)), 0.1 * float(np.max(np.abs(value), initial=0)), SMALLEST_SPREAD)
    moved = (value + step * spread * random.normal(size=value.shape)).astype(value.dtype)
    return fixed(moved if isinstance(node.like, np.ndarray) else type(node.like)(moved))


def trial_of(analysis: Analysis, replaced: Replaced, gradients: Mapping[int, Any]) -> Trial:
    """Return a trial of some values, with the gradients that are right there."""
    sizes = {
        parameter.name: float(np.max(np.abs(gradients.get(parameter.old.id, 0.0)), initial=0))
        for parameter in analysis.parameters
    }
    for parameter in analysis.parameters:
        gradient = gradients.get(parameter.old.id)
        for name, piece in () if gradient is None else named_pieces(parameter):
            sizes[name] = float(np.max(np.abs(piece.part_of(gradient)), initial=0))
    largest = max(sizes.values(), default=0.0)
    proving = frozenset(name for name, size in sizes.items() if size > ZERO * largest)
    return Trial(replaced, _verdicts(analysis, gradients), proving, gradients)


def _verdicts(
    analysis: Analysis, gradients: Any
) -> Callable[[ValueOf, Replaced], dict[str, ParameterVerdict]]:
    def verdicts(value_of: ValueOf, replaced: Replaced) -> dict[str, ParameterVerdict]:
        right = gradients
        if analysis.given and replaced and analysis.loss is not None:
            # The loss of a later turn is computed of what is stepped: by a corrected step, of something else.
            right = analysis.loss.reference.gradients(value_of)
        judged = analysis.verdicts(with_steps(analysis, value_of, replaced), right).each
        return said_of(analysis.parameters, judged)

    return verdicts


def said_of(
    parameters: Sequence[TrainedParameter], verdicts: Sequence[GradientVerdict]
) -> dict[str, ParameterVerdict]:
    """Return a verdict for each parameter, and for each of its elements that has a step of its own.

    So a line is known to mend an element although others are wrong by other lines.
    """
    said: dict[str, ParameterVerdict] = {}
    for parameter, verdict in zip(parameters, verdicts, strict=True):
        said[parameter.name] = SAID[verdict.kind]
        for (name, _), is_right in zip(named_pieces(parameter), verdict.pieces, strict=False):
            said[name] = "right" if is_right and said.get(name) != "wrong" else "wrong"
    return said


def named_pieces(parameter: TrainedParameter) -> list[tuple[str, Piece]]:
    """Return the elements of a parameter that have steps of their own, by name: `w[0, 1]`; of many, none."""
    pieces = [(_positions(piece.index), piece) for piece in parameter.pieces]
    if not 1 < len(pieces) <= MOST_PIECES or any(not positions for positions, _ in pieces):
        return []
    return [(f"{parameter.name}[{positions}]", piece) for positions, piece in pieces]


def _positions(index: object) -> str:
    """Write an index of positions alone; empty for any other."""
    each = index if isinstance(index, tuple) else (index,)
    return ", ".join(map(str, each)) if all(isinstance(one, int | np.integer) for one in each) else ""


def with_steps(analysis: Analysis, value_of: ValueOf, replaced: Replaced) -> ValueOf:
    """Return values in which the tensors of a chain agree with the step that was made of them.

    Where the statement of an update itself is edited, its new value is another, and what lies between it and
    the gradient was not computed: `step = factor · tensor` says what each tensor would have been.
    """
    other: dict[int, Any] = {}
    for parameter in analysis.parameters:
        for update, piece in zip(parameter.updates, parameter.pieces, strict=False):
            if piece.is_added or all(one.id not in replaced for one in _written(update.new)):
                continue
            new, old = (piece.part_of(np.asarray(value_of(one))) for one in (update.new, update.old))
            step = new - old
            for link in piece.chain:
                if not (link.is_stripped or link.is_adaptive):
                    tensor = step / link.factor(value_of)
                    other[link.node.id] = tensor.T if link.is_transposed else tensor
    return lambda node: other[node.id] if node.id in other else value_of(node)


def _written(new: Node) -> Iterator[Node]:
    """Yield the new value of a parameter, and what was put into it or copied to it."""
    yield new
    source = new.operands[2] if new.function is put else new.operands[0] if new.function in COPIES else None
    if type(source) is Node:
        yield from _written(source)


def gradient_nodes(parameter: TrainedParameter, wrong: Collection[str] = ()) -> list[Node]:
    """Return the new value of a parameter, its steps, and what these were computed from.

    Where its elements have steps of their own, and some of them are said to be wrong, only those of these.
    """
    pieces = [piece for name, piece in named_pieces(parameter) if name in wrong]
    if pieces:
        return [link.node for piece in pieces for link in piece.chain]
    steps = [delta for update in parameter.updates for _, delta in update.deltas]
    chain = [link.node for piece in parameter.pieces for link in piece.chain]
    return [*([parameter.new] if parameter.new is not None else []), *steps, *chain]
