"""A person's variables in a recorded program: names as written, and the versions that each has had.

`self.w`, `grads["W1"]` and `delta` are names of a recorded program like any other. A variable that is
assigned again has another version, `delta ·2`; one who asks for `delta` means the version of that moment.
Whoever gives a version its name also says, as data, which variable it is a version of.
"""

from __future__ import annotations

import ast
from bisect import bisect_right
from collections.abc import Iterable, Mapping
from functools import cached_property

from bpdebug.engine.language.nodes import Expression, Name, rewrite
from bpdebug.engine.language.parsing import parse_with

SIGN = "·"
"""What a version has before its number."""


def version_name(variable: str, number: int) -> str:
    """Return what a version of a variable is called: `delta`, `delta ·2`."""
    return variable if number == 1 else f"{variable} {SIGN}{number}"


def version_written(text: str) -> str:
    """Return a version as it is called, that someone may have written without the blank: `delta·2`."""
    return text.replace(SIGN, f" {SIGN}")


def normalised(text: str) -> str:
    """Return a person's name as Python would write it: quotes and blanks do not tell names apart."""
    if text.isidentifier():
        return text
    try:
        return ast.unparse(ast.parse(text.strip(), mode="eval"))
    except (SyntaxError, ValueError):
        return text


class Variables:
    """The variables of a program.

    Parameters
    ----------
    inputs : iterable of str
        What is given.
    positions : mapping
        Result -> the number of its statement.
    versions : mapping
        Name of a version -> its variable, for those that are called differently.
    """

    def __init__(
        self, inputs: Iterable[str], positions: Mapping[str, int], versions: Mapping[str, str]
    ) -> None:
        self.versions = versions
        self.written: dict[str, tuple[list[int], list[str]]] = {}
        for name, position in (*((name, 0) for name in inputs), *positions.items()):
            when, versions_of_it = self.written.setdefault(self.variable(name), ([], []))
            when.append(position)
            versions_of_it.append(name)

    def variable(self, name: str) -> str:
        """Return the variable that a name is a version of."""
        return self.versions.get(name, name)

    @cached_property
    def known(self) -> Mapping[str, str]:
        """Every variable as Python would write it -> its first version, which stands for all of them."""
        return {normalised(variable): versions[0] for variable, (_, versions) in self.written.items()}

    def read(self, text: str) -> Expression:
        """Read an expression over a person's names; a version may be named, `delta ·2` or `delta·2`.

        Raises
        ------
        ExpressionError
            As `parse`.
        """
        spelled: dict[str, str] = {}
        if SIGN in text:
            known = (name for _, names in self.written.values() for name in names if name in self.versions)
            for name in sorted(known, key=len, reverse=True):
                for form in (name, name.replace(f" {SIGN}", SIGN)):
                    if form in text:  # Python has no such name: a plain one takes its place
                        stand_in = f"version_{len(spelled)}_"
                        spelled[stand_in] = name
                        text = text.replace(form, stand_in)
        return parse_with(text, {**self.known, **spelled} if spelled else self.known)

    def version_at(self, name: str, position: int) -> str:
        """Return the version of a variable at a position; before it has one, the first."""
        when, versions = self.written.get(name, ([0], [name]))
        return versions[max(0, bisect_right(when, position) - 1)]

    def at(self, expression: Expression, position: int) -> Expression:
        """Return an expression over the versions of a position; a name with a number stays as it is."""

        def version(node: Expression) -> Expression:
            return Name(self.version_at(node.id, position)) if isinstance(node, Name) else node

        return rewrite(expression, version)

    def positions_of(self, name: str) -> tuple[int, ...]:
        """Return where the versions of a variable are written, in order."""
        when, _ = self.written.get(name, ([], []))
        return tuple(position for position in when if position)
