"""What a rule knows of the place in the code, and what it suggests."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import NamedTuple

from bpdebug.engine.language.forms import Shape


class Scope(NamedTuple):
    """What can be written at a place in the code.

    Attributes
    ----------
    tensors : mapping
        How a tensor can be written there -> its shape; a number has the shape ().
    counts : tuple of str
        How integers can be written that may be a number of examples: `m`, `x.shape[0]`.
    functions : tuple of str
        The person's own functions of one argument: `relu_prime`, `self.d_sigmoid`.
    slices : tuple of ast.expr
        The subscripts that the code around is written with.
    library : str
        What NumPy is called there, or torch where the tensors are its.
    sum_options : pair of str
        What the options of a sum are called: its axis, and whether it is kept.
    beside : tuple of ast.expr
        What the lines are written with that do the same for another layer, renumbered for this one.
    stored : tuple of int or None
        The shape of what the value is added to or stored in, or that its name says; None where nothing does.
    leaks : tuple of float
        The slopes on the other side that the code knows of an activation: 0.01 of a leaky one.
    shape : callable
        (expression) -> the shape of its value there; None where it has none.
    masks : tuple of str
        Those of the tensors that are of true and false.
    sums_by_method : bool
        Whether the code writes `x.sum()`, and not `np.sum(x)`.
    rates : tuple of str
        How the script's own rates and constants can be written: `lam`, `self.decay`.
    divisors : frozenset of str
        What the code around divides by: what is missing may be one of these.
    divisors_forward : tuple of str
        What the forward pass divides by: what goes back through that is divided by the same.
    borders : mapping
        How widths can be written by which something is padded -> their values: `pad`, `self.p`.
    flat : frozenset of str
        Those of the tensors that are one number throughout, whatever the parameters are: nothing tells them
        from that number.
    """

    tensors: Mapping[str, Shape]
    counts: tuple[str, ...]
    functions: tuple[str, ...]
    slices: tuple[ast.expr, ...]
    library: str
    sum_options: tuple[str, str]
    beside: tuple[ast.expr, ...]
    stored: Shape | None
    leaks: tuple[float, ...]
    shape: Callable[[ast.expr], Shape | None]
    masks: tuple[str, ...] = ()
    sums_by_method: bool = False
    rates: tuple[str, ...] = ()
    divisors: frozenset[str] = frozenset()
    divisors_forward: tuple[str, ...] = ()
    borders: Mapping[str, int] = MappingProxyType({})
    flat: frozenset[str] = frozenset()


class Replacement(NamedTuple):
    """What may have been meant at a node.

    Attributes
    ----------
    kind : str
        The kind of mistake, a key of the table of sentences.
    new : ast.expr
        What takes the node's place.
    cost : float
        How unlikely it is.
    part : ast.expr or None
        What the sentence speaks of: the factor that is missing, say.
    """

    kind: str
    new: ast.expr
    cost: float
    part: ast.expr | None = None


Rule = Callable[[ast.expr, Scope], Iterator[Replacement]]
