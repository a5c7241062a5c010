"""The kinds of mistake: how each is made in a right text.

A kind is a function from a text and a node of it to the texts that could stand there instead. It need not
know whether a text is wrong: the oracle says that.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator

from tests.scripts.source import LOSS, RATE, SLOPE, Edit, Text, names

Kind = Callable[[Text, ast.AST], Iterator[Edit]]

MULTIPLIED = {ast.Mult: "*", ast.Div: "/"}
ADDED = {ast.Add: "+", ast.Sub: "-"}
UFUNCS = {ast.Mult: "multiply", ast.Add: "add", ast.Sub: "subtract", ast.Div: "divide"}
PRODUCTS = {"dot", "matmul", "outer", "multiply"}
COUNT = re.compile(
    r"((1|1\.|1\.0) / )?"
    r"([mnND]|self\.batch_size|batch_size|num_examples|tokens|len\(\w+\)|\d|[\w.]+\.(size|shape\[\d\]))"
)
AXES = {"0": ("1",), "1": ("0",), "-1": ("0",), "(0, 2, 3)": ("(0, 1, 3)",), "(2, 3)": ("(1, 2)",)}
CONTAINERS = {"range", "zip", "len", "list", "reversed", "enumerate", "isinstance", "print", "sorted"}
REDUCTIONS = {"sum", "mean", "max", "var"}
MASK = re.compile(r"mask|[<>]=? ?0|positive")


def called(text: Text, node: ast.AST) -> str:
    """The last name of what is called: `sum` of `np.sum(x)` and of `x.sum()`."""
    return text.of(node.func).split(".")[-1] if isinstance(node, ast.Call) else ""


def is_method(node: ast.Call) -> bool:
    """Whether the tensor stands before the dot: `x.sum()`, not `np.sum(x)`."""
    return isinstance(node.func, ast.Attribute) and not (
        isinstance(node.func.value, ast.Name) and node.func.value.id in {"np", "math"}
    )


def reduced(node: ast.Call) -> ast.expr:
    """What a sum or mean is taken of."""
    return node.func.value if is_method(node) else node.args[0]  # type: ignore[attr-defined]


def axis_of(node: ast.Call) -> ast.expr | None:
    """The axis of a sum or mean."""
    for keyword in node.keywords:
        if keyword.arg == "axis":
            return keyword.value
    rest = node.args if is_method(node) else node.args[1:]
    return rest[0] if rest else None


def transpose_lost(text: Text, node: ast.AST) -> Iterator[Edit]:
    if isinstance(node, ast.Attribute) and node.attr == "T":
        yield text.replaced(node, text.of(node.value))


def transpose_added(text: Text, node: ast.AST) -> Iterator[Edit]:
    pair: list[ast.expr] = []
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.MatMult):
        pair = [node.left, node.right]
    elif isinstance(node, ast.Call) and called(text, node) in {"dot", "matmul"}:
        pair = [*node.args, *([node.func.value] if is_method(node) else [])]  # type: ignore[attr-defined]
    for operand in pair:
        if isinstance(operand, ast.Name | ast.Attribute | ast.Subscript) and not text.of(operand).endswith(
            ".T"
        ):
            yield text.replaced(operand, f"{text.of(operand)}.T")


def products(text: Text, node: ast.AST) -> Iterator[tuple[ast.BinOp, ast.expr, ast.expr]]:
    """Each product with the factor that may go and the factor that stays."""
    if isinstance(node, ast.BinOp) and type(node.op) in MULTIPLIED and not text.in_index(node):
        yield node, node.right, node.left
        chain = isinstance(node.left, ast.BinOp) and isinstance(node.left.op, ast.Mult)
        if isinstance(node.op, ast.Mult) and not chain:
            yield node, node.left, node.right


def factor_missing(text: Text, node: ast.AST) -> Iterator[Edit]:
    for product, gone, stays in products(text, node):
        words = text.of(gone)
        if not (
            SLOPE.search(words)
            or COUNT.fullmatch(words)
            or MASK.search(words)
            or in_slope(text, node)
            or text.is_update(node)
        ):
            yield text.replaced(product, text.instead(stays, product))


def slope_missing(text: Text, node: ast.AST) -> Iterator[Edit]:
    for product, gone, stays in products(text, node):
        if SLOPE.search(text.of(gone)) and not MASK.search(text.of(gone)):
            yield text.replaced(product, text.instead(stays, product))


def count_missing(text: Text, node: ast.AST) -> Iterator[Edit]:
    for product, gone, stays in products(text, node):
        if COUNT.fullmatch(text.of(gone)) and not SLOPE.search(text.of(gone)) and not text.is_update(node):
            yield text.replaced(product, text.instead(stays, product))
    if isinstance(node, ast.AugAssign) and isinstance(node.op, ast.Div):
        yield text.blanked(node)


def mask_missing(text: Text, node: ast.AST) -> Iterator[Edit]:
    for product, gone, stays in products(text, node):
        if MASK.search(text.of(gone)):
            yield text.replaced(product, text.instead(stays, product))
    if isinstance(node, ast.Assign) and MASK.search(text.of(node.targets[0])):
        yield text.blanked(node)


def mask_not_scaled(text: Text, node: ast.AST) -> Iterator[Edit]:
    for product, gone, stays in products(text, node):
        if re.search("keep_prob|advantage", text.of(gone)):
            yield text.replaced(product, text.instead(stays, product))
    if isinstance(node, ast.AugAssign) and isinstance(node.op, ast.Mult):
        yield text.blanked(node)


def factor_doubled(text: Text, node: ast.AST) -> Iterator[Edit]:
    if text.is_update(node):
        return
    for product, twice, _ in products(text, node):
        if not SLOPE.search(text.of(twice)):
            sign = MULTIPLIED[type(product.op)]
            yield text.replaced(product, f"{text.of(product)} {sign} {text.operand(twice, 3)}")


def slope_applied_twice(text: Text, node: ast.AST) -> Iterator[Edit]:
    for product, twice, _ in products(text, node):
        if SLOPE.search(text.of(twice)):
            yield text.replaced(product, f"{text.of(product)} * {text.operand(twice, 3)}")


def slope_of_another_form(text: Text, node: ast.AST) -> Iterator[Edit]:
    if not (
        isinstance(node, ast.BinOp) and isinstance(node.op, ast.Sub) and text.of(node.left) in {"1", "1.0"}
    ):
        return
    right = node.right
    if isinstance(right, ast.BinOp) and isinstance(right.op, ast.Pow | ast.Mult):
        yield text.replaced(node, f"{text.of(node.left)} - {text.operand(right.left, 2)}")
    else:
        yield text.replaced(node, f"{text.of(node.left)} - {text.operand(right)} ** 2")


def others(text: Text, node: ast.AST) -> list[str]:
    """What else of the same sort the function is written with: names, attributes of self, keys."""
    inside = [other for other in ast.walk(text.scope(node)) if text.parents.get(other) is not None]
    functions = {id(call.func) for call in inside if isinstance(call, ast.Call)}
    if isinstance(node, ast.Name):
        found = [o for o in inside if isinstance(o, ast.Name) and isinstance(o.ctx, ast.Load)]
        found = [o for o in found if id(o) not in functions and o.id not in {"np", "math", "self", "range"}]
    elif isinstance(node, ast.Attribute):
        found = [
            o for o in inside if isinstance(o, ast.Attribute) and id(o) not in functions and o.attr != "T"
        ]
        found = [o for o in found if text.of(o.value) == text.of(node.value)]
    elif isinstance(node, ast.Subscript):
        found = [
            o for o in inside if isinstance(o, ast.Subscript) and text.of(o.value) == text.of(node.value)
        ]
    else:
        found = []
    found = [o for o in found if is_tensor(text, o)]
    return sorted({text.of(other) for other in found} - {text.of(node)})


def is_tensor(text: Text, node: ast.AST) -> bool:
    """Whether a node may be a tensor that is read: a name, an attribute, an entry under a constant key."""
    if not isinstance(getattr(node, "ctx", None), ast.Load) or text.in_index(node):
        return False
    words, parent = text.of(node), text.parents[node]
    if words in text.sizes | {"np", "self", "math"} or RATE.fullmatch(words) or LOSS.fullmatch(words):
        return False
    if isinstance(parent, ast.Attribute | ast.Subscript) and node is parent.value:
        return isinstance(parent, ast.Attribute) and parent.attr == "T"
    if isinstance(parent, ast.Call):
        if node is parent.func or (isinstance(parent.func, ast.Name) and parent.func.id in CONTAINERS):
            return False
    elif not isinstance(
        parent, ast.BinOp | ast.UnaryOp | ast.Assign | ast.AugAssign | ast.Attribute | ast.Compare
    ):
        return False
    if isinstance(node, ast.Subscript):
        return isinstance(node.slice, ast.Constant | ast.BinOp | ast.Name)
    return isinstance(node, ast.Name) or (
        isinstance(node, ast.Attribute) and node.attr not in {"T", "size", "shape"}
    )


def in_slope(text: Text, node: ast.AST) -> bool:
    """Whether a node stands in the derivative of an activation."""
    return any(
        SLOPE.match(text.of(around))
        or (isinstance(around, ast.Call) and SLOPE.search(text.of(around.func) + "("))
        for around in text.ancestors(node)
        if isinstance(around, ast.expr)
    )


def another_tensor(text: Text, node: ast.AST) -> Iterator[Edit]:
    if is_tensor(text, node) and not in_slope(text, node) and not text.is_update(node):
        for other in others(text, node):
            yield text.replaced(node, other)  # type: ignore[arg-type]


def slope_at_another_tensor(text: Text, node: ast.AST) -> Iterator[Edit]:
    if is_tensor(text, node) and in_slope(text, node):
        for other in others(text, node):
            yield text.replaced(node, other)  # type: ignore[arg-type]


def gradient_of_another(text: Text, node: ast.AST) -> Iterator[Edit]:
    if text.is_update(node) and is_tensor(text, node):
        statement = text.statement(node)
        target = (
            statement.targets[0] if isinstance(statement, ast.Assign) else getattr(statement, "target", node)
        )
        if text.of(node) not in text.of(target):
            for other in others(text, node):
                yield text.replaced(node, other)  # type: ignore[arg-type]
    nested = isinstance(text.parents.get(node), ast.Tuple | ast.List | ast.Subscript)
    if isinstance(node, ast.Tuple | ast.List) and isinstance(node.ctx, ast.Load) and not nested:
        parts = [text.of(part) for part in node.elts]
        for i in range(len(parts) - 1):
            swapped = ", ".join([*parts[:i], parts[i + 1], parts[i], *parts[i + 2 :]])
            enclosed = text.of(node)[0] in "([" and text.of(node)[-1] in ")]"
            yield text.replaced(
                node, f"{text.of(node)[0]}{swapped}{text.of(node)[-1]}" if enclosed else swapped
            )


def operands_exchanged(text: Text, node: ast.AST) -> Iterator[Edit]:
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.MatMult):
        yield text.replaced(node, f"{text.operand(node.right, 2)} @ {text.operand(node.left, 3)}")
    elif isinstance(node, ast.Call) and called(text, node) in PRODUCTS:
        if is_method(node) and len(node.args) == 1:
            first = text.operand(node.func.value)  # type: ignore[attr-defined]
            yield text.replaced(node, f"{text.operand(node.args[0])}.dot({first})")
        elif len(node.args) == 2:
            yield text.replaced(
                node, f"{text.of(node.func)}({text.of(node.args[1])}, {text.of(node.args[0])})"
            )
    elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Sub) and not text.is_update(node):
        yield text.replaced(node, f"{text.operand(node.right, 1)} - {text.operand(node.left, 2)}")


def off_by_one(text: Text, node: ast.AST) -> Iterator[Edit]:
    if not isinstance(node, ast.Subscript):
        return
    for place in ast.walk(node.slice):
        if isinstance(text.parents[place], ast.BinOp | ast.UnaryOp | ast.keyword | ast.Compare):
            continue
        if isinstance(place, ast.Slice | ast.Compare):
            continue
        if isinstance(place, ast.BinOp) and isinstance(place.op, ast.Add | ast.Sub):
            if not isinstance(place.left, ast.Constant):
                yield text.replaced(place, text.of(place.left))
        elif isinstance(place, ast.Name) and len(place.id) == 1:
            yield text.replaced(place, f"{place.id} - 1")
            yield text.replaced(place, f"{place.id} + 1")
        elif isinstance(place, ast.UnaryOp) and text.of(place) == "-1":
            yield text.replaced(place, "-2")
        elif isinstance(place, ast.Constant) and type(place.value) is int:
            yield text.replaced(place, str(place.value + 1))


def wrong_axis(text: Text, node: ast.AST) -> Iterator[Edit]:
    if (
        isinstance(node, ast.Call)
        and called(text, node) in REDUCTIONS
        and (axis := axis_of(node)) is not None
    ):
        for value in AXES.get(text.of(axis), ()):
            yield text.replaced(axis, value)


def sum_missing(text: Text, node: ast.AST) -> Iterator[Edit]:
    if called(text, node) == "sum" and isinstance(node, ast.Call) and (is_method(node) or node.args):
        yield text.replaced(node, text.instead(reduced(node), node))


def mean_for_sum(text: Text, node: ast.AST) -> Iterator[Edit]:
    if called(text, node) == "sum" and isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        yield text.replaced(node.func, f"{text.of(node.func.value)}.mean")


def sum_for_mean(text: Text, node: ast.AST) -> Iterator[Edit]:
    if called(text, node) == "mean" and isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        yield text.replaced(node.func, f"{text.of(node.func.value)}.sum")
    for product, gone, stays in products(text, node):
        if "sum(" in text.of(stays) and COUNT.fullmatch(text.of(gone)):
            yield text.replaced(product, text.instead(stays, product))


def keepdims_lost(text: Text, node: ast.AST) -> Iterator[Edit]:
    if isinstance(node, ast.Call) and "keepdims=True" in text.of(node).replace(" ", ""):
        yield text.replaced(node, re.sub(r",\s*keepdims\s*=\s*True", "", text.of(node)))


def one_example_for_sum(text: Text, node: ast.AST) -> Iterator[Edit]:
    if called(text, node) != "sum" or not isinstance(node, ast.Call) or (axis := axis_of(node)) is None:
        return
    keeps = "keepdims" in text.of(node)
    places = {"0": "[:1]" if keeps else "[0]", "1": "[:, :1]" if keeps else "[:, 0]"}
    if place := places.get(text.of(axis)):
        yield text.replaced(node, f"{text.operand(reduced(node))}{place}")


def wrong_sign(text: Text, node: ast.AST) -> Iterator[Edit]:
    if isinstance(node, ast.BinOp) and type(node.op) in ADDED and not text.in_index(node):
        sign = "-" if isinstance(node.op, ast.Add) else "+"
        yield text.replaced(node, f"{text.of(node.left)} {sign} {text.operand(node.right, 2)}")
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub) and not text.in_index(node):
        yield text.replaced(node, text.instead(node.operand, node))
    elif isinstance(node, ast.AugAssign) and type(node.op) in ADDED:
        sign = "-" if isinstance(node.op, ast.Add) else "+"
        yield text.replaced(node, f"{text.of(node.target)} {sign}= {text.of(node.value)}")


def wrong_constant(text: Text, node: ast.AST) -> Iterator[Edit]:
    parent = text.parents.get(node)
    if not (
        isinstance(node, ast.Constant) and type(node.value) in (int, float) and isinstance(parent, ast.BinOp)
    ):
        return
    if text.is_update(node) or text.in_index(node):
        return
    for value in {1: ("2",), 2: ("1", "3"), 0.5: ("1", "0.25")}.get(node.value, (repr(node.value * 2),)):
        yield text.replaced(node, value)


def is_sum(text: Text, node: ast.AST) -> bool:
    """Whether a node adds up or subtracts tensors."""
    if not isinstance(node, ast.BinOp) or type(node.op) not in ADDED:
        return False
    loop = isinstance(text.statement(node), ast.For)
    return not (loop or SLOPE.match(text.of(node)) or text.is_update(node) or text.in_index(node))


def last_term_missing(text: Text, node: ast.AST) -> Iterator[Edit]:
    if isinstance(node, ast.BinOp) and is_sum(text, node):
        yield text.replaced(node, text.instead(node.left, node))


def term_missing(text: Text, node: ast.AST) -> Iterator[Edit]:
    yield from last_term_missing(text, node)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add) and is_sum(text, node):
        yield text.replaced(node, text.instead(node.right, node))
    if isinstance(node, ast.AugAssign) and isinstance(node.op, ast.Add) and not text.is_update(node):
        yield text.blanked(node)


def assigned_not_added(text: Text, node: ast.AST) -> Iterator[Edit]:
    if isinstance(node, ast.AugAssign) and isinstance(node.op, ast.Add) and not text.is_update(node):
        yield text.replaced(node, f"{text.of(node.target)} = {text.of(node.value)}")


def added_not_assigned(text: Text, node: ast.AST) -> Iterator[Edit]:
    if (
        isinstance(node, ast.Assign)
        and not isinstance(node.targets[0], ast.Tuple)
        and not text.is_update(node)
    ):
        yield text.replaced(node, f"{text.of(node.targets[0])} += {text.of(node.value)}")


def stored(node: ast.AST) -> set[str]:
    """The names that a statement writes to, or to a part of."""
    targets = [getattr(part, "targets", [getattr(part, "target", None)]) for part in ast.walk(node)]
    return {name for target in targets for place in target if place is not None for name in names(place)}


def updated_too_early(text: Text, node: ast.AST) -> Iterator[Edit]:
    if isinstance(node, ast.Assign | ast.AugAssign) and text.is_update(node):
        block = text.block(node)
        needed = names(node.value) - names(
            node.target if isinstance(node, ast.AugAssign) else node.targets[0]
        )
        for before in reversed(block[: block.index(node)]):
            if isinstance(before, ast.For) or stored(before) & needed:
                return
            if not text.is_update(before):
                yield text.moved(node, before)


def return_inside_loop(text: Text, node: ast.AST) -> Iterator[Edit]:
    if not isinstance(node, ast.Return) or node.lineno != node.end_lineno:
        return
    block = text.block(node)
    before = block[block.index(node) - 1]
    if isinstance(before, ast.For) and before is not node:
        edit = text.replaced(node, f"    {text.of(node)}")
        yield Edit(edit.source, (*edit.lines, before.lineno))


def not_handed_on(text: Text, node: ast.AST) -> Iterator[Edit]:
    """A state of the loop that is set, but under another name."""
    if not (isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)) or text.is_update(node):
        return
    loop = text.parents[node]
    name = node.targets[0].id
    if not isinstance(loop, ast.For):
        return
    reads = [
        n for n in ast.walk(loop) if isinstance(n, ast.Name) and n.id == name and isinstance(n.ctx, ast.Load)
    ]
    if any(read.lineno <= node.lineno for read in reads):
        edit = text.replaced(node.targets[0], f"{name}_new")
        yield Edit(edit.source, (*edit.lines, *(read.lineno for read in reads)))


def buffer_overwritten(text: Text, node: ast.AST) -> Iterator[Edit]:
    if isinstance(node, ast.Call) and called(text, node) in {"copy", "array"} and "copy" in text.of(node):
        yield text.replaced(node, text.of(reduced(node)))
    whole = isinstance(text.parents.get(node), ast.Assign | ast.Return) and not text.is_update(node)
    if (
        isinstance(node, ast.BinOp)
        and type(node.op) in UFUNCS
        and whole
        and "import numpy as np" in text.source
    ):
        left, right = text.of(node.left), text.of(node.right)
        for out in (node.left, node.right):
            if is_tensor(text, out):
                yield text.replaced(node, f"np.{UFUNCS[type(node.op)]}({left}, {right}, out={text.of(out)})")


def activation_forgotten(text: Text, node: ast.AST) -> Iterator[Edit]:
    if (
        isinstance(node, ast.Call)
        and len(node.args) == 1
        and called(text, node) in {"tanh", "sigmoid", "sig", "relu", "elu"}
    ):
        yield text.replaced(node, text.instead(node.args[0], node))


def eps_outside_root(text: Text, node: ast.AST) -> Iterator[Edit]:
    if called(text, node) == "sqrt" and isinstance(node, ast.Call) and isinstance(node.args[0], ast.BinOp):
        inner = node.args[0]
        if "eps" in text.of(inner.right) or "tiny" in text.of(inner.right):
            yield text.replaced(
                node, f"({text.of(node.func)}({text.of(inner.left)}) + {text.of(inner.right)})"
            )


def not_of_the_loss(kind: Kind) -> Kind:
    """The same mistake, but not in a line that only says what the loss is."""

    def elsewhere(text: Text, node: ast.AST) -> Iterator[Edit]:
        words = text.of(text.statement(node)).split("\n")[0]
        if (
            isinstance(node, ast.expr)
            and not LOSS.search(words.split("=")[0])
            and not words.startswith("return")
        ):
            yield from kind(text, node)

    return elsewhere


BACKWARD: dict[str, Kind] = {
    "transpose lost": transpose_lost,
    "transpose added": transpose_added,
    "factor missing": factor_missing,
    "factor doubled": factor_doubled,
    "term missing": term_missing,
    "derivative missing": slope_missing,
    "derivative of another form": slope_of_another_form,
    "derivative applied twice": slope_applied_twice,
    "derivative at another tensor": slope_at_another_tensor,
    "operands exchanged": operands_exchanged,
    "another tensor": another_tensor,
    "index off by one": off_by_one,
    "wrong axis": wrong_axis,
    "sum missing": sum_missing,
    "mean for sum": mean_for_sum,
    "sum for mean": sum_for_mean,
    "keepdims lost": keepdims_lost,
    "one example for the sum": one_example_for_sum,
    "wrong sign": wrong_sign,
    "wrong constant": wrong_constant,
    "assigned, not added": assigned_not_added,
    "added, not assigned": added_not_assigned,
    "mask missing": mask_missing,
    "mask not scaled": mask_not_scaled,
    "updated too early": updated_too_early,
    "gradient of another parameter": gradient_of_another,
    "return inside the loop": return_inside_loop,
    "carried gradient not handed on": not_handed_on,
    "1/m forgotten": count_missing,
    "buffer overwritten": buffer_overwritten,
}
"""Mistakes that leave the loss as it is."""

FORWARD: dict[str, Kind] = {
    "forward: wrong axis": not_of_the_loss(wrong_axis),
    "forward: gate forgotten": not_of_the_loss(factor_missing),
    "forward: bias forgotten": not_of_the_loss(last_term_missing),
    "forward: activation forgotten": not_of_the_loss(activation_forgotten),
    "forward: eps outside the root": not_of_the_loss(eps_outside_root),
}
"""Mistakes that change the loss, and that the backward pass does not share."""

KINDS = {**BACKWARD, **FORWARD}
