"""Which line of a custom Function's backward is wrong, and what it should be.

A function is called once, and gone back through with random incoming gradients, while everything is recorded.
Each custom Function that was called in it is then judged by itself, on what went into its backward and what
came out of it: the right gradients are derived from its recorded forward. So one that is wrong does not make
those before it look wrong.
"""

from __future__ import annotations

import inspect
import linecache
from collections.abc import Callable, Collection, Iterator, Sequence
from types import FunctionType
from typing import Any, NamedTuple

import torch

from bpdebug.engine.language.provenance.origins import element_text
from bpdebug.errors import Problem, ScriptError
from bpdebug.sources.script import Recording
from bpdebug.sources.script.analysis.functions import calls_of, cut_out
from bpdebug.sources.script.conversion.statements import shown
from bpdebug.sources.script.watched import Recorded, watched
from bpdebug.sources.torch.analysis import analysis_of
from bpdebug.sources.torch.functions import code_of, custom_functions
from bpdebug.sources.torch.tensors import within
from bpdebug.sources.torch.watcher import Watcher
from bpdebug.torch.shrinking import shrunk
from bpdebug.verify.repair.functions import check_function
from bpdebug.verify.repair.report import Finding, ScriptReport

SECONDS = 20.0
"""How long corrections of one Function are searched for."""


class BackwardReport(NamedTuple):
    """What was found in the custom Functions that a function calls.

    Attributes
    ----------
    reports : tuple of ScriptReport
        One for each Function: the verdicts on the gradients of its inputs, and its faults.
    notes : tuple of str
        What else there is to say, a sentence each.
    intended : tuple of str
        The Functions that were called and are meant to be otherwise.
    """

    reports: tuple[ScriptReport, ...]
    notes: tuple[str, ...] = ()
    intended: tuple[str, ...] = ()

    @property
    def findings(self) -> tuple[Finding, ...]:
        """The faults of all of them."""
        return tuple(finding for report in self.reports for finding in report.findings)

    @property
    def passed(self) -> bool:
        """Whether gradients were judged, and none is wrong; those that are meant otherwise do not count."""
        judged = [report for report in self.reports if report.is_judged]
        return bool(judged or self.intended) and all(report.passed for report in judged)

    def __str__(self) -> str:
        return "".join(f"{line}\n" for line in self._lines())

    def _lines(self) -> Iterator[str]:
        for report in self.reports:
            for finding in report.findings:
                yield f"{shown(finding.source.file)}:{finding.source.line}: {_sentence(finding)}"
                yield f"    {finding.explanation}"
                if finding.elements is not None:
                    place, mine, right = finding.elements
                    element = element_text(finding.tensor, place)
                    yield f"    {element} is {mine:.6g}, and should be {right:.6g}"
            for name, verdict in report.verdicts.items():
                yield f"{report.file}: the gradient of {name} is {verdict}"
            yield from report.assumed.notes
        yield from self.notes


def _sentence(finding: Finding) -> str:
    yours = " ".join(finding.source.code.split())
    stored = f"{finding.tensor} = " if finding.tensor.isidentifier() else ""
    if finding.correction is None:
        return f"{stored}{yours}"
    return f"{stored}{yours} should be {' '.join(finding.correction.split())}"


class _Recorded(NamedTuple):
    """A run of a function, and the tensors that it was given, whose gradients nobody has asked for."""

    recording: Recording
    free: frozenset[int]


def check_backward(
    function: Callable[..., Any],
    *inputs: Any,
    only: Collection[type] | type | None = None,
    intended: Collection[type] | type = (),
    reference: Callable[..., Any] | None = None,
    tolerance: float | None = None,
    seed: int = 0,
    seconds: float = SECONDS,
) -> BackwardReport:
    """Check the backward of every custom `autograd.Function` that a function calls.

    Parameters
    ----------
    function : callable
        A function of tensors, a module, or `MyFunction.apply`; it is called once.
    *inputs
        What it is called with. Gradients are asked for of those tensors among them that require one; where
        none does, of all tensors of floats, and then a backward may return None for one.
    only : class or collection of classes, optional
        The only Functions to look at.
    intended : class or collection of classes
        Functions whose backward is meant to be another than the derivative: a straight-through estimator, a
        reversal of gradients. They are not judged.
    reference : callable, optional
        For a forward that torch does not see into: a function of torch's operations of the same inputs that
        gives the same outputs. It is derived in place of the forward; so only one Function may be looked at.
    tolerance : float, optional
        How far a gradient may lie from the derived one, relative to the largest element; by default 1e-7 for
        64 bits, 1e-4 for 32, and 1e-2 for 16.
    seed : int
        Of the random incoming gradients.
    seconds : float
        How long corrections of one Function are searched for.

    Returns
    -------
    BackwardReport
        Its text names the line and what should stand there.

    Raises
    ------
    ScriptError
        If the source of a Function cannot be read, or it is called within another recording.
    Exception
        Whatever the function raises.
    """
    meant = _classes(intended)
    wanted = None if only is None else _classes(only)
    found = _on_smaller_inputs(function, inputs, only, intended, reference, tolerance, seed, seconds)
    recording, free = _run(function, inputs, seed)
    calls = calls_of(recording)
    reports: list[ScriptReport] = []
    notes: list[str] = []
    seen: set[type] = set()
    for call in calls:
        if call.function in seen or call.function in meant or (wanted and call.function not in wanted):
            continue
        with cut_out(call):
            one = analysis_of(recording, call, free, tolerance, reference)
            if one is None:
                continue
            seen.add(call.function)
            known = found.get(call.name, ())
            report = check_function(one, 0.0 if known else seconds).report
            report = report._replace(findings=known) if known and not report.passed else report
            reports.append(report)
        if "wrong" in report.verdicts.values():
            notes.append(
                f"{call.name}: if its backward is not meant to be the derivative: intended={call.name}"
            )
        notes += [f"{call.name}: backward returns None for {name}, which is not judged" for name in one.free]
    reached = {call.function for call in calls}
    waiting = [call for call in recording.functions if any(call.wanted) and call.function not in reached]
    notes += [
        f"{name}: its backward was not called, or in another thread, which is not seen"
        for name in dict.fromkeys(call.name for call in waiting)
    ]
    intended_ones = tuple(one.__qualname__ for one in meant if one in reached)
    notes += [f"{name} is meant to be as it is, and was not judged" for name in intended_ones]
    if not calls and not waiting:
        notes.append("no custom autograd.Function was called: torch derives all of this itself")
    return BackwardReport(tuple(reports), tuple(notes), intended_ones)


def _on_smaller_inputs(
    function: Callable[..., Any], inputs: Sequence[Any], *options: Any
) -> dict[str, tuple[Finding, ...]]:
    """Return what is found in each Function where the inputs are cut down, if it can be called with these."""
    smaller = shrunk(inputs)
    if smaller is None:
        return {}
    only, intended, reference, tolerance, seed, seconds = options
    try:
        report = check_backward(
            function,
            *smaller,
            only=only,
            intended=intended,
            reference=reference,
            tolerance=tolerance,
            seed=seed,
            seconds=seconds,
        )
    except Exception:
        return {}  # it needs the extents that it has
    return {
        one.file: one.findings
        for one in report.reports
        if one.findings and all(finding.verified for finding in one.findings)
    }


def assert_backward(function: Callable[..., Any], *inputs: Any, **options: Any) -> None:
    """Check as `check_backward` does, in a test.

    Raises
    ------
    AssertionError
        If a backward is wrong, or there is none; with the report.
    """
    report = check_backward(function, *inputs, **options)
    if not report.passed:
        raise AssertionError(str(report))


def _classes(given: Collection[type] | type) -> tuple[type, ...]:
    return (given,) if isinstance(given, type) else tuple(given)


def _run(function: Callable[..., Any], inputs: Sequence[Any], seed: int) -> _Recorded:
    own = [
        one
        for one in map(code_of, _functions(function))
        if isinstance(one, FunctionType) and linecache.getlines(one.__code__.co_filename, one.__globals__)
    ]
    if not own:
        message = "there is no custom autograd.Function whose source can be read"
        hint = "expected a function that calls one, or its `apply`"
        raise ScriptError(Problem("check_backward", "", message, hint))
    first = own[0]
    recorded = Recorded()
    generator = torch.Generator().manual_seed(seed)
    is_asked = any(isinstance(one, torch.Tensor) and one.requires_grad for one in inputs)
    given = [_asked(one, is_asked) for one in inputs]
    code = first.__code__
    with watched(code.co_filename, code.co_firstlineno, first.__globals__, recorded, own) as recorder:
        watcher = recorder.other if recorder is not None else None
        if not isinstance(watcher, Watcher):
            raise ScriptError(
                Problem("check_backward", "", "something else is being recorded", "call it by itself")
            )
        with torch.enable_grad():
            outputs = [one for one in within(function(*given), torch.Tensor) if one.requires_grad]
            incoming = [
                torch.randn(one.shape, generator=generator, dtype=torch.float64).to(one.dtype)
                for one in outputs
            ]
            try:
                if outputs:
                    torch.autograd.backward(outputs, incoming)
            except RuntimeError:
                if not any(call.gradients for call in watcher.functions):
                    raise  # else autograd refuses what a backward has returned: that is judged
        with watcher.alone():
            free = frozenset(watcher.node_of(one).origin.id for one in given if isinstance(one, torch.Tensor))
    return _Recorded(recorded.recording, frozenset() if is_asked else free)


def _functions(function: Callable[..., Any]) -> Iterator[Any]:
    """Yield the person's functions that may run: the one that is given, and those of all custom Functions."""
    plain = getattr(function, "__func__", function)
    if isinstance(function, torch.nn.Module):
        plain = type(function).forward
    if inspect.isfunction(inspect.unwrap(plain)):
        yield plain
    for one in custom_functions():
        for name in ("forward", "backward", "vjp", "setup_context"):
            if name in vars(one):
                yield vars(one)[name]


def _asked(value: Any, is_asked: bool) -> Any:
    """Return a leaf of the same values that a gradient is asked for of, if it is a tensor of floats.

    Where the person asks for the gradients of some, only of these.
    """
    if not isinstance(value, torch.Tensor) or not value.is_floating_point():
        return value
    return value.detach().clone().requires_grad_(value.requires_grad or not is_asked)
