"""What is not there, and should be: a factor, a term, a sum, a sign, the derivative of an activation."""

from __future__ import annotations

import ast
import itertools
import re
from collections.abc import Iterator

from bpdebug.engine.language.forms import Shape
from bpdebug.verify.repair.rules.nodes import (
    PRODUCTS,
    REDUCED,
    SUMS,
    call,
    called,
    fitting,
    may_be_tensor,
    misfit,
    parsed,
    rank,
)
from bpdebug.verify.repair.rules.replacement import Replacement, Rule, Scope

MOST_MATRICES, MOST_COUNTS = 12, 4
DIVIDED = 1.45
"""How unlikely it is that a number that the code divides by elsewhere is to be divided by here as well."""
DERIVATIVES = ("{0} * (1 - {0})", "1 - {0} ** 2", "{0} > 0")
"""The derivatives that people write out, in terms of what went out: of sigmoid, tanh and relu."""
SOFTPLUS = "1 / (1 + {}.exp(-{{0}}))"
"""That of a softplus, of what went in."""
GOES_BACK = re.compile(r"back|grad", re.IGNORECASE)
"""What a function is called that takes a gradient back."""
LEAKY = "{}.where({{0}} > 0, 1, {})"
"""That of a leaky relu."""


def missing_signs(node: ast.expr, scope: Scope) -> Iterator[Replacement]:
    """Add a minus."""
    if may_be_tensor(node, scope):
        yield Replacement("sign", ast.UnaryOp(ast.USub(), node), 1.2, node)


def missing_sums(node: ast.expr, scope: Scope) -> Iterator[Replacement]:
    """Add a sum."""
    if may_be_tensor(node, scope) and rank(node, scope) != 0:
        for axis, kept in REDUCED:
            new = call(scope, "sum", node, axis=axis, kept=kept)
            yield Replacement("sum missing", new, 1.4 + misfit(new, scope), node)


def missing_derivatives(node: ast.expr, scope: Scope) -> Iterator[Replacement]:
    """Multiply by the derivative of an activation: by a function of the person's, or written out."""
    if not may_be_tensor(node, scope):
        return
    if isinstance(node, ast.Call) or (isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div)):
        text = ast.unparse(node)
        for form in DERIVATIVES[:2]:  # `sigmoid(z) * (1 - sigmoid(z))` for `sigmoid(z)`
            yield Replacement("derivative of its own", parsed(form.format(f"({text})")), 1.25, node)
    for tensor in fitting(node, scope):
        for function in scope.functions:
            factor: ast.expr = ast.Call(parsed(function), [parsed(tensor)], [])
            yield Replacement("derivative missing", ast.BinOp(node, ast.Mult(), factor), 1.25, factor)
        for form in (
            *DERIVATIVES,
            SOFTPLUS.format(scope.library),
            *(LEAKY.format(scope.library, leak) for leak in scope.leaks),
        ):
            factor = parsed(form.format(tensor))
            yield Replacement("derivative missing", ast.BinOp(node, ast.Mult(), factor), 1.3, factor)


def derivatives_of_applied(node: ast.expr, scope: Scope) -> Iterator[Replacement]:
    """Multiply by the derivative of an activation, which is applied to the gradient itself: `relu(dh)`."""
    if not isinstance(node, ast.Call) or called(node) in (*SUMS, *PRODUCTS):
        return
    if GOES_BACK.search(called(node)):
        return  # the derivative belongs into it
    tensors = [one for one in node.args if may_be_tensor(one, scope) and scope.shape(one)]
    if len(tensors) != 1 or scope.shape(tensors[0]) != scope.shape(node):
        return
    for tensor in fitting(node, scope):
        own = [ast.Call(parsed(function), [parsed(tensor)], []) for function in scope.functions]
        for factor in (*own, *(parsed(form.format(tensor)) for form in DERIVATIVES)):
            product = ast.BinOp(tensors[0], ast.Mult(), factor)
            yield Replacement("derivative of what is applied", product, 1.35, node.func)


def missing_masks(node: ast.expr, scope: Scope) -> Iterator[Replacement]:
    """Keep what a mask is true of, or what it is not."""
    if isinstance(node, ast.Compare) or not may_be_tensor(node, scope):
        return
    for mask in scope.masks:
        kept = parsed(mask)
        if scope.shape(kept) == scope.shape(node):
            for factor in (kept, ast.UnaryOp(ast.Invert(), kept)):
                yield Replacement("mask missing", ast.BinOp(node, ast.Mult(), factor), 1.2, factor)


def other_derivatives(node: ast.expr, scope: Scope) -> Iterator[Replacement]:
    """Take the derivative of another activation, or at another tensor."""
    if not isinstance(node, ast.BinOp | ast.Call | ast.Compare):
        return
    # Whoever has a function for it does not write it out.
    calls_own = any(
        ast.unparse(one.func) in scope.functions for one in ast.walk(node) if isinstance(one, ast.Call)
    )
    names = {ast.unparse(one) for one in ast.walk(node) if isinstance(one, ast.Name | ast.Attribute)}
    for tensor in fitting(node, scope):
        nearness = 0.0 if tensor in names else 0.15
        for form in DERIVATIVES:
            cost = 1.45 + nearness + 0.4 * calls_own
            yield Replacement("another derivative", parsed(form.format(tensor)), cost, node)
        for function in scope.functions:
            call = ast.Call(parsed(function), [parsed(tensor)], [])
            yield Replacement("another derivative", call, 1.4 + nearness, node)


def missing_factors(node: ast.expr, scope: Scope) -> Iterator[Replacement]:
    """Multiply or divide by a tensor, or by an integer that may count the examples."""
    if not may_be_tensor(node, scope):
        return
    for tensor in fitting(node, scope, numbers_too=True):
        factor = parsed(tensor)
        yield Replacement("factor missing", ast.BinOp(node, ast.Mult(), factor), 1.5, factor)
        if tensor != ast.unparse(node):
            is_usual = tensor in scope.divisors and not scope.tensors[tensor]
            cost = DIVIDED if is_usual else 1.9
            yield Replacement("division missing", ast.BinOp(node, ast.Div(), factor), cost, factor)
        rest = parsed(f"1 - {tensor}")
        yield Replacement("factor missing", ast.BinOp(node, ast.Mult(), rest), 1.55, rest)
    for count in scope.counts:
        factor = parsed(count)
        further = 0.2 * ("shape" in count)
        cost = DIVIDED if count in scope.divisors else 1.6 + further
        yield Replacement("division missing", ast.BinOp(node, ast.Div(), factor), cost, factor)
        yield Replacement("factor missing", ast.BinOp(node, ast.Mult(), factor), 1.7 + further, factor)
    for number in (2, 0.5):
        factor = ast.Constant(number)
        yield Replacement("factor missing", ast.BinOp(factor, ast.Mult(), node), 1.6, factor)


def missing_extents(node: ast.expr, scope: Scope) -> Iterator[Replacement]:
    """Multiply what is too small by what makes it as large as it should be: a vector, a matrix."""
    wanted = scope.stored
    if wanted is None or not may_be_tensor(node, scope) or scope.shape(node) == wanted:
        return
    for tensor in (text for text, shape in scope.tensors.items() if shape):
        factor = parsed(tensor)
        forms: list[ast.expr] = [ast.BinOp(node, ast.Mult(), factor)]
        if scope.shape(node):
            turned = [ast.Attribute(one, "T", ast.Load()) for one in (node, factor)]
            forms += [
                ast.BinOp(one, ast.MatMult(), other)
                for one, other in (
                    (node, factor),
                    (factor, node),
                    (turned[0], factor),
                    (factor, turned[0]),
                    (node, turned[1]),
                    (turned[1], node),
                )
            ]
            forms += [call(scope, "outer", node, factor), call(scope, "outer", factor, node)]
        for form in forms:
            if scope.shape(form) == wanted:
                yield Replacement("factor missing", form, 1.45, factor)


def missing_products(node: ast.expr, scope: Scope) -> Iterator[Replacement]:
    """Multiply by a matrix product of two tensors: by the gradient of what comes after, taken back."""
    shape = scope.shape(node) or scope.stored
    if may_be_tensor(node, scope):
        for product in _products(shape, scope):
            yield Replacement("factor missing", ast.BinOp(product, ast.Mult(), node), 1.75, product)


def missing_ways(node: ast.expr, scope: Scope) -> Iterator[Replacement]:
    """Add another product to one: what is read twice has a gradient by both ways."""
    is_product = isinstance(node, ast.BinOp) and isinstance(node.op, ast.MatMult)
    if is_product or (isinstance(node, ast.Call) and called(node) in PRODUCTS):
        for product in _products(scope.shape(node), scope):
            yield Replacement("term missing", ast.BinOp(node, ast.Add(), product), 1.7, product)


def _products(shape: Shape | None, scope: Scope) -> Iterator[ast.expr]:
    """Yield the matrix products of two tensors that have a shape."""
    matrices = [(text, own) for text, own in scope.tensors.items() if len(own) == 2 and text[-2:] != ".T"]
    for left, right in itertools.permutations(matrices[:MOST_MATRICES], 2) if shape is not None else ():
        for first, turned in itertools.product((False, True), repeat=2):
            rows, inner = left[1][::-1] if first else left[1]
            other, columns = right[1][::-1] if turned else right[1]
            if inner == other and (rows, columns) == shape:
                yield parsed(f"{left[0]}{'.T' * first} @ {right[0]}{'.T' * turned}")


def missing_terms(node: ast.expr, scope: Scope) -> Iterator[Replacement]:
    """Add a tensor, or subtract it."""
    if not may_be_tensor(node, scope):
        return
    for tensor in fitting(node, scope):
        term = parsed(tensor)
        yield Replacement("term missing", ast.BinOp(node, ast.Add(), term), 1.5, term)
        yield Replacement("term missing", ast.BinOp(node, ast.Sub(), term), 1.8, term)


def missing_penalties(node: ast.expr, scope: Scope) -> Iterator[Replacement]:
    """Add so much of a tensor as a rate says: what a penalty on it, or a decay, adds to a gradient."""
    shape = scope.shape(node)
    if not shape or not may_be_tensor(node, scope):
        return
    written = ast.unparse(node)
    for rate in scope.rates:
        forms = [rate, f"2 * {rate}", *(f"{rate} / {count}" for count in scope.counts[:MOST_COUNTS])]
        for tensor in (text for text, own in scope.tensors.items() if own == shape and text not in written):
            for part, further in ((tensor, 0.0), (f"{scope.library}.sign({tensor})", 0.1)):
                for place, form in enumerate(forms):
                    term = parsed(f"{form} * {part}")
                    cost = 1.45 + further + 0.01 * place
                    yield Replacement("term missing", ast.BinOp(node, ast.Add(), term), cost, term)
                    yield Replacement("term missing", ast.BinOp(node, ast.Sub(), term), cost + 0.3, term)


RULES: tuple[Rule, ...] = (
    missing_signs,
    missing_sums,
    missing_derivatives,
    derivatives_of_applied,
    missing_masks,
    other_derivatives,
    missing_factors,
    missing_extents,
    missing_products,
    missing_ways,
    missing_terms,
    missing_penalties,
)
