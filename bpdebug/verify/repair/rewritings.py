"""What may be rewritten in the lines of the backward pass: positions, bounds, arguments, whole statements.

Each statement of the functions in which something is wrong is looked at, also one that computes no tensor.
What might stand there is taken from the code around it: another tensor of the same shape as an argument,
another integer, the statement that does the same on the way forward.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from functools import cached_property

from bpdebug.sources.script import Instance, Recording, SourceRange
from bpdebug.sources.script.recorder.records import ValueOf
from bpdebug.verify.repair.places import frames_from
from bpdebug.verify.repair.reruns import Rewriting
from bpdebug.verify.repair.rules.positions import arguments_only, replacements
from bpdebug.verify.repair.rules.replacement import Scope
from bpdebug.verify.repair.scopes import scope_of
from bpdebug.verify.repair.suspects import Suspect
from bpdebug.verify.repair.trees import Code, spots
from bpdebug.verify.repair.wording import SENTENCES, sentence
from bpdebug.verify.repair.written_statements import (
    WrittenStatement,
    expressions_of,
    form_of,
    have_same_target,
    head_of,
    is_at,
    place_of,
    renamed,
    statements_in,
)

ALIKE = 0.72
"""From so much likeness on, a statement may have been meant as another one (the ratio of `difflib`)."""
MOST_OF_A_STATEMENT = 40
WRITTEN_SO = 0.35
"""So much likelier is what stands elsewhere in the person's code."""
TWICE, BESIDE = 0.03, 6
"""So much less likely are two lines than one; and so many lines apart they stand at most."""


class Rewritings:
    """Finds what may be rewritten.

    Parameters
    ----------
    recording : Recording
        What ran.
    value_of : callable
        The value of each node.
    forward : collection of int
        The numbers of the nodes of the forward pass: their lines stay as they are.
    """

    def __init__(self, recording: Recording, value_of: ValueOf, forward: Collection[int]) -> None:
        self.recording, self.value_of = recording, value_of
        self._scopes: dict[Instance, Scope] = {}
        nodes = [recording.nodes[number] for number in forward]
        self.forward = {(node.site.place.file, node.site.line) for node in nodes if node.site is not None}

    def around(self, suspects: Sequence[Suspect]) -> list[Rewriting]:
        """Return what may be rewritten in the functions of some lines and in those that call them.

        Parameters
        ----------
        suspects : sequence of Suspect
            Where something is wrong. The likelier rewritings come first.
        """
        functions = dict.fromkeys(self._functions(suspects))
        lines = [one.site.line for one in suspects]
        found: dict[tuple[SourceRange, str], Rewriting] = {}
        for file, function in functions:
            for statement in self._statements(file, function):
                nearness = 0.01 * min((abs(statement.place.line - line) for line in lines), default=0)
                for one in self._of(statement):
                    nearer = one._replace(cost=one.cost + min(nearness, 0.3))
                    known = found.get((one.place, one.correction))
                    if known is None or known.cost > nearer.cost:
                        found[one.place, one.correction] = nearer
        return sorted(found.values(), key=lambda one: one.cost)

    def at(self, file: str, line: int) -> Iterator[tuple[SourceRange, ast.stmt, Instance]]:
        """Yield the expressions of the statement on a line, but for those that are added to something."""
        for one in self._every:
            is_there = one.place.file == file and one.place.line <= line <= one.place.end_line
            instance = self._instance_near(one) if is_there else None
            if instance is not None and isinstance(one.tree, ast.Assign | ast.Return | ast.Expr):
                for expression in expressions_of(one.tree):
                    yield place_of(expression, file), one.tree, instance

    def _functions(self, suspects: Sequence[Suspect]) -> Iterator[tuple[str, str]]:
        """Yield the file and the name of the functions that some lines ran in, the innermost first."""
        for suspect in suspects:
            yield suspect.site.place.file, suspect.site.function
        for suspect in suspects:
            for frame in frames_from(suspect.first.frame.parent):
                if frame.site is None:
                    yield self.recording.path, ""
                else:
                    yield frame.site.place.file, frame.site.function

    def _statements(self, file: str, function: str) -> list[WrittenStatement]:
        own = [one for one in self._every if one.place.file == file and one.function == function]
        return [one for one in own if (file, one.place.line) not in self.forward]

    @cached_property
    def _every(self) -> list[WrittenStatement]:
        """All simple statements, and the heads of loops and branches, of all files."""
        found: list[WrittenStatement] = []
        for file in dict.fromkeys(site.place.file for site in self.recording.own_sites):
            source = self.recording.source(file)
            if source is not None:
                found += statements_in(ast.parse(source.text), file, "")
        return found

    @cached_property
    def _replayed(self) -> set[SourceRange]:
        """The expressions whose edits a replay can judge, unless they call a function of the person's."""
        return {one.site.place for one in self.recording.instances if one.node is not None}

    def _of(self, statement: WrittenStatement) -> Iterator[Rewriting]:
        instance = self._instance_near(statement)
        if instance is None:
            return
        own = [
            *self._of_expressions(statement, instance),
            *self._twins(statement),
            *self._of_whole(statement),
        ]
        yield from sorted(own, key=lambda one: one.cost)[:MOST_OF_A_STATEMENT]

    def _instance_near(self, statement: WrittenStatement) -> Instance | None:
        """Return the execution of something in the same function that knows most names."""
        near = [
            one
            for one in self.recording.instances
            if one.site.function == statement.function and one.site.place.file == statement.place.file
        ]
        after = (one for one in near if one.site.line >= statement.place.line)
        return next(after, near[-1] if near else None)

    def _of_expressions(self, statement: WrittenStatement, instance: Instance) -> Iterator[Rewriting]:
        source = self.recording.source(statement.place.file)
        assert source is not None
        for expression in expressions_of(statement.tree):
            place = place_of(expression, statement.place.file)
            code = Code(source.code(place))
            scope = self._scope(instance)
            rules = arguments_only if place in self._replayed else replacements
            for spot in spots(code.tree):
                for new, kind, cost, part in rules(spot, scope):
                    text = code.with_replaced(spot, new)
                    cost -= WRITTEN_SO * (ast.unparse(new) in self._written)
                    one = Rewriting(place, code.text, text, sentence(kind, part, code), cost)
                    yield one
                    yield from self._of_both(one, statement)

    def _of_both(self, one: Rewriting, statement: WrittenStatement) -> Iterator[Rewriting]:
        """Rewrite what stands beside a statement and is written alike in the same way: rows, and columns."""
        for other in self._alike.get(form_of(statement.tree), ()):
            names = renamed(statement.tree, other.tree)
            is_beside = 0 < other.place.line - statement.place.line <= BESIDE
            if not (names and is_beside and other.place.file == one.place.file):
                continue
            pairs = zip(ast.walk(statement.tree), ast.walk(other.tree), strict=True)
            theirs = next((two for own, two in pairs if is_at(own, one.place)), None)
            source = self.recording.source(one.place.file)
            if not isinstance(theirs, ast.expr) or source is None:
                continue
            place = one.place._replace(
                end_line=other.place.end_line,
                end_column=other.place.end_column,
                column=statement.place.column,
            )
            text = ast.parse(one.correction, mode="eval")
            for name in ast.walk(text):
                if isinstance(name, ast.Name):
                    name.id = names.get(name.id, name.id)
            rows = source.code(place).encode().split(b"\n")
            for at, new in ((place_of(theirs, place.file), ast.unparse(text)), (one.place, one.correction)):
                shift = place.column if at.line == place.line else 0
                row = rows[at.line - place.line]
                begin, end = at.column - shift, at.end_column - shift
                rows[at.line - place.line] = row[:begin] + new.encode() + row[end:]
            said = f"{one.explanation}, and in line {other.place.line} too"
            yield Rewriting(place, source.code(place), b"\n".join(rows).decode(), said, one.cost + TWICE)

    @cached_property
    def _written(self) -> frozenset[str]:
        """All expressions that stand anywhere, as they would be written again."""
        trees = (node for one in self._every for node in ast.walk(one.tree))
        return frozenset(ast.unparse(one) for one in trees if isinstance(one, ast.BinOp))

    @cached_property
    def _alike(self) -> Mapping[str, Sequence[WrittenStatement]]:
        """The statements of one line that store a number under a name, by their form."""
        found: dict[str, list[WrittenStatement]] = defaultdict(list)
        for one in self._every:
            if isinstance(one.tree, ast.Assign) and one.place.line == one.place.end_line:
                found[form_of(one.tree)].append(one)
        return found

    def _of_whole(self, statement: WrittenStatement) -> Iterator[Rewriting]:
        """Add in place to what other names hold as well."""
        source = self.recording.source(statement.place.file)
        assert source is not None
        code, tree = source.code(statement.place), statement.tree
        if isinstance(tree, ast.Assign) and isinstance(tree.targets[0], ast.Name) and "\n" not in code:
            new = code.replace("=", "+=", 1)
            yield Rewriting(statement.place, code, new, SENTENCES["= for +="], 1.2)

    def _scope(self, instance: Instance) -> Scope:
        if instance not in self._scopes:
            self._scopes[instance] = scope_of(self.recording, instance, self.value_of)
        return self._scopes[instance]

    def _twins(self, statement: WrittenStatement) -> Iterator[Rewriting]:
        """Yield the statements that look like this one: much is done forwards and again backwards."""
        source = self.recording.source(statement.place.file)
        if source is None or not isinstance(statement.tree, ast.Assign | ast.AugAssign | ast.For):
            return
        own = head_of(source.code(statement.place), statement.tree)
        for other in self._every:
            if type(other.tree) is not type(statement.tree) or other.function == statement.function:
                continue
            if isinstance(other.tree, ast.For) and not have_same_target(other.tree, statement.tree):
                continue
            theirs = self.recording.source(other.place.file)
            text = head_of(theirs.code(other.place), other.tree) if theirs else ""
            alike = SequenceMatcher(None, own, text).ratio()
            if text != own and alike >= ALIKE and "\n" not in own + text:
                place = statement.place._replace(
                    end_line=statement.place.line, end_column=statement.place.column + len(own.encode())
                )
                said = f"line {other.place.line} does the same, and is written `{text}`"
                yield Rewriting(place, own, text, said, 1.9 - alike)
