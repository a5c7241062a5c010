"""The edits of a line: what might stand there, as values to compute everything again with.

Edits that leave the line's value as it was on all values of the parameters, or that raise, are none. Who
writes `np.dot` everywhere is not told to write `@`.
"""

from __future__ import annotations

import ast
import time
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property, lru_cache, partial
from typing import Any, NamedTuple

import numpy as np

from bpdebug.engine.language.forms import Shape
from bpdebug.sources.script import Instance, Node, Recording
from bpdebug.sources.script.evaluation import LookedUp
from bpdebug.sources.script.recorder.records import ValueOf
from bpdebug.verify.repair.aliases import read_before
from bpdebug.verify.repair.edits import RULES, Edit, distinct, suggested
from bpdebug.verify.repair.evaluating import Rewritten, value_at
from bpdebug.verify.repair.known import KnownGradients
from bpdebug.verify.repair.places import sum_of
from bpdebug.verify.repair.replay import Replaced, Replay
from bpdebug.verify.repair.rules.nodes import PRODUCTS, as_calls
from bpdebug.verify.repair.rules.replacement import Rule, Scope
from bpdebug.verify.repair.scopes import scope_of
from bpdebug.verify.repair.suspects import Suspect
from bpdebug.verify.repair.trees import Code
from bpdebug.verify.repair.trying import ANY_COST, Candidate, Costs, Progress, Trial, unsaid
from bpdebug.verify.repair.wording import sentence

BETWEEN_LOOKS = 16
"""After so many edits it is asked whether the time is over."""
MOST_KEPT = 50_000
"""So many edits are remembered, of all lines together."""


class _Line(NamedTuple):
    """What is known of a line with some corrections, which is asked for several times.

    Attributes
    ----------
    before : mapping
        The corrections.
    scope : Scope
        What can be written on it.
    found : dict
        What rules suggest for the expression, or for a part of it.
    changes : dict of (str, bool)
        Of each text that was evaluated there, whether its value is another.
    """

    before: Replaced
    scope: Scope
    found: dict[tuple[ast.expr, Sequence[Rule]], list[Edit]]
    changes: dict[str, bool]


class LineEdits:
    """Yields the edits of lines, as long as there is time.

    Parameters
    ----------
    recording : Recording
        What ran.
    replay : Replay
        Computes it again.
    trials : sequence of Trial
        The recording itself, then fresh values.
    known : KnownGradients
        Says what a value is known to be, and of which shape a gradient must be.
    deadline : float
        When it ends, on the clock of `time.thread_time`: what this thread has worked, whatever else is busy.
    progress : callable
        Is told of every edit.

    Attributes
    ----------
    is_stopped : bool
        Whether someone has ended it, by Ctrl+C or from `progress`: what was found until then stays.
    returned : frozenset of int
        The gradients that a function returns; see `Judge`.
    """

    returned: frozenset[int] = frozenset()

    def __init__(
        self,
        recording: Recording,
        replay: Replay,
        trials: Sequence[Trial],
        known: KnownGradients,
        deadline: float,
        progress: Progress = unsaid,
    ) -> None:
        self.recording, self.replay, self.trials = recording, replay, trials
        self.known, self.deadline, self.progress = known, deadline, progress
        self._lines: dict[tuple[Instance, bool, tuple[str, ...]], _Line] = {}
        self._code = lru_cache(maxsize=None)(Code)
        self.tried = 0
        self.is_stopped = False

    @property
    def is_over(self) -> bool:
        """Whether the time is over, or someone has stopped it."""
        return self.is_stopped or time.thread_time() > self.deadline

    def candidates(
        self,
        suspect: Suspect,
        before: Replaced,
        rules: Sequence[Rule] = RULES,
        further: Sequence[str] = (),
        costs: Costs = ANY_COST,
    ) -> Iterator[Candidate]:
        """Yield the edits of a line's expression that change its value, the likelier first.

        Parameters
        ----------
        suspect : Suspect
            The line.
        before : mapping
            Corrections that have been made already, of other faults.
        rules : sequence of callable
            What is tried.
        further : sequence of str
            Tensors that may be meant although nothing around reads them.
        costs : Costs
            How unlikely they may be.
        """
        site, first = suspect.site, suspect.first
        given = given_by(first)
        if given is None:
            return
        try:
            code = self._code(site.code)
        except (SyntaxError, RecursionError):
            return
        value_of = self.replay.run(before) if before else self.replay.recorded
        fresh = self.replay.run({**self.trials[-1].replaced, **before})
        recorded, otherwise = self.replay.recorded(given), fresh(given)
        unchanged = dict(
            one for instance in suspect.instances for one in read_before(self.recording, instance)
        )
        here: LookedUp = {}
        there: LookedUp = {}

        def changed(text: str) -> Any:
            try:
                value = value_at(self.recording, first, text, value_of, here)
                # Where a scale is 1 or a shift 0, it changes something on other values alone.
                is_same = len(suspect.instances) == 1 and _same(value, recorded)
                if is_same and _same(value_at(self.recording, first, text, fresh, there), otherwise):
                    return None
            except Exception:  # an edit may raise anything: then it is none
                return None
            return value if _is_value(value) else None

        known = self._line(suspect, before, tuple(further)).changes
        for edit in self.edits_of(suspect, code.tree, before, rules, further, costs):
            text, value = edit.text, None
            if text not in known:
                value = changed(text)
                known[text] = value is not None
            if not known[text]:
                continue
            replaced = unchanged | dict(
                self.replaced(instance, text) for instance in suspect.instances if given_by(instance)
            )
            words = partial(_words, code, edit)
            yield Candidate(site.place, site.code, edit.cost, replaced, edit.replacement.kind, words, value)

    def edits_of(
        self,
        suspect: Suspect,
        tree: ast.expr,
        before: Replaced,
        rules: Sequence[Rule] = RULES,
        further: Sequence[str] = (),
        costs: Costs = ANY_COST,
    ) -> Iterator[Edit]:
        """Yield the edits of a line's expression, or of a part of it, as long as there is time.

        Parameters
        ----------
        tree : ast.expr
            The expression, or the part.
        suspect, before, rules, further, costs
            As `candidates` takes them.
        """
        line = self._line(suspect, before, tuple(further))
        key = tree, tuple(rules)
        if key not in line.found:
            line.found[key] = suggested(tree, line.scope, rules)
        for edit in distinct(tree, line.found[key], costs.least, costs.most):
            if self.tried % BETWEEN_LOOKS == 0 and self.is_over:  # to look at the clock takes time itself
                return
            self.tried += 1
            self.progress(suspect.site.line, self.tried)
            if "@" in edit.text and self._product:
                edit = _called_instead(edit, f"{line.scope.library}.{self._product}")
            yield edit

    def _line(self, suspect: Suspect, before: Replaced, further: tuple[str, ...]) -> _Line:
        """Return what is known of a line; with the same corrections it is looked for once."""
        key = suspect.first, len(suspect.instances) == 1, further
        known = self._lines.get(key)
        if known is None or known.before is not before:
            if sum(len(found) for one in self._lines.values() for found in one.found.values()) > MOST_KEPT:
                self._lines.clear()
            value_of = self.replay.run(before) if before else self.replay.recorded
            names = [*further, *self.known.parameters]
            other = self.trials[-1].replaced
            fresh = self.replay.run({**other, **before}) if other else None
            scope = scope_of(self.recording, suspect.first, value_of, names, self._expected(suspect), fresh)
            known = self._lines[key] = _Line(before, scope, {}, {})
        return known

    def wanted(self, suspect: Suspect) -> Any:
        """Return the gradient that a line is named after, as many times as all are; or None."""
        node, ratio = suspect.first.node, self.known.ratio
        named = [] if node is None or suspect.first.result is not node else self.known.named(node.names)
        gradients = self.trials[0].gradients
        if len(named) != 1 or named[0] not in gradients:
            return None
        return np.asarray(gradients[named[0]], dtype=float) * (1.0 if ratio is None else ratio)

    def _expected(self, suspect: Suspect) -> Shape | None:
        """Return the shape of what a line computes, by the name that it gives it."""
        shapes = {self.known.shape_of(target.text) for target in suspect.site.targets}
        return shapes.pop() if len(shapes) == 1 else None

    def replaced(self, instance: Instance, text: str) -> tuple[int, Callable[[ValueOf], Any]]:
        """Return what another expression changes: its own value, or what `x += v` makes of that of others."""
        node, added = given_by(instance), sum_of(instance)
        assert node is not None
        if added is not None and added.operands[1] is node:
            return added.id, Rewritten(self.recording, instance, text, added)
        return node.id, Rewritten(self.recording, instance, text)

    def is_returned(self, suspect: Suspect) -> bool:
        """Whether a line gives a gradient that a function returns: that it is right then says nothing."""
        return any(one.node is not None and one.node.origin.id in self.returned for one in suspect.involved)

    def fits_its_name(self, candidate: Candidate, suspect: Suspect) -> bool:
        """Whether an edit has the shape that the name says that it is stored under."""
        first, wanted = suspect.first, self._expected(suspect)
        if first.node is None or wanted is None or first.node.id not in candidate.replaced:
            return False
        try:
            return np.shape(candidate.replaced[first.node.id](self.replay.recorded)) == wanted
        except Exception:
            return False

    def is_misshapen(self, suspect: Suspect) -> bool:
        """Whether a line gives something of another shape than its name says."""
        wanted, node = self._expected(suspect), suspect.first.node
        return wanted is not None and node is not None and node.shape != wanted

    @cached_property
    def _product(self) -> str:
        """The function that matrix products are written with throughout; empty where it is the operator."""
        codes = [site.code for site in self.recording.own_sites]
        if any("@" in code for code in codes):
            return ""
        return next((name for name in PRODUCTS if any(f".{name}(" in code for code in codes)), "")


def given_by(instance: Instance) -> Node | None:
    """Return the value of an expression: of a call that is a whole statement, what it writes to a tensor."""
    return instance.result if instance.node is None and instance.site.kind == "call" else instance.node


def _words(code: Code, edit: Edit) -> tuple[str, str]:
    """Write an edit, and say what was wrong."""
    replacement = edit.replacement
    return code.with_replaced(edit.spot, replacement.new), sentence(replacement.kind, replacement.part, code)


def _called_instead(edit: Edit, function: str) -> Edit:
    written = edit.replacement
    part = None if written.part is None else as_calls(written.part, function)
    return Edit(edit.spot, written._replace(new=as_calls(written.new, function), part=part))


def _is_value(value: Any) -> bool:
    return isinstance(value, np.ndarray | np.generic | float | int) and not isinstance(value, bool)


def _same(value: Any, recorded: Any) -> bool:
    """Whether an edit changes nothing: up to rounding, `a * b` and `b * a` are the same."""
    return np.shape(value) == np.shape(recorded) and bool(
        np.allclose(value, recorded, 1e-12, 0, equal_nan=True)
    )
