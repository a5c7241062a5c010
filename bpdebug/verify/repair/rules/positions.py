"""What no replayed value shows: bounds of a loop, arguments of a call, positions, conditions."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from bpdebug.verify.repair.rules.nodes import parsed
from bpdebug.verify.repair.rules.replacement import Scope
from bpdebug.verify.repair.trees import Spot, replaced

Suggestion = tuple[ast.expr, str, float, ast.expr | None]
"""What might stand there, the kind of mistake, how unlikely it is, and what the sentence speaks of."""


def replacements(spot: Spot, scope: Scope) -> Iterator[Suggestion]:
    """Yield what may have been meant at a spot that no replay can judge."""
    node = spot.node
    match node:
        case ast.Call(func=ast.Name(id="range"), args=arguments):
            yield from _bounds(node, arguments)
        case ast.Call(args=arguments):
            yield from _arguments(node, arguments, scope)
        case ast.Name() | ast.Attribute() | ast.BinOp(right=ast.Constant(value=int())):
            yield from _integers(node, scope)
            if spot.rebuild(node) is node and scope.shape(node):
                yield ast.UnaryOp(ast.Invert(), node), "comparison", 1.3, None  # a mask
        case ast.Subscript(value=owner, slice=ast.Constant(value=int(place))) if scope.shape(node) == ():
            for other in (1 - place,) if place in (0, 1) else (place - 1, place + 1):
                yield ast.Subscript(owner, ast.Constant(other), ast.Load()), "another index", 1.25, None
        case ast.Compare(ops=[_]):
            yield from _comparisons(node, scope)
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int(value))):
            for other in (1 - value, -1 - value):
                yield _number(other), "another index", 1.3, None
        case ast.UnaryOp(op=ast.USub() | ast.Not(), operand=operand):
            yield operand, "sign", 1.4, None
        case ast.UnaryOp(op=ast.Invert(), operand=operand):
            yield operand, "comparison", 1.2, None


def arguments_only(spot: Spot, scope: Scope) -> Iterator[Suggestion]:
    """Yield other arguments of a call: all else there is judged by a replay."""
    if isinstance(spot.node, ast.Call):
        yield from _arguments(spot.node, spot.node.args, scope)


def _bounds(node: ast.Call, arguments: list[ast.expr]) -> Iterator[Suggestion]:
    """Go over one more or one less, or the other way round."""
    first, last = (0, 1) if len(arguments) > 1 else (None, 0)
    for place in (last, first):
        if place is None:
            continue
        for shifted in _shifted(arguments[place]):
            new = [*arguments[:place], shifted, *arguments[place + 1 :]]
            yield ast.Call(node.func, new, []), "bounds", 1.2, None
    if len(arguments) == 1:
        yield ast.Call(node.func, [ast.Constant(1), *arguments], []), "bounds", 1.5, None
    if len(arguments) == 2:
        yield ast.Call(node.func, arguments[1:], []), "bounds", 1.5, None
    yield ast.Call(ast.Name("reversed", ast.Load()), [node], []), "order", 1.3, None


def _shifted(node: ast.expr) -> Iterator[ast.expr]:
    """Yield a position one further and one before, without what cancels."""
    match node:
        case ast.Constant(value=int(value)):
            yield from (_number(value + 1), _number(value - 1))
        case ast.BinOp(left=left, op=ast.Add() | ast.Sub() as sign, right=ast.Constant(value=1)):
            other: ast.operator = ast.Add() if isinstance(sign, ast.Sub) else ast.Sub()
            yield left
            yield ast.BinOp(left, other, ast.Constant(1))
        case _:
            yield ast.BinOp(node, ast.Sub(), ast.Constant(1))
            yield ast.BinOp(node, ast.Add(), ast.Constant(1))


def _number(value: int) -> ast.expr:
    return ast.Constant(value) if value >= 0 else ast.UnaryOp(ast.USub(), ast.Constant(-value))


def _arguments(node: ast.Call, arguments: list[ast.expr], scope: Scope) -> Iterator[Suggestion]:
    """Take another item or another tensor of the same shape as an argument, or exchange two arguments."""
    for place, argument in enumerate(arguments):
        if isinstance(argument, ast.Subscript) and isinstance(argument.slice, ast.Name | ast.BinOp):
            for shifted in _shifted(argument.slice):
                item = ast.Subscript(argument.value, shifted, ast.Load())
                new = [*arguments[:place], item, *arguments[place + 1 :]]
                yield ast.Call(node.func, new, node.keywords), "another index", 1.2, argument
        shape = scope.shape(argument)
        for text, its_shape in scope.tensors.items() if shape is not None else ():
            if its_shape == shape and text != ast.unparse(argument):
                new = [*arguments[:place], parsed(text), *arguments[place + 1 :]]
                kept = ast.Call(node.func, new, node.keywords)
                yield kept, "another tensor", 1.3, argument
        for term, cost in _terms(argument, scope) if shape else ():
            new = [*arguments[:place], ast.BinOp(argument, ast.Add(), term), *arguments[place + 1 :]]
            yield ast.Call(node.func, new, node.keywords), "term missing", cost, term
    for place in range(len(arguments) - 1):
        one, other = arguments[place : place + 2]
        if not isinstance(one, ast.Constant) and not isinstance(other, ast.Constant):
            new = [*arguments[:place], other, one, *arguments[place + 2 :]]
            yield ast.Call(node.func, new, node.keywords), "arguments exchanged", 1.4, None


def _terms(argument: ast.expr, scope: Scope) -> Iterator[tuple[ast.expr, float]]:
    """Yield what may be missing beside an argument: a tensor as large, or a part of a larger one."""
    shape, own = scope.shape(argument), ast.unparse(argument)
    for text, its_shape in scope.tensors.items():
        if its_shape == shape and text != own:
            yield parsed(text), 1.5
        elif shape is not None and len(its_shape) > len(shape):
            for part in (ast.Subscript(parsed(text), one, ast.Load()) for one in scope.slices):
                if scope.shape(part) == shape and ast.unparse(part) != own:
                    yield part, 1.25


def _integers(node: ast.expr, scope: Scope) -> Iterator[Suggestion]:
    """Where an integer is read: take another, the one before or after, or multiply it."""
    text = ast.unparse(node)
    if isinstance(node, ast.BinOp) and scope.shape(node) != ():
        yield node.left, "another index", 1.3, None  # positions, one off
    if text in scope.tensors or scope.shape(node) != ():
        return
    for shifted in _shifted(node):
        yield shifted, "another index", 1.3, None
    for count in scope.counts:
        if count != text and ".shape" not in count:
            yield parsed(count), "another index", 1.5, None
            yield ast.BinOp(node, ast.Mult(), parsed(count)), "factor missing", 1.45, parsed(count)


def _comparisons(node: ast.Compare, scope: Scope) -> Iterator[Suggestion]:
    """Turn a condition round, or ask it of another tensor of that shape: a mask is of what went forward."""
    turned: dict[type[ast.cmpop], ast.cmpop] = {
        ast.Gt: ast.LtE(),
        ast.Lt: ast.GtE(),
        ast.GtE: ast.Lt(),
        ast.LtE: ast.Gt(),
        ast.Eq: ast.NotEq(),
        ast.NotEq: ast.Eq(),
    }
    other = turned.get(type(node.ops[0]))
    if other is not None:
        yield ast.Compare(node.left, [other], node.comparators), "comparison", 1.4, None
    shape = scope.shape(node.left)
    for text, its_shape in scope.tensors.items() if shape else ():
        if its_shape == shape and text != ast.unparse(node.left):
            yield replaced(node, left=parsed(text)), "another tensor", 1.25, node.left
            yield parsed(text), "another tensor", 1.3, node  # where it is a mask
