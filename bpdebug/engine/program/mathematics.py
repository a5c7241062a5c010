"""Statements as mathematics writes them, by what a program knows of each tensor: no name is read back."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

from bpdebug.engine.language.derivation.names import is_called_after
from bpdebug.engine.language.nodes import Expression, Statement
from bpdebug.engine.language.printing import at_step, chain_rule, math_name, math_text
from bpdebug.engine.program.index import ProgramIndex


class Mathematics:
    """Writes the names and the statements of a program.

    Parameters
    ----------
    index : ProgramIndex
        What belongs to what in it.
    versions : mapping
        Name of a version -> the person's variable, for those that are called differently.
    """

    def __init__(self, index: ProgramIndex, versions: Mapping[str, str]) -> None:
        self.index, self.versions = index, versions

    def name(self, name: str) -> str:
        """Write a name: `w₂`, a gradient `dγ₁`, a time step above `h₁⁽³⁾`, a part `da₁ via z₂`, a version."""
        index = self.index
        statement = index.statement(name)
        if statement is not None and statement.part:
            return self._part(statement)
        tensor = index.tensor_of.get(name)
        if tensor is not None and is_called_after(name, tensor):
            return f"d{self.name(tensor)}"
        step = index.steps.get(name)
        if step is not None and step.number is not None:
            return at_step(math_name(step.name), step.number)
        variable = self.versions.get(name, name)
        return f"{math_name(variable)}{name[len(variable) :]}"

    def _part(self, statement: Statement) -> str:
        """Write a part of a gradient; of several through one tensor, which of them it is."""
        whole = self.name(self.index.gradient(statement.of))
        return f"{whole} via {self.name(statement.through[0])}{self._numbers[statement.name]}"

    @cached_property
    def _numbers(self) -> Mapping[str, str]:
        """Part -> its number among those through one tensor; nothing where it is the only one."""
        alike: dict[tuple[str, tuple[str, ...]], list[str]] = {}
        for parts in self.index.parts_of.values():
            for part in parts:
                if (statement := self.index.statement(part)) is not None:
                    alike.setdefault((statement.of, statement.through), []).append(part)
        return {
            part: f" ({number})" if len(parts) > 1 else ""
            for parts in alike.values()
            for number, part in enumerate(parts, start=1)
        }

    def text(self, expression: Expression) -> str:
        """Write an expression: `dz₂ · a₁ᵀ`."""
        return math_text(expression, self.name)

    def statement(self, statement: Statement) -> str:
        """Write a statement: `dw₂ = dz₂ · a₁ᵀ`."""
        return f"{self.name(statement.name)} = {self.text(statement.expression)}"

    def rule(self, statement: Statement) -> str:
        """Write the rule behind a statement: the chain rule of a gradient, else the statement itself."""
        if statement.phase == "backward":
            return chain_rule(statement, self.index.tensor_of, self.name)
        return self.statement(statement)
