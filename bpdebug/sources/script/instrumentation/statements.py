"""Hooks on what statements do: stores, augmented assignment, loops, functions, and the values they keep."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from typing import Any

from bpdebug.sources.script.instrumentation.expressions import Expressions
from bpdebug.sources.script.instrumentation.operators import IN_PLACE


class Statements(Expressions):
    """Puts hooks into the statements of a module."""

    def visit(self, node: ast.AST) -> Any:
        """Visit a node; a statement is what the sites in it belong to."""
        if not isinstance(node, ast.stmt):
            return super().visit(node)
        outer, self.statement = self.statement, self.place(node)
        visited = super().visit(node)
        self.statement = outer
        return visited

    def block(self, statements: list[ast.stmt]) -> list[ast.stmt]:
        """Visit the statements of a block; some become two."""
        found: list[ast.stmt] = []
        for statement in statements:
            visited = self.visit(statement)
            found.extend(visited if isinstance(visited, list) else [visited])
        return found

    def call_of(self, kind: str, at: ast.AST, *arguments: ast.expr) -> ast.stmt:
        """Write a hook as a statement of its own."""
        return ast.copy_location(ast.Expr(self.hook(kind, at, *arguments)), at)

    # ---- stores

    def stored(self, node: Any, operation: Callable[..., Any] | None = None) -> Any:
        """Visit a target: what is stored in an item or an attribute goes through the hook on its owner."""
        if isinstance(node, ast.Tuple | ast.List):
            node.elts = [self.stored(element) for element in node.elts]
        elif isinstance(node, ast.Starred):
            node.value = self.stored(node.value)
        elif isinstance(node, ast.Subscript | ast.Attribute):
            kind = "store" if operation is None else "change"
            site = self.site(kind, node, operation, targets=self.targets_of(node))
            node.value = self.seen(site, node.value, self.expression(node.value))
            if isinstance(node, ast.Subscript):
                node.slice = self.expression(node.slice)
        return node

    def visit_Assign(self, node: ast.Assign) -> ast.stmt:
        targets = [target for written in node.targets for target in self.targets_of(written)]
        node.value = self.valued(node.value, "assign", targets)
        if any(isinstance(target, ast.Tuple | ast.List) for target in node.targets):
            node.value = self.seen(self.site("unpack", node.value, targets=targets), node.value, node.value)
        node.targets = [self.stored(target) for target in node.targets]
        return node

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.stmt:
        if node.value is not None:
            node.value = self.valued(node.value, "assign", self.targets_of(node.target))
            node.target = self.stored(node.target)
        return node

    def visit_AugAssign(self, node: ast.AugAssign) -> ast.stmt:
        targets = self.targets_of(node.target)
        operation = IN_PLACE[type(node.op)]
        if isinstance(node.target, ast.Name):
            site = self.site("augment", node, operation, targets=targets)
            value = self.valued(node.value, "augment", targets)
            old = ast.copy_location(ast.Name(node.target.id, ast.Load()), node.target)
            return ast.copy_location(ast.Assign([node.target], self.seen(site, node, old, value)), node)
        node.target = self.stored(node.target, operation)
        node.value = self.valued(node.value, "augment", targets)
        return node

    def visit_Delete(self, node: ast.Delete) -> ast.stmt:
        node.targets = [self.stored(target) for target in node.targets]
        return node

    # ---- values

    def visit_Return(self, node: ast.Return) -> ast.stmt:
        if node.value is not None:
            node.value = self.valued(node.value, "return", ())
        return node

    def visit_With(self, node: ast.With) -> ast.stmt:
        for item in node.items:
            item.context_expr = self.expression(item.context_expr)
            if item.optional_vars is not None:
                item.optional_vars = self.stored(item.optional_vars)
        node.body = self.block(node.body)
        return node

    visit_AsyncWith = visit_With  # type: ignore[assignment]

    # ---- branches and loops

    def visit_If(self, node: ast.If) -> ast.stmt:
        first = len(self.sites)
        node.test = self.tested(node.test)
        for site in self.sites[first:]:
            site.is_branch = True
        node.body, node.orelse = self.block(node.body), self.block(node.orelse)
        return node

    def visit_TypeAlias(self, node: ast.stmt) -> ast.stmt:
        return node

    def visit_Assert(self, node: ast.Assert) -> ast.stmt:
        # What is asserted is not part of what is computed; it only has to hold as before.
        return node

    def visit_For(self, node: ast.For) -> ast.stmt:
        number = len(self.sites)
        node.iter = self.iterated(node.iter, node.target)
        node.target = self.stored(node.target)
        outer, self.loops = self.loops, (*self.loops, number)
        node.body = self.block(node.body)
        self.loops = outer
        node.orelse = self.block(node.orelse)
        return node

    def visit_AsyncFor(self, node: ast.AsyncFor) -> ast.stmt:
        node.iter = self.expression(node.iter)
        node.body, node.orelse = self.block(node.body), self.block(node.orelse)
        return node

    def visit_While(self, node: ast.While) -> list[ast.stmt]:
        site = self.site("turn", node.test)
        test = node.test if isinstance(node.test, ast.Constant) else self.tested(node.test)
        node.test = self.seen(site, node.test, test)
        outer, self.loops = self.loops, (*self.loops, site.number)
        node.body = self.block(node.body)
        self.loops = outer
        node.orelse = self.block(node.orelse)
        return [self.call_of("loop", node, ast.Constant(site.number)), node]

    def visit_Match(self, node: ast.Match) -> ast.stmt:
        node.subject = self.expression(node.subject)
        for case in node.cases:
            case.guard = case.guard and self.tested(case.guard)
            case.body = self.block(case.body)
        return node

    def visit_Try(self, node: ast.Try) -> ast.stmt:
        node.body = self.block(node.body)
        for handler in node.handlers:
            handler.type = handler.type and self.expression(handler.type)
            handler.body = [self.call_of("caught", handler), *self.block(handler.body)]
        node.orelse, node.finalbody = self.block(node.orelse), self.block(node.finalbody)
        return node

    visit_TryStar = visit_Try  # type: ignore[assignment]

    # ---- functions and classes

    def visit_Module(self, node: ast.Module) -> ast.Module:
        node.body = self.block(node.body)
        return node

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.stmt:
        node.decorator_list = [self.expression(decorator) for decorator in node.decorator_list]
        node.bases = [self.expression(written) for written in node.bases]
        outer, self.class_name = self.class_name, node.name
        with self.scope(node.name):
            node.body = self.block(node.body)
        self.class_name = outer
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.stmt:
        node.decorator_list = [self.expression(decorator) for decorator in node.decorator_list]
        node.args.defaults = [self.valued(default, "default", ()) for default in node.args.defaults]
        node.args.kw_defaults = [
            default and self.valued(default, "default", ()) for default in node.args.kw_defaults
        ]
        docstring = node.body[:1] if ast.get_docstring(node, clean=False) is not None else []
        with self.scope(node.name, _global_names(node)):
            site = self.site("enter", node)
            body = self.block(node.body[len(docstring) :])
        if isinstance(node, ast.FunctionDef) and body and not _yields(node):
            enter = self.call_of("enter", node, ast.Constant(site.number))
            leave = self.call_of("leave", node)
            body = [enter, ast.copy_location(ast.Try(body, [], [], [leave]), node)]
        node.body = docstring + body
        return node

    visit_AsyncFunctionDef = visit_FunctionDef  # type: ignore[assignment]


def _own_nodes(function: ast.AST) -> Iterator[ast.AST]:
    """Yield the nodes of a function's own scope."""
    for child in ast.iter_child_nodes(function):
        yield child
        if not isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef):
            yield from _own_nodes(child)


def _yields(function: ast.AST) -> bool:
    """Whether a function is a generator: its calls do not nest, so they have no frame of their own."""
    return any(isinstance(node, ast.Yield | ast.YieldFrom) for node in _own_nodes(function))


def _global_names(function: ast.AST) -> frozenset[str]:
    """Return the names that a function declares to be the module's."""
    return frozenset(
        name for node in _own_nodes(function) if isinstance(node, ast.Global) for name in node.names
    )
