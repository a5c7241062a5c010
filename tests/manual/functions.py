"""Every function of the language, from the function table: formula, meaning and derivative."""

from __future__ import annotations

from bpdebug.engine.language.functions import COMMON_FAMILIES, OTHER_FAMILIES
from bpdebug.engine.language.functions.entry import Function
from bpdebug.engine.language.nodes import INDEX
from tests.manual.markdown import code, first_paragraph, table

ARGUMENTS = ("x", "y", "z")
"""What the derivatives call the arguments."""


def _arguments(function: Function) -> tuple[str, ...]:
    return (*ARGUMENTS[: min(function.arity, 2)], "...") if function.variadic else ARGUMENTS[: function.arity]


def _filled(template: str, function: Function) -> str:
    arguments = _arguments(function)
    words = dict(zip(ARGUMENTS, arguments, strict=False))
    return template.format(**words, operands=", ".join(arguments), axis="", index="index", text="text")


def _call(function: Function) -> str:
    """Write how it is called: as NumPy text has it, or with all of its options."""
    if function.python:
        return _filled(function.python, function)
    options = [f"{name}={value!r}" for name, value in function.options.items() if name != INDEX]
    return f"{function.name}({', '.join([*_arguments(function), *options])})"


def _derivatives(function: Function) -> str:
    if function.derivatives is None:
        return "none"
    if len(function.derivatives) == 1 and function.derivatives[0]:
        return code(function.derivatives[0].replace("{operands}", ", ".join(_arguments(function))))
    rules = zip(ARGUMENTS, function.derivatives, strict=False)
    return "<br>".join(f"{name}: {code(rule) if rule else 'none'}" for name, rule in rules)


def _row(function: Function) -> tuple[str, str, str, str]:
    mathematics = _filled(function.notation or function.name + "({operands})", function)
    return code(_call(function)), mathematics, function.explanation, _derivatives(function)


def functions() -> str:
    """Write a table for each family of functions."""
    parts = []
    for family in (*COMMON_FAMILIES, *OTHER_FAMILIES):
        rows = map(_row, family.ENTRIES)  # a module that waits has run by now, and has its docstring
        title = family.__name__.rpartition(".")[2].capitalize()
        head = ("function", "in mathematics", "what it gives", "gradient")
        parts.append(f"## {title}\n\n{first_paragraph(family.__doc__)}\n\n{table(head, rows)}")
    return "\n\n".join(parts)
