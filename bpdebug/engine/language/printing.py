"""Tree to text: NumPy, mathematics, the chain rule, and the line of shapes.

All four are one printer with different words for a name and a call; parentheses stand where
precedence needs them and nowhere else, so NumPy text parses back to the same tree.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from typing import cast

from bpdebug.engine.language.forms import Shape
from bpdebug.engine.language.functions import FUNCTIONS
from bpdebug.engine.language.long_sums import ELLIPSIS, abbreviated, shortened
from bpdebug.engine.language.nodes import (
    INDEX,
    VIEWS,
    Call,
    Expression,
    Name,
    Number,
    Option,
    Statement,
    Subscript,
    index_text,
    places,
    rewrite,
)
from bpdebug.engine.language.precedence import CALL, COMPARISON
from bpdebug.engine.language.shapes import options_of, shape_of

SUBSCRIPTS = str.maketrans("0123456789-", "₀₁₂₃₄₅₆₇₈₉₋")
SUPERSCRIPTS = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")
AXIS_LETTERS = "ᵢⱼₖₗₘₙ"
"""The index that runs along each axis, as a subscript of Σ: `Σⱼ` sums over axis 1."""
RIGHT_ASSOCIATIVE = "power"
LITERAL = 45
"""A literal binds tighter than any operator, but not than an attribute: `2 ** x`, `(2).T`."""

LAID_OUT_ANEW = VIEWS | {"as_rows"}
"""The functions that a line of shapes does not name: it says what shape they give."""

LETTERS = {"alpha": "α", "beta": "β", "gamma": "γ", "epsilon": "ε", "theta": "θ", "mu": "μ", "xhat": "x̂"}
"""How mathematics writes what code spells out, and its gradient likewise: `dgamma1` is dγ₁."""

Template = Callable[[Call], tuple[str, int]]


def numpy_text(expression: Expression) -> str:
    """Write an expression as NumPy text: `dz2 @ a1.T`."""
    return _write(expression, _numpy_template, lambda name: name, _number)


def statement_text(statement: Statement) -> str:
    """Write a statement as NumPy text: `dw2 = dz2 @ a1.T`."""
    return f"{statement.name} = {numpy_text(statement.expression)}"


def shown_text(statement: Statement) -> str:
    """Write a statement as NumPy text for a person: of a sum of very many terms, some."""
    return f"{statement.name} = {numpy_text(abbreviated(statement.expression))}"


def math_name(name: str) -> str:
    """Write a name as mathematics does: `w₂`, `γ₁`. What more it stands for, a program knows."""
    found = re.fullmatch(r"([a-z]+?)_?(\d*)", name)
    if found is not None and found[1] in LETTERS:
        return f"{LETTERS[found[1]]}{found[2].translate(SUBSCRIPTS)}"
    return re.sub(r"_?(\d+)$", lambda digits: digits[1].translate(SUBSCRIPTS), name)


def at_step(name: str, step: int) -> str:
    """Write the time step above a name: `h₁⁽³⁾`."""
    return f"{name}⁽{str(step).translate(SUPERSCRIPTS)}⁾"


def math_text(expression: Expression, named: Callable[[str], str] = math_name) -> str:
    """Write an expression as mathematics: `dz₂ · a₁ᵀ`.

    Parameters
    ----------
    expression : Expression
        What is computed.
    named : callable
        Writes a name.
    """
    return _write(
        rewrite(abbreviated(expression), _without_its_shape),
        _math_template,
        named,
        lambda value: _number(value).replace("-", "−"),
    )


def _without_its_shape(node: Expression) -> Expression:
    """Make a sum of one that is laid into another shape: mathematics writes `Σᵢₖ dz₁` in either case."""
    if isinstance(node, Call) and node.function == "reshape_like":
        argument = node.arguments[0]
        if isinstance(argument, Call) and argument.function == "sum":
            return argument
    return node


def chain_rule(
    statement: Statement, tensors: Mapping[str, str], named: Callable[[str], str] = math_name
) -> str:
    """Write a gradient's statement as the chain rule that it is.

    `∂L/∂w₂ = ∂L/∂z₂ · ∂z₂/∂w₂ = ∂L/∂z₂ · a₁ᵀ`: first through what, then how it is computed. A part of a
    gradient keeps its own name at the left, and so does an inner gradient, whose tensor has no name.

    Parameters
    ----------
    statement : Statement
        What computes the gradient.
    tensors : mapping
        Gradient -> the tensor that it is the gradient of; such names are written as derivatives of the
        loss: `∂L/∂z₂ · a₁ᵀ`.
    named : callable
        Writes any other name.
    """

    def derivative(name: str) -> str:
        return f"∂L/∂{named(tensors[name])}" if name in tensors else named(name)

    of = statement.of or tensors.get(statement.name, "")
    ways = [
        ELLIPSIS if one == ELLIPSIS else f"∂L/∂{named(one)} · ∂{named(one)}/∂{named(of)}"
        for one in shortened(statement.through if of else (), ELLIPSIS)
    ]
    through = " + ".join(ways)
    written = f"∂L/∂{named(of)}" if of and not statement.part else named(statement.name)
    sides = [written, *([through] if through else []), math_text(statement.expression, derivative)]
    return " = ".join(sides)


def shape_text(shape: Shape) -> str:
    """Write a shape as a person does: `4×3`; `scalar` if it has no axes."""
    return "×".join(map(str, shape)) or "scalar"


def shapes_text(statement: Statement, shapes: Mapping[str, Shape]) -> str:
    """Write the shapes of a statement's result and operands in their places: `(2,4) = (2,1) @ (1,4)`."""

    def tight(shape: Shape) -> str:
        return f"({','.join(map(str, shape))})"

    def merged(expression: Expression) -> Expression:
        """Make an operand that is laid out anew, or a part of one, a single name: the shape it then has."""
        if not isinstance(expression, Call):
            return expression
        if expression.function in LAID_OUT_ANEW:
            return Name(tight(shape_of(expression, shapes)))
        arguments = tuple(merged(argument) for argument in expression.arguments)
        return Call(expression.function, arguments)

    def name_text(name: str) -> str:
        return tight(shapes[name]) if name in shapes else name

    right = _write(merged(abbreviated(statement.expression)), _numpy_template, name_text, _number)
    return f"{tight(shapes[statement.name])} = {right}"


def _write(
    expression: Expression,
    template_of: Template,
    name_text: Callable[[str], str],
    number_text: Callable[[int | float], str],
) -> str:
    def write(node: Expression) -> tuple[str, int]:
        if isinstance(node, Name):
            return name_text(node.id), CALL
        if isinstance(node, Number):
            text = number_text(node.value)
            return text, LITERAL if text[0].isdigit() else FUNCTIONS["negative"].precedence
        template, precedence = template_of(node)
        operands = {}
        for place, argument in zip(places(len(node.arguments)), node.arguments, strict=True):
            text, own = write(argument)
            operands[place] = f"({text})" if precedence < CALL and _loose(node, place, own) else text
        return template.format(**operands), precedence

    return write(expression)[0]


def _loose(call: Call, place: str, own: int) -> bool:
    """Whether an operand that binds with precedence `own` needs parentheses in its place."""
    precedence = FUNCTIONS[call.function].precedence
    if precedence == COMPARISON:
        return own <= precedence  # `x < y < z` would be a chain
    strict_side = "x" if call.function == RIGHT_ASSOCIATIVE else "y"
    return own < precedence or (own == precedence and place == strict_side)


def _numpy_template(call: Call) -> tuple[str, int]:
    function = FUNCTIONS[call.function]
    if function.python:
        return _with_options(function.python, call), function.precedence
    operands = [f"{{{place}}}" for place in places(len(call.arguments))]
    options = [f"{name}={_option_text(name, value)}" for name, value in call.options]
    return f"{call.function}({', '.join(operands + options)})", CALL


def _option_text(name: str, value: Option) -> str:
    return f"{INDEX}[{index_text(cast('Subscript', value))}]" if name == "index" and value else repr(value)


def _math_template(call: Call) -> tuple[str, int]:
    function = FUNCTIONS[call.function]
    if call.function == "power" and isinstance(exponent := call.arguments[1], Number):
        return "{x}" + _number(exponent.value).translate(SUPERSCRIPTS), function.precedence
    if call.function == "multiply" and any(isinstance(operand, Number) for operand in call.arguments):
        return FUNCTIONS["matmul"].notation, function.precedence
    operands = ", ".join(f"{{{place}}}" for place in places(len(call.arguments)))
    if function.notation:
        axis = options_of(call).get("axis")
        letters = "".join(AXIS_LETTERS[i] for i in _axes(axis) if -1 <= i < len(AXIS_LETTERS))
        notation = _with_options(function.notation.replace("{axis}", letters), call)
        return notation.replace("{operands}", operands), function.precedence
    name = f"{function.derivative_of}′" if function.derivative_of else call.function
    return f"{name}({operands})", CALL


def _with_options(template: str, call: Call) -> str:
    """Put the subscript of a call into a template, and the text of what is only recorded."""
    options = dict(call.options)
    index = index_text(cast("Subscript", options.get("index", ())))
    text = str(options.get("text", call.function)).replace("{", "{{").replace("}", "}}")
    return template.replace("{index}", index).replace("{text}", text)


def _axes(axis: object) -> tuple[int, ...]:
    if isinstance(axis, tuple):
        return axis
    return (axis,) if isinstance(axis, int) else ()


def _number(value: int | float) -> str:
    return repr(value)


def written_number(value: float, digits: int) -> str:
    """Write a number with so many significant digits, without an exponent where that is readable."""
    if math.isnan(value):
        return "NaN"
    rounded = float(f"{value:.{digits}g}")  # of three digits, 999.9 has become 1000
    if 10.0**digits <= max(abs(value), abs(rounded)) and abs(value) < 1e7:
        return f"{value:.0f}"
    return f"{value:.{digits}g}"
