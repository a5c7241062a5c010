"""The table of mutants: in every room mistakes as one makes them, and the test modules that catch them."""

from __future__ import annotations

from typing import NamedTuple


class Mutant(NamedTuple):
    """A mistake to plant.

    Attributes
    ----------
    file : str
        Where, from the root of the project.
    old, new : str
        What stands there, once, and what is put in its place.
    breaks : str
        What goes wrong by it.
    fast, deep : str
        For each tier the test modules that are to catch it, below `tests/`, separated by blanks.
    """

    file: str
    old: str
    new: str
    breaks: str
    fast: str
    deep: str

    def planted(self, text: str) -> str:
        """Return the text of the file with the mistake in it."""
        assert text.count(self.old) == 1, f"{self.file} has {text.count(self.old)} times {self.old!r}"
        return text.replace(self.old, self.new)

    def tests(self, tier: str) -> list[str]:
        """Return the test modules of a tier."""
        return {"fast": self.fast, "deep": self.deep}[tier].split()


MUTANTS = (
    # The engine
    Mutant(
        "bpdebug/engine/language/derivation/broadcasting.py",
        "axis: Option = repeated[0] if len(repeated) == 1 else repeated",
        "axis: Option = repeated[0]",
        "the gradient of what was repeated along several axes is summed over the first alone",
        fast="engine/network/layers/test_kinds.py",
        deep="oracle/test_pictures.py",
    ),
    Mutant(
        "bpdebug/engine/language/derivation/derive.py",
        "total = sum_of([piece for _, piece in contributions])",
        "total = contributions[-1][1]",
        "of a tensor that is used twice only the last use counts",
        fast="engine/language/derivation/test_derive.py",
        deep="engine/network/test_networks.py",
    ),
    Mutant(
        "bpdebug/engine/language/forms/elementwise.py",
        "return (*_broadcast_shape((x[:-2], y[:-2]), {}), x[-2], y[-1])",
        "return (*x[:-2], x[-2], y[-1])",
        "the shape of a product forgets the leading axes of its second operand",
        fast="engine/language/test_shapes.py",
        deep="engine/language/test_shapes.py",
    ),
    Mutant(
        "bpdebug/engine/language/forms/elementwise.py",
        "return tuple(slice(0, 1) if extent == 1 else part for part, extent in zip(own, shape, strict=True))",
        "return tuple(part for part, extent in zip(own, shape, strict=True))",
        "an element is said to come from elements that a repeated operand does not have",
        fast="engine/language/provenance/test_origins.py",
        deep="engine/language/test_functions.py",
    ),
    Mutant(
        "bpdebug/engine/language/printing.py",
        "if 10.0**digits <= max(abs(value), abs(rounded)) and",
        "if 10.0**digits < max(abs(value), abs(rounded)) and",
        "1000 is written 1e+03",
        fast="engine/language/test_printing.py",
        deep="engine/language/test_printing.py",
    ),
    Mutant(
        "bpdebug/engine/program/timeline.py",
        "return Moment(position if node else position - 1, 0, iteration)",
        "return Moment(position - 1, 0, iteration)",
        "a step back from within a statement goes one statement too far",
        fast="engine/debug/test_debugger.py",
        deep="engine/debug/test_debugger.py",
    ),
    Mutant(
        "bpdebug/engine/program/what_if.py",
        "                changed.add(result)\n",
        "",
        "what follows from an element that was set, two statements on, stays as it was",
        fast="engine/program/test_what_if.py",
        deep="engine/program/test_what_if.py",
    ),
    Mutant(
        "bpdebug/engine/network/layers/recurrence.py",
        '"c": "{f} * {c_before} + {i} * {g}"',
        '"c": "{f} * {c_before} + {i} * {f}"',
        "the cell of an LSTM takes in the forget gate in place of its candidate",
        fast="engine/network/layers/test_recurrence.py",
        deep="oracle/test_recurrence.py",
    ),
    Mutant(
        "bpdebug/engine/network/losses/objective.py",
        'total = f"sum({terms})" if self.reduction == "sum" else f"mean({terms})"',
        'total = f"mean({terms})"',
        "a loss that is a sum is a mean, and so are all gradients",
        fast="engine/network/losses/test_objective.py",
        deep="oracle/test_torch.py",
    ),
    Mutant(
        "bpdebug/engine/network/optimizers/kinds.py",
        'f"{moment}{NEW} / (1 - {beta} ** {COUNTER}{NEW})"',
        'f"{moment}{NEW} / (1 - {beta})"',
        "Adam corrects the bias of every iteration as that of the first",
        fast="engine/network/test_optimizers.py",
        deep="oracle/test_training.py",
    ),
    Mutant(
        "bpdebug/engine/health/units.py",
        "off = np.all(argument <= 0, axis=() if axis is None else axis)",
        "off = np.any(argument <= 0, axis=() if axis is None else axis)",
        "a unit is called dead that is off for one example",
        fast="engine/health/test_health.py",
        deep="engine/health/test_health.py",
    ),
    # Where a case comes from
    Mutant(
        "bpdebug/sources/literal.py",
        "    flaws = list(_flaws(value, shape, ()))\n",
        "    flaws = list[Flaw]()\n",
        "rows of different lengths, and words among numbers, are not refused",
        fast="sources/scenario/test_broken_files.py",
        deep="fuzz/test_scenarios.py",
    ),
    Mutant(
        "bpdebug/sources/declared.py",
        "if count <= MAX_ELEMENTS:",
        "if count < 10**18:",
        "a header of a few bytes may ask for all memory there is",
        fast="sources/tensors/test_refusals.py",
        deep="sources/tensors/test_refusals.py",
    ),
    Mutant(
        "bpdebug/sources/tensors/stored.py",
        "if found < self.size:",
        "if found < 0:",
        "an array that is cut off is read beyond its end",
        fast="sources/tensors/test_refusals.py",
        deep="sources/tensors/test_refusals.py",
    ),
    Mutant(
        "bpdebug/sources/script/recorder/objects.py",
        "if family is not None and known.version != family.version:",
        "if family is not None and known.version > family.version:",
        "a view stands for what it showed before its array was written to",
        fast="sources/script/test_records.py",
        deep="sources/script/test_records.py",
    ),
    Mutant(
        "bpdebug/sources/script/recorder/branches.py",
        "begins_later and inner.end_line <= outer.end_line",
        "begins_later",
        "what follows a branch is taken for what the branch decides",
        fast="sources/script/test_analysis.py",
        deep="sources/script/test_analysis.py",
    ),
    Mutant(
        "bpdebug/verify/repair/forgotten.py",
        "own.proving >= trial.proving and all(",
        "all(",
        "gradients that are 0 without a reading prove that it is forgotten",
        fast="verify/repair/test_forgotten.py",
        deep="verify/repair/test_forgotten.py",
    ),
    Mutant(
        "bpdebug/verify/repair/forgotten.py",
        "for trial in search.trials):",
        "for trial in search.trials[:1]):",
        "what is 0 at the start is taken for forgotten",
        fast="verify/repair/test_forgotten.py",
        deep="verify/repair/test_forgotten.py",
    ),
    Mutant(
        "bpdebug/verify/repair/rules/beside.py",
        "str(max(0, int(found[2]) + shift))",
        "str(max(0, int(found[2]) - shift))",
        "what another layer has is renumbered for the layer on its other side",
        fast="verify/repair/test_edits.py",
        deep="verify/repair/test_edits.py",
    ),
    Mutant(
        "bpdebug/sources/script/recorder/known.py",
        'node._value = node._value.copy(order="K")  # the layout decides how products are summed',
        "pass",
        "what was recorded of an array changes when the script writes to it in place",
        fast="sources/script/test_records.py",
        deep="sources/script/test_records.py",
    ),
    Mutant(
        "bpdebug/sources/script/recorder/library_calls.py",
        "        recorder.record(site, operator.add, (before, item), NOTHING, total)",
        "        recorder.record(site, operator.add, (start, item), NOTHING, total)",
        "of a `sum` only the last item flows into the total",
        fast="sources/script/test_records.py",
        deep="sources/script/test_records.py",
    ),
    Mutant(
        "bpdebug/sources/script/analysis/parameters.py",
        "if on_old[olds[place].id] & everything & ~own:",
        "if not on_old[olds[place].id] & everything:",
        "a value of the forward pass that is changed in place is called a parameter",
        fast="sources/script/test_analysis.py",
        deep="sources/script/test_analysis.py",
    ),
    Mutant(
        "bpdebug/sources/script/analysis/kinds.py",
        '_call("sum", _call("add", hit, miss))',
        '_call("sum", _call("subtract", hit, miss))',
        "the cross-entropy that an error of probabilities implies is none",
        fast="sources/script/test_analysis.py",
        deep="sources/script/test_analysis.py",
    ),
    Mutant(
        "bpdebug/sources/script/conversion/products.py",
        '"multiply", translator.reshaped(x, (-1, 1)), translator.reshaped(y, (1, -1))',
        '"multiply", translator.reshaped(x, (1, -1)), translator.reshaped(y, (-1, 1))',
        "an outer product of the script is written transposed",
        fast="sources/script/test_reference.py",
        deep="sources/script/test_reference.py",
    ),
    # What is said of gradients
    Mutant(
        "bpdebug/verify/comparison.py",
        "+ rtol * np.abs(np.where(np.isfinite(y), y, 0.0)) + rtol * scale + rounding",
        "+ 2e-5 * scale + rounding",
        "a mistake of 1e-5 in float64 is taken for rounding",
        fast="verify/test_comparison.py",
        deep="verify/test_comparison.py",
    ),
    Mutant(
        "bpdebug/verify/blame.py",
        "agrees(mine, np.asarray(evaluate(statement.expression, fed)), self.tolerance, allowed)",
        "agrees(mine, right, self.tolerance, allowed)",
        "a tensor that is right given what it was fed is blamed for the fault before it",
        fast="verify/test_diagnosis.py",
        deep="verify/test_layer_diagnosis.py",
    ),
    Mutant(
        "bpdebug/verify/diagnosis/every_step.py",
        "abs(other - step) <= 1 for other in steps",
        "abs(other - step) <= 2 for other in steps",
        "what is wrong at each step may read a step that is not its neighbour",
        fast="verify/test_every_step.py",
        deep="verify/test_every_step.py",
    ),
    Mutant(
        "bpdebug/verify/diagnosis/rules/arithmetic.py",
        'yield x, "constant left out" if is_term and isinstance(y, Number) else kind, 1.0',
        'yield y, "constant left out" if is_term and isinstance(y, Number) else kind, 1.0',
        "a factor that was left out at the end of a product is not found",
        fast="verify/test_diagnosis.py",
        deep="verify/test_every_step.py verify/test_layer_diagnosis.py",
    ),
    Mutant(
        "bpdebug/verify/repair/trials.py",
        "SEEDS = (0, 1)",
        "SEEDS = ()",
        "what the recorded values hide, or fit by chance, is not tried on fresh ones",
        fast="verify/repair/test_fresh_values.py",
        deep="verify/repair/test_fresh_values.py",
    ),
    Mutant(
        "bpdebug/verify/repair/search.py",
        'spoiled = {name for name, verdict in base.items() if verdict == "right"} - right',
        'spoiled = {name for name, verdict in base.items() if verdict == "right"} & right',
        "a line is mended by what spoils another gradient",
        fast="verify/repair/test_search.py",
        deep="verify/repair/test_search.py",
    ),
    # What is shown and written
    Mutant(
        "bpdebug/export/json_trace.py",
        'words[np.isneginf(value)] = "-Infinity"',
        'words[np.isneginf(value)] = "Infinity"',
        "minus infinity comes back from JSON as infinity",
        fast="export/test_json_trace.py",
        deep="export/test_json_trace.py",
    ),
    Mutant(
        "bpdebug/export/script_report.py",
        'failures = sum(verdict == "wrong" for verdict in report.verdicts.values()) + len(report.findings)',
        "failures = len(report.findings)",
        "a build server counts fewer failures than there are",
        fast="export/test_script_report.py",
        deep="export/test_script_report.py",
    ),
    Mutant(
        "bpdebug/present/cells.py",
        "level = max(1, math.ceil(LEVELS * min(1.0, abs(value) / self.largest)))",
        "level = max(1, math.ceil(LEVELS * min(1.0, value / self.largest)))",
        "negative elements have the weakest colour, whatever their size",
        fast="present/test_cells.py",
        deep="present/test_cells.py",
    ),
    Mutant(
        "bpdebug/tui/keys/typed_ahead.py",
        "self.is_under_way = bool(self.waiting)",
        "self.is_under_way = False",
        "keys that are typed ahead run before the one before them has done its work",
        fast="tui/keys/test_typed_ahead.py",
        deep="tui/keys/test_typed_ahead.py",
    ),
    Mutant(
        "bpdebug/tui/keys/debugger.py",
        '"run(\'previous-layer\')",\n        "P",',
        '"run(\'next-layer\')",\n        "P",',
        "the key for the layer before goes to the next one",
        fast="tui/test_debugger_screen.py",
        deep="tui/test_debugger_screen.py",
    ),
    Mutant(
        "bpdebug/tui/screens/ask.py",
        "            self.note(str(error), refused=True)\n",
        "            self.dismiss(None)\n",
        "a dialog closes at an answer that it cannot use, and says nothing",
        fast="tui/test_debugger_screen.py",
        deep="tui/test_debugger_screen.py",
    ),
)
