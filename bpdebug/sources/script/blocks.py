"""The body of a `with` statement that is being entered, as code with hooks that runs in its place.

The frame that enters it runs the person's own code, which cannot be exchanged any more. So the body is
compiled by itself: at the top of a file it runs among the module's variables; in a function it becomes a
function within, whose variables are those of the frame, and are given back to it at the end.
"""

from __future__ import annotations
import __future__

import ast
import ctypes
import inspect
from collections.abc import Callable, Sequence
from types import CellType, CodeType, FrameType, FunctionType
from typing import Any, NamedTuple

from bpdebug.errors import Problem, ScriptError
from bpdebug.sources.script.instrumentation.copies import codes_in

LEAVES = {
    ast.Return: "return",
    ast.Yield: "yield",
    ast.YieldFrom: "yield",
    ast.Await: "await",
    ast.Break: "break",
    ast.Continue: "continue",
}
"""What would leave the body, and cannot from another function."""
SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)
ANNOTATIONS = __future__.annotations.compiler_flag


class WithBlock(NamedTuple):
    """A `with` statement.

    Attributes
    ----------
    node : With
        The statement, with hooks in its body.
    outer : sequence of ast.AST
        What it stands in, from the outermost.
    """

    node: ast.With
    outer: Sequence[ast.AST]


def block_at(tree: ast.Module, file: str, line: int) -> WithBlock:
    """Return the `with` statement that is entered at a line.

    Raises
    ------
    ScriptError
        If its body cannot run by itself.
    """
    found = [(node, outer) for node, outer in _statements(tree, ()) if _begins_at(node, line)]
    if not found:
        raise refused(file, line, "its source has changed since it was loaded", "run it again")
    node, outer = found[-1]
    if len(node.items) > 1:
        raise refused(file, line, "it stands beside another item", "expected a `with` of its own")
    if node.body[0].lineno <= (node.items[0].context_expr.end_lineno or 0):
        raise refused(file, line, "its body stands on its own line", "expected the body on lines that follow")
    for leaving in (type(one) for one in _leaving(node.body, is_in_loop=False)):
        message = f"its body has a `{LEAVES[leaving]}` that leaves it"
        raise refused(file, line, message, "put @bpdebug.record on a function instead")
    return WithBlock(node, outer)


def refused(file: str, line: int, why: str, hint: str) -> ScriptError:
    """Return the error of code that cannot be recorded."""
    return ScriptError(Problem(f"{file}:{line}", "", f"this code cannot be recorded: {why}", hint))


def runnable(block: WithBlock, frame: FrameType, entered: object) -> Callable[[], None]:
    """Return what runs the body of a block in place of the frame that enters it.

    The variable behind `as` is `entered` within it.
    """
    code = frame.f_code
    target = block.node.items[0].optional_vars
    known = {target.id: entered} if isinstance(target, ast.Name) else {}
    if not code.co_flags & inspect.CO_OPTIMIZED:
        body = _compiled(block.node.body, code)

        def run_here() -> None:
            frame.f_locals.update(known)
            exec(body, frame.f_globals, frame.f_locals)  # noqa: S102 (it is what stands there)

        return run_here
    names = (*dict.fromkeys((*code.co_varnames, *code.co_cellvars, *code.co_freevars)),)
    inner = _function(code.co_name, [_shared(names, block), *block.node.body])
    outer: ast.stmt = _function("around", [inner], names)
    for one in block.outer:
        if isinstance(one, ast.ClassDef):  # private names are mangled with it
            outer = ast.ClassDef(one.name, [], [], [outer], [])
    (compiled,) = (one for one in codes_in(_compiled([outer], code)) if one.co_name == code.co_name)

    def run() -> None:
        held = {**frame.f_locals, **known}
        cells = {name: CellType(held[name]) if name in held else CellType() for name in names}
        closure = tuple(cells[name] for name in compiled.co_freevars)
        try:
            FunctionType(compiled, frame.f_globals, code.co_name, None, closure)()
        finally:
            _give_back(frame, cells)

    return run


def _give_back(frame: FrameType, cells: dict[str, CellType]) -> None:
    """Let the variables of a frame be what cells hold."""
    held = frame.f_locals
    for name, cell in cells.items():
        try:
            held[name] = cell.cell_contents
        except ValueError:  # it is empty
            if name in held:
                del held[name]
    ctypes.pythonapi.PyFrame_LocalsToFast(ctypes.py_object(frame), ctypes.c_int(1))  # no-op from 3.13 on


def _shared(names: Sequence[str], block: WithBlock) -> ast.stmt:
    """Declare that the variables of a frame are those of the function around the body."""
    functions = [one for one in block.outer if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef)]
    declared = {
        name for node in ast.walk(functions[-1]) if isinstance(node, ast.Global) for name in node.names
    }
    everything: list[ast.stmt] = [ast.Nonlocal([*names])] if names else []
    if declared - {*names}:
        everything.append(ast.Global(sorted(declared - {*names})))
    return ast.If(ast.Constant(True), everything or [ast.Pass()], [])


def _function(name: str, body: list[ast.stmt], parameters: Sequence[str] = ()) -> ast.FunctionDef:
    arguments = ast.arguments([], [ast.arg(one) for one in parameters], None, [], [], None, [])
    return ast.FunctionDef(name, arguments, body, [])


def _compiled(body: list[ast.stmt], like: CodeType) -> CodeType:
    tree = ast.fix_missing_locations(ast.Module(body, []))
    flags = like.co_flags & ANNOTATIONS
    code: CodeType = compile(tree, like.co_filename, "exec", flags=flags, dont_inherit=True)
    return code


def _statements(node: ast.AST, outer: tuple[ast.AST, ...]) -> Any:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.With):
            yield child, (*outer, node)
        yield from _statements(child, (*outer, node))


def _begins_at(node: ast.With, line: int) -> bool:
    return node.lineno <= line <= (node.items[-1].context_expr.end_lineno or node.lineno)


def _leaving(nodes: Sequence[ast.AST], is_in_loop: bool) -> Any:
    for node in nodes:
        is_jump = isinstance(node, ast.Break | ast.Continue)
        if type(node) in LEAVES and not (is_jump and is_in_loop):
            yield node
        elif not isinstance(node, SCOPES):
            inside = is_in_loop or isinstance(node, ast.For | ast.AsyncFor | ast.While)
            yield from _leaving([*ast.iter_child_nodes(node)], inside)
