"""Text to tree: Python's own parser, then a whitelist.

`ast.parse` reads the text and never runs it; each kind of syntax node that is part of the language
has one entry in a table below, and everything else is an error that names it and its column. So a
text from a stranger can at worst be refused.
"""

from __future__ import annotations

import ast
import math
import re
import warnings
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import lru_cache, reduce

from bpdebug.engine.language import plugins
from bpdebug.engine.language.functions import FUNCTIONS, RECORDED, Function
from bpdebug.engine.language.nearest import suggestion
from bpdebug.engine.language.nodes import INDEX, Call, Expression, Name, Number, Option, Subscript
from bpdebug.engine.language.option_values import is_index_part, is_like
from bpdebug.errors import ExpressionError
from bpdebug.limits import LIMITS, at_most

MAX_LENGTH, MAX_DEPTH = LIMITS.expression_characters, LIMITS.expression_depth

OPERATORS: dict[type[ast.AST], str] = {
    ast.Add: "add",
    ast.Sub: "subtract",
    ast.Mult: "multiply",
    ast.Div: "divide",
    ast.MatMult: "matmul",
    ast.Pow: "power",
}
COMPARISONS: dict[type[ast.AST], str] = {
    ast.Gt: "greater",
    ast.GtE: "greater_equal",
    ast.Lt: "less",
    ast.LtE: "less_equal",
    ast.Eq: "equal",
    ast.NotEq: "not_equal",
}
CONNECTIVES: dict[type[ast.AST], str] = {ast.And: "logical_and", ast.Or: "logical_or"}
CONSTRUCTS: dict[type[ast.AST], str] = {ast.ListComp: "a list comprehension", ast.Lambda: "a lambda"}
"""What people call them that write one."""
WRITTEN_AS_OPERATOR = {
    *OPERATORS.values(),
    *COMPARISONS.values(),
    *CONNECTIVES.values(),
    "logical_not",
    "negative",
    "subscript",
    "transpose",
}


@lru_cache(maxsize=4096)
def parse(text: str, option_names: Collection[str] = ()) -> Expression:
    """Read one expression of the tensor language; as `parse_with`, where no other names are known."""
    return parse_with(text, {}, option_names)


def parse_with(text: str, known: Mapping[str, str], option_names: Collection[str] = ()) -> Expression:
    """Read one expression of the tensor language.

    Parameters
    ----------
    text : str
        For example `"dz2 @ a1.T"` or `"sum(dz2, axis=1, keepdims=True)"`.
    known : mapping
        Names beside the plain ones, as `ast.unparse` writes them -> the name that they stand for:
        `self.w`, `grads['W1']`.
    option_names : collection of str
        Names that may stand for the value of an option: derivative rules use them.

    Raises
    ------
    ExpressionError
        If the text is not Python syntax, uses a construct or a function that the language does not
        have, or is longer or nested deeper than the limits; with the column.
    """
    if len(text) > MAX_LENGTH:
        raise ExpressionError(
            f"an expression has {at_most('expression_characters', 'characters')}: found {len(text)}"
        )
    stripped = text.strip()
    offset = len(text) - len(text.lstrip())
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # of `1or x`, which Python would print on the terminal
            tree = ast.parse(stripped, mode="eval")
    except SyntaxError as error:
        raise ExpressionError(f"not an expression: {error.msg}", offset + (error.offset or 1)) from None
    except (RecursionError, MemoryError, ValueError):
        raise ExpressionError("not an expression: it is nested too deeply, or has a NUL character") from None
    reader = _Reader(stripped, frozenset(option_names), offset, known)
    reader.check_numbers(tree)
    return reader.read(tree.body, 0)


class _Reader:
    def __init__(
        self, text: str, option_names: frozenset[str], offset: int, known: Mapping[str, str]
    ) -> None:
        self.text = text
        self.option_names = option_names
        self.offset = offset
        self.known = known

    def error(self, node: ast.AST, message: str) -> ExpressionError:
        return ExpressionError(message, self.column(node))

    def foreign(self, node: ast.AST, what: str, instead: str = "") -> ExpressionError:
        return self.error(node, f"{what} is not part of the tensor language{instead}")

    def column(self, node: ast.AST) -> int:
        """Return the column of a node in the whole text: Python counts bytes, and from each line's start."""
        start = _line_start(self.text, getattr(node, "lineno", 1))
        before = self.text[start:].encode()[: getattr(node, "col_offset", 0)]
        return self.offset + start + len(before.decode()) + 1

    def check_numbers(self, tree: ast.AST) -> None:
        """Refuse every number beyond float64: Python cannot even write a whole number of any length."""
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, int | float):
                try:
                    finite = math.isfinite(float(node.value))
                except OverflowError:
                    finite = False
                if not finite:
                    raise self.error(node, "the number is too large for float64")

    def read(self, node: ast.AST, depth: int) -> Expression:
        if depth > MAX_DEPTH:
            raise self.error(node, f"an expression nests {at_most('expression_depth', 'deep')}")
        if self.known and (name := self.known.get(ast.unparse(node))) is not None:
            return Name(name)
        reader = _READERS.get(type(node))
        if reader is None:
            raise self.foreign(node, CONSTRUCTS.get(type(node), f"the construct {type(node).__name__}"))
        return reader(self, node, depth + 1)

    def name(self, node: ast.Name, _: int) -> Expression:
        return Name(node.id)

    def constant(self, node: ast.Constant, _: int) -> Expression:
        value = node.value
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self.error(node, f"{value!r} is not a number")
        return Number(value)

    def binary(self, node: ast.BinOp, depth: int) -> Expression:
        function = OPERATORS.get(type(node.op))
        if function is None:
            raise self.foreign(node, f"the operator {type(node.op).__name__}")
        return Call(function, (self.read(node.left, depth), self.read(node.right, depth)))

    def unary(self, node: ast.UnaryOp, depth: int) -> Expression:
        if isinstance(node.op, ast.Not):
            return Call("logical_not", (self.read(node.operand, depth),))
        if not isinstance(node.op, ast.USub):
            raise self.foreign(node, f"the operator {type(node.op).__name__}")
        return _negative(self.read(node.operand, depth))

    def comparison(self, node: ast.Compare, depth: int) -> Expression:
        """Read `x < y`; a chain `0 < x < 1` means `0 < x and x < 1`."""
        operands = self.chain((node.left, *node.comparators), depth)
        links: list[Expression] = []
        for operator, left, right in zip(node.ops, operands, operands[1:], strict=False):
            function = COMPARISONS.get(type(operator))
            if function is None:
                raise self.foreign(node, f"the comparison {type(operator).__name__}")
            links.append(Call(function, (left, right)))
        return reduce(lambda left, right: Call("logical_and", (left, right)), links)

    def connective(self, node: ast.BoolOp, depth: int) -> Expression:
        function = CONNECTIVES[type(node.op)]
        operands = self.chain(node.values, depth)
        return reduce(lambda left, right: Call(function, (left, right)), operands)

    def chain(self, nodes: Sequence[ast.expr], depth: int) -> list[Expression]:
        """Read operands that become one call within the other: the first of them lies deepest."""
        return [self.read(node, depth + len(nodes) - 2) for node in nodes]

    def subscript(self, node: ast.Subscript, depth: int) -> Expression:
        return Call("subscript", (self.read(node.value, depth),), (("index", self.index(node)),))

    def index(self, node: ast.Subscript) -> Subscript:
        parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        return tuple(self.index_part(part) for part in parts)

    def index_part(self, node: ast.expr) -> int | tuple[int | None, int | None]:
        if not isinstance(node, ast.Slice):
            return self.whole_number(node)
        if node.step is not None:
            raise self.error(node.step, "a slice has no step in the tensor language")
        start, stop = (self.whole_number(bound) if bound else None for bound in (node.lower, node.upper))
        return start, stop

    def whole_number(self, node: ast.expr) -> int:
        sign, literal = 1, node
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            sign, literal = -1, node.operand
        if not (isinstance(literal, ast.Constant) and type(literal.value) is int):
            raise self.error(node, "an index is a whole number or a slice, as in dw1[0, 1:3]")
        return sign * literal.value

    def attribute(self, node: ast.Attribute, depth: int) -> Expression:
        if node.attr != "T":
            raise self.foreign(node, f"the attribute .{node.attr}", ", only .T is")
        return Call("transpose", (self.read(node.value, depth),))

    def call(self, node: ast.Call, depth: int) -> Expression:
        if not isinstance(node.func, ast.Name):
            raise self.error(node, "only functions of the table can be called, by their names")
        named = node.func.id
        function = None if named == RECORDED else FUNCTIONS.get(named) or self.brought_in(node, named)
        if function is None:
            meant = suggestion(named, FUNCTIONS.keys() - {RECORDED})
            raise self.error(node, f"unknown function {named!r}{meant}")
        if not function.takes(len(node.args)):
            raise self.error(node, f"{function.name} takes {_arguments(function)}: found {len(node.args)}")
        arguments = tuple(self.read(argument, depth) for argument in node.args)
        options = self.options(node, function.options)
        if function.name == "negative":
            return _negative(*arguments)
        if function.name == "subscript" and not options:
            raise self.error(node, "subscript takes an index, and is written dw1[0, 1:3]")
        return Call(function.name, arguments, options)

    def brought_in(self, node: ast.Call, name: str) -> Function | None:
        """Return the function that another package has under this name, if any."""
        try:
            return FUNCTIONS[name] if plugins.bring_function(name, parse) else None
        except plugins.PluginError as error:
            raise self.error(node, str(error)) from None

    def options(self, node: ast.Call, known: Mapping[str, Option]) -> tuple[tuple[str, Option], ...]:
        given: dict[str, Option] = {}
        for keyword in node.keywords:
            if keyword.arg is None or keyword.arg not in known:
                allowed = f"its options are {', '.join(known)}" if known else "it has none"
                unknown = f"unknown option {keyword.arg!r} of {ast.unparse(node.func)}"
                raise self.error(keyword, f"{unknown}: {allowed}")
            if keyword.arg in given:
                raise self.error(keyword, f"the option {keyword.arg} is given twice")
            value = self.option(keyword.value, isinstance(known[keyword.arg], str))
            if not isinstance(value, Name) and not is_like(value, known[keyword.arg]):
                raise self.error(keyword.value, f"{value!r} is not a value for {keyword.arg}")
            given[keyword.arg] = value
        return tuple((name, given[name]) for name in known if name in given)

    def option(self, node: ast.expr, is_text: bool = False) -> Option:
        if isinstance(node, ast.Name) and node.id in self.option_names:
            return Name(node.id)
        if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name) and node.value.id == INDEX:
            return self.index(node)
        try:
            value = ast.literal_eval(node)
        except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
            kinds = "a number, True, False or None"
            raise self.error(node, f"the value of an option is a literal: {kinds}") from None
        if isinstance(value, tuple) and all(is_index_part(item) for item in value):
            return value
        if value is None or isinstance(value, bool | int | float):
            return value
        if isinstance(value, str) and is_text and value.isprintable():  # no code may reach a terminal
            return value
        raise self.error(node, f"the value of an option is a number, True, False or None: found {value!r}")


_READERS: dict[type[ast.AST], Callable[..., Expression]] = {
    ast.Name: _Reader.name,
    ast.Constant: _Reader.constant,
    ast.BinOp: _Reader.binary,
    ast.UnaryOp: _Reader.unary,
    ast.Compare: _Reader.comparison,
    ast.BoolOp: _Reader.connective,
    ast.Subscript: _Reader.subscript,
    ast.Attribute: _Reader.attribute,
    ast.Call: _Reader.call,
}


def _line_start(text: str, line: int) -> int:
    """Return where a line begins, as Python counts lines from 1: they end in any of three ways."""
    return [0, *(end.end() for end in re.finditer(r"\r\n?|\n", text))][line - 1]


def _negative(operand: Expression) -> Expression:
    """Return a minus before an operand, in the one way in which it is read: a literal's sign is its own."""
    return Number(-operand.value) if isinstance(operand, Number) else Call("negative", (operand,))


def _arguments(function: Function) -> str:
    if function.variadic:
        return "1 argument or more"
    return "1 argument" if function.arity == 1 else f"{function.arity} arguments"
