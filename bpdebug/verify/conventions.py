"""Conventions: a factor that all of a person's gradients share is no mistake in any of them.

One person's loss is the mean of the squares and another's half of their sum; one takes the target off the
output and another the reverse, one puts the learning rate into the gradient, one the 1/m of a mean. All
gradients are then the same multiple of those here. It is said once, and what else differs is judged by it.

Ng's course keeps the 1/m of a mean loss out of `dz` and puts it into `dw` and `db`. So all that flows has a
factor, and the gradients of the parameters have one: both are those of the first of them that is a multiple
of its reference, which is the nearest to the loss, unless that one has a mistake of its own. Where the
gradient that comes in is given, and not a loss, nothing but that 1/m can be a matter of choice.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from bpdebug.engine.language.functions.entry import Array
from bpdebug.engine.program.program import Program
from bpdebug.verify.comparison import Tolerance, agrees
from bpdebug.verify.diagnosis.fits import coefficient
from bpdebug.verify.rounding import Rounding

FEWEST = 2
"""A factor that is found in one tensor alone is a mistake there, unless there is no other to have it."""
CLOSE = 1e-5
"""Two factors within this are the same: both were computed from numbers."""


@dataclass(frozen=True)
class Convention:
    """By what factors a person's gradients differ from those here.

    Attributes
    ----------
    flowing, trained : float
        The factor of what flows back, and that of the gradients of parameters.
    parameters : frozenset of str
        The gradients of parameters.
    gradients : frozenset of str
        All gradients.
    words : str
        What is said of it.
    """

    flowing: float = 1.0
    trained: float = 1.0
    parameters: frozenset[str] = frozenset()
    gradients: frozenset[str] = frozenset()
    words: str = ""

    def factor(self, name: str) -> float:
        """Return what a tensor is multiplied by; 1 if it is no gradient."""
        if name in self.parameters:
            return self.trained
        return self.flowing if name in self.gradients else 1.0

    def without_factor(self, name: str, value: Array) -> Array:
        """Return a person's tensor as it would be by the convention of the program."""
        factor = self.factor(name)
        return value if factor == 1 else np.asarray(value / factor)


def conventions_of(
    program: Program,
    reference: Mapping[str, Array],
    mine: Mapping[str, Array],
    tolerance: Tolerance,
    rounding: Rounding,
) -> Iterator[Convention]:
    """Yield the conventions that a person's gradients may follow, the likeliest first.

    Parameters
    ----------
    program : Program
        The right program.
    reference, mine : mapping
        Its values, and the person's.
    tolerance : Tolerance
        What counts as equal.
    rounding : Rounding
        What rounding alone may come to.
    """
    parameters = frozenset(program.index.gradient_of.get(name, "") for name in program.parameters) - {""}
    factors: dict[str, float] = {}
    for name in program.shapes:
        if name in mine and name in program.gradients:
            factor = _factor(name, reference[name], mine[name], tolerance, rounding)
            if factor is not None:
                factors[name] = factor
    # One element alone is a multiple of any other: it may bear a factor out, but tells none.
    telling = {name: factor for name, factor in factors.items() if mine[name].size >= FEWEST}
    flowing = [factor for name, factor in telling.items() if name not in parameters]
    trained = {name: factor for name, factor in telling.items() if name in parameters}
    of_parameters = trained | {name: factor for name, factor in factors.items() if name in parameters}
    for by, to in _pairs(program, flowing, of_parameters if trained else {}):
        is_rate = sum(_same(one, to) for one in trained.values()) >= FEWEST or not _is_scale(to / by, program)
        words = _words(program, by, to, bool(flowing), bool(trained), is_rate)
        supported = sum(
            _bears_out(factor, to if name in parameters else by, program.batch)
            for name, factor in factors.items()
        )
        is_alone = len(parameters) == 1 and mine.keys() & program.gradients == parameters
        if words and (supported >= FEWEST or is_alone):
            yield Convention(by, to, parameters, program.gradients, words)


def _pairs(
    program: Program, flowing: Sequence[float], trained: Mapping[str, float]
) -> Iterator[tuple[float, float]]:
    """Yield the factors of what flows and of the parameters that may be meant.

    They are those of the nearest to the loss. It may be a mistake in one tensor that gives the parameters
    theirs: then another of the same layer has the one that is meant, or what flows has it.
    """
    layers = [program.statements[program.positions[name] - 1].layer for name in trained]
    nearest = [factor for factor, layer in zip(trained.values(), layers, strict=True) if layer == layers[0]]
    if flowing:
        nearest += [flowing[0], flowing[0] / _later(program)] if trained else flowing[:1]
    tried: list[float] = []
    for to in nearest:
        if not any(_same(to, other) for other in tried):
            tried.append(to)
            yield (flowing[0] if flowing else to), to


def _later(program: Program) -> float:
    """Return what flows has too much where 1/m is taken later than here, or too little if earlier."""
    return 1 / program.batch if program.summed else float(program.batch)


def _is_scale(factor: float, program: Program) -> bool:
    """Whether two definitions of a loss differ by a factor, as halves and means do, and not by any number."""
    sizes = [size for _, size in _sizes(program)]
    return any(_same(abs(factor), size * half) for size in sizes for half in (1.0, 2.0, 0.5))


def _bears_out(factor: float, convention: float, batch: int) -> bool:
    """Whether a tensor follows a convention, if need be with one common mistake beside it."""
    return any(_same(factor, convention * mistake) for mistake in (1.0, -1.0, 2.0, 0.5, batch, 1 / batch))


def _factor(name: str, right: Array, mine: Array, tolerance: Tolerance, rounding: Rounding) -> float | None:
    """Return by what a tensor is multiplied; None if it is no multiple."""
    if mine.shape != right.shape or not np.isfinite(mine).all():
        return None
    allowed = rounding.allowed(name, mine, right)
    factor = coefficient(right, mine)
    if factor is None or (np.abs(right) <= allowed).all():
        return None
    if _same(factor, 1.0):
        factor = 1.0
    return factor if agrees(mine / factor, right, tolerance, allowed) else None


def _words(program: Program, by: float, to: float, flows: bool, trains: bool, is_rate: bool) -> str:
    """Say what the factors of what flows and of the parameters mean; nothing where they are mistakes.

    `is_rate` says whether what the parameters' gradients have beside the factor of what flows may be a rate.
    """
    batch = program.batch
    later, kind = _later(program), "at the loss" if program.summed else "at the parameters"
    if flows and trains and batch > 1 and _same(by, later) and _same(to, 1.0):
        told = "m times the reference" if later > 1 else "the reference divided by m"
        return f"{told}: 1/m is taken {kind}"
    if not program.seed or program.shapes[program.seed] != () or (_same(to, by) and _same(to, 1.0)):
        return ""
    said = f"{factor_text(to, program)} the reference, as all gradients are"
    if _same(by, to):
        return f"{said}: a loss of another scale, or the step itself"
    if batch > 1 and _same(by, later * to) and not _same(by, 1.0):
        return f"{said}: a loss of another scale, and 1/m is taken {kind}"
    if not is_rate or _same(to, by * batch) or _same(to, by / batch) or not _is_scale(by, program):
        return ""
    rate = "the learning rate is in the parameters' gradients"
    if _same(by, 1.0):
        return f"{factor_text(to, program)} the reference: {rate}"
    return (
        f"{factor_text(by, program)} the reference, and {to / by:.6g} times that in the parameters: "
        f"a loss of another scale, and {rate}"
    )


def factor_text(factor: float, program: Program) -> str:
    """Write a factor with the sizes that it is made of: `-m/2 times`, or `n times`, and what n is."""
    sign, size = "-" if factor < 0 else "", abs(factor)
    for text, value in _sizes(program):
        if _same(size, value):
            meaning = " (n elements of the output)" if "n" in text else ""
            return f"{sign}{text} times{meaning}"
    return f"{sign}{size:.6g} times"


def _sizes(program: Program) -> Iterator[tuple[str, float]]:
    """Yield the factors that losses differ by: the batch m, the elements of the output n, a 2."""
    m = program.batch
    last = program.blocks[-1].tensors.get("prediction", "") if program.blocks else ""
    n = math.prod(program.shapes.get(last, ()))
    yield "1", 1.0
    for text, size in (("m", m), ("n", n)):
        if size > 1:
            yield from ((text, size), (f"{text}/2", size / 2), (f"2{text}", 2 * size))
            yield from ((f"1/{text}", 1 / size), (f"2/{text}", 2 / size))
    if 1 < m < n:
        yield from (("n/m", n / m), ("n/(2m)", n / m / 2), ("2n/m", 2 * n / m), ("m/n", m / n))


def _same(one: float, other: float) -> bool:
    return abs(one - other) <= CLOSE * max(abs(one), abs(other))
