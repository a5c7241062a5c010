"""Hooks within expressions: what they compute, what they call, and the values that statements keep."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

from bpdebug.sources.script.instrumentation.operators import BINARY, OPERATORS, UNARY, hook_of
from bpdebug.sources.script.sites import InstrumentedFile, Site, SourceRange, Target

ATTRIBUTES = frozenset({"T", "mT", "real", "imag", "flat"})
"""The attributes of an array that are another array."""
UNSEEN_CALLS = frozenset({"super", "len", "range", "isinstance", "str", "repr", "locals", "globals"})
"""Builtins that no gradient passes; a function of the person's with such a name needs no hook either."""
KEEPS_VALUES = frozenset({"append", "appendleft", "insert"})
"""Methods that put their last argument into a container."""


class Expressions(ast.NodeTransformer):
    """Puts hooks into expressions; what statements add is in `Statements`."""

    def __init__(self, source: InstrumentedFile, sites: list[Site]) -> None:
        self.source = source
        self.sites = sites
        self.statement: SourceRange | None = None
        self.functions: list[str] = []
        self.loops: tuple[int, ...] = ()
        self.is_module = True
        self.class_name = ""
        self.global_names: frozenset[str] = frozenset()

    def place(self, node: ast.AST) -> SourceRange:
        """Return where a node stands."""
        line, column = getattr(node, "lineno", 0), getattr(node, "col_offset", 0)
        end_line, end_column = getattr(node, "end_lineno", line), getattr(node, "end_col_offset", column)
        return SourceRange(self.source.file, line, end_line or line, column, end_column or column)

    def site(
        self,
        kind: str,
        node: ast.AST,
        operation: Callable[..., Any] | None = None,
        role: str = "",
        targets: Sequence[Target] = (),
    ) -> Site:
        """Add a site for a node."""
        place = self.place(node)
        site = Site(
            len(self.sites),
            kind,
            place,
            self.statement or place,
            ".".join(self.functions),
            self.loops,
            operation,
            role,
            tuple(targets),
            self.source,
            self.class_name,
        )
        self.sites.append(site)
        return site

    def hook(self, kind: str, at: ast.AST, *arguments: ast.expr) -> ast.Call:
        """Write the call of a hook, at the lines and columns of a node."""
        call = ast.Call(ast.Name(f"__bp_{kind}__", ast.Load()), list(arguments), [])
        for node in (call, call.func):
            ast.copy_location(node, at)
        for argument in arguments:
            if not hasattr(argument, "lineno"):
                ast.copy_location(argument, at)
        return call

    def seen(self, site: Site, at: ast.AST, *arguments: ast.expr) -> ast.Call:
        """Write the call of the hook of a site: its first argument is the site's number."""
        kind = hook_of(site.operator) if site.operator and site.kind in OPERATORS else site.kind
        return self.hook(kind, at, ast.Constant(site.number), *arguments)

    def expression(self, node: ast.expr) -> ast.expr:
        """Visit an expression."""
        visited: ast.expr = self.visit(node)
        return visited

    # ---- operators

    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
        site = self.site("binary", node, BINARY[type(node.op)], targets=self.added(node))
        left = self.expression(node.left)
        return self.seen(site, node, left, self.expression(node.right))

    def added(self, node: ast.BinOp) -> list[Target]:
        """Return the variables that are added: one that holds the integer 0 may be a bias."""
        if not isinstance(node.op, ast.Add | ast.Sub):
            return []
        named = [isinstance(side, ast.Name | ast.Attribute) for side in (node.left, node.right)]
        sides = zip((node.left, node.right), named, strict=True)
        found = [self.targets_of(side)[0] if is_named else Target("") for side, is_named in sides]
        return found if any(named) else []

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.expr:
        if isinstance(node.op, ast.Not) or isinstance(node.operand, ast.Constant):
            node.operand = self.expression(node.operand)
            return node
        site = self.site("unary", node, UNARY[type(node.op)])
        return self.seen(site, node, self.expression(node.operand))

    def visit_Compare(self, node: ast.Compare) -> ast.expr:
        if len(node.ops) == 1 and type(node.ops[0]) in BINARY:
            site = self.site("binary", node, BINARY[type(node.ops[0])])
            left = self.expression(node.left)
            return self.seen(site, node, left, self.expression(node.comparators[0]))
        self.generic_visit(node)
        return node

    def visit_IfExp(self, node: ast.IfExp) -> ast.expr:
        node.test = self.tested(node.test)
        node.body, node.orelse = self.expression(node.body), self.expression(node.orelse)
        return node

    def tested(self, node: ast.expr) -> ast.expr:
        """Visit what a branch is decided by."""
        if isinstance(node, ast.Constant):
            return node
        site = self.site("test", node)
        return self.seen(site, node, self.expression(node))

    # ---- calls, attributes, subscripts

    def visit_Call(self, node: ast.Call) -> ast.expr:
        keeps = isinstance(node.func, ast.Attribute) and node.func.attr in KEEPS_VALUES
        if isinstance(node.func, ast.Name) and node.func.id in UNSEEN_CALLS:
            function: ast.expr = node.func
        else:
            container = [Target(self.text(node.func.value))] if isinstance(node.func, ast.Attribute) else ()
            site = self.site("call", node, targets=container)
            function = self.seen(site, node.func, self.expression(node.func))
        held = partial(self.valued, role="element", targets=()) if _is_of_a_class(node) else self.expression
        last = len(node.args) - 1
        node.args = [
            self.valued(argument, "append", ()) if keeps and place == last else held(argument)
            for place, argument in enumerate(node.args)
        ]
        for keyword in node.keywords:
            keyword.value = held(keyword.value)
        node.func = function
        return node

    def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
        if not isinstance(node.ctx, ast.Load) or node.attr not in ATTRIBUTES:
            self.generic_visit(node)
            return node
        site = self.site("attribute", node)
        return self.seen(site, node, self.expression(node.value), ast.Constant(node.attr))

    def visit_Subscript(self, node: ast.Subscript) -> ast.expr:
        if not isinstance(node.ctx, ast.Load):
            self.generic_visit(node)
            return node
        site = self.site("subscript", node, targets=self.targets_of(node))
        value = self.expression(node.value)
        return self.seen(site, node, value, self.index(node.slice))

    def index(self, node: ast.expr) -> ast.expr:
        """Visit an index that becomes an argument: slices are written as calls."""
        if isinstance(node, ast.Slice):
            bounds = [
                ast.Constant(None) if bound is None else self.expression(bound)
                for bound in (node.lower, node.upper, node.step)
            ]
            return self.hook("slice", node, *bounds)
        if isinstance(node, ast.Tuple):
            node.elts = [self.index(element) for element in node.elts]
            return node
        return self.expression(node)

    # ---- what has a scope of its own

    def visit_Lambda(self, node: ast.Lambda) -> ast.expr:
        node.args = self.visit(node.args)
        with self.scope("<lambda>"):
            node.body = self.valued(node.body, "return", ())
        return node

    @contextmanager
    def scope(self, name: str, global_names: frozenset[str] = frozenset()) -> Iterator[None]:
        """Go into a function or a class."""
        outer = self.functions, self.loops, self.is_module, self.global_names
        self.functions, self.loops, self.is_module = [*self.functions, name], (), False
        self.global_names = global_names
        yield
        self.functions, self.loops, self.is_module, self.global_names = outer

    def comprehended(self, node: Any) -> ast.expr:
        """Visit a comprehension."""
        was_module, self.is_module = self.is_module, False
        for number, generator in enumerate(node.generators):
            self.is_module = was_module if number == 0 else False
            generator.iter = self.iterated(generator.iter, generator.target, bool(generator.is_async))
            self.is_module = False
            generator.target = self.visit(generator.target)
            generator.ifs = [self.tested(test) for test in generator.ifs]
        if isinstance(node, ast.DictComp):
            node.key = self.expression(node.key)
            node.value = self.valued(node.value, "element", ())
        else:
            node.elt = self.valued(node.elt, "element", ())
        self.is_module = was_module
        return node  # type: ignore[no-any-return]

    visit_ListComp = visit_SetComp = visit_DictComp = visit_GeneratorExp = comprehended

    def iterated(self, node: ast.expr, target: ast.expr | None, is_async: bool = False) -> ast.expr:
        """Visit what a loop goes over."""
        if is_async:
            return self.expression(node)
        site = self.site("iterate", node, targets=() if target is None else self.targets_of(target))
        return self.seen(site, node, self.expression(node))

    def visit_Yield(self, node: ast.Yield) -> ast.expr:
        if node.value is not None:
            node.value = self.valued(node.value, "yield", ())
        return node

    def visit_NamedExpr(self, node: ast.NamedExpr) -> ast.expr:
        node.value = self.valued(node.value, "assign", self.targets_of(node.target))
        return node

    # ---- values

    def targets_of(self, node: ast.expr, place: tuple[int, ...] = ()) -> list[Target]:
        """Return what a value is stored in by a target, each with its place in the value."""
        if isinstance(node, ast.Tuple | ast.List):
            found = []
            for number, element in enumerate(node.elts):
                if isinstance(element, ast.Starred):
                    break  # what follows has no fixed place
                found += self.targets_of(element, (*place, number))
            return found
        name = node.id if isinstance(node, ast.Name) else ""
        owner = self.text(node.value) if isinstance(node, ast.Attribute | ast.Subscript) else ""
        is_fixed = not isinstance(node, ast.Subscript) or _is_literal(node.slice)
        is_global = self.is_module or name in self.global_names
        return [Target(self.text(node), name, place, is_global, owner, is_fixed)]

    def text(self, node: ast.AST) -> str:
        """Return a node as it is written, on one line."""
        return " ".join(self.source.code(self.place(node)).split())

    def valued(self, node: ast.expr, role: str, targets: Sequence[Target]) -> ast.expr:
        """Visit an expression whose value a statement keeps; of a display, each element is such a value."""
        if isinstance(node, ast.Tuple | ast.List) and not any(isinstance(e, ast.Starred) for e in node.elts):
            node.elts = [
                self.valued(element, role, under(targets, number)) for number, element in enumerate(node.elts)
            ]
            return self.seen(self.site("value", node, role=role, targets=targets), node, node)
        if isinstance(node, ast.Dict):
            node.keys = [key and self.expression(key) for key in node.keys]
            node.values = [self.valued(value, "element", ()) for value in node.values]
            return self.seen(self.site("value", node, role=role, targets=targets), node, node)
        if isinstance(node, ast.Constant) and type(node.value) is float:
            return self.seen(self.site("literal", node, role=role, targets=targets), node, node)
        if isinstance(node, ast.Starred | ast.Yield | ast.YieldFrom | ast.Await | ast.GeneratorExp):
            return self.expression(node)
        site = self.site("value", node, role=role, targets=targets)
        return self.seen(site, node, self.expression(node))


def under(targets: Sequence[Target], number: int) -> list[Target]:
    """Return the targets of one element of a value."""
    return [
        target._replace(place=target.place[1:])
        for target in targets
        if target.place and target.place[0] == number
    ]


def _is_of_a_class(call: ast.Call) -> bool:
    """Whether a class is called, by its name: `Gradients(dw, db)` keeps its arguments, as `(dw, db)` does."""
    name = call.func.id if isinstance(call.func, ast.Name) else ""
    return name == "dict" or name[:1].isupper()


def _is_literal(node: ast.expr) -> bool:
    """Whether an index is written as a number or a string."""
    if isinstance(node, ast.UnaryOp):
        node = node.operand
    return isinstance(node, ast.Constant)
