"""The Operation card: what it says of the current statement, with the arithmetic of the selected element."""

from __future__ import annotations

from dataclasses import replace

from bpdebug.engine.debug.debugger import Debugger
from bpdebug.engine.language.provenance.origins import Origin
from bpdebug.present import code_verdicts
from bpdebug.present.chosen import Chosen
from bpdebug.present.explaining import Selection, given_text, subject_text
from bpdebug.present.operation_text import OperationText, about_text, operation_text
from bpdebug.present.verdicts import CheckVerdicts
from bpdebug.sources.case import Case


def card_text(
    case: Case,
    debugger: Debugger,
    chosen: Chosen,
    verdicts: CheckVerdicts | code_verdicts.CodeVerdicts,
    selection: Selection,
    origin: Origin | None,
    hides: bool,
) -> OperationText:
    """Return the lines of the card, where `origin` says where the selected element comes from.

    `hides` says whether verdicts are hidden.
    """
    # A check is of the first iteration as it ran, and of no number that was set or follows from one.
    # What has no gradient has an empty panel all the same.
    is_changed = selection.name in chosen.views.run and chosen.views.is_changed(selection.name)
    is_judged = debugger.iteration == 1 and not is_changed
    words = verdicts.words(selection.name, selection.index) if is_judged else ()
    if words and not selection.name and verdicts.ways_on:
        words = (*words, f"  {verdicts.ways_on}")
    arithmetic = origin.sides if origin is not None else given_text(debugger, selection, chosen.view)
    return replace(
        operation_text(debugger, about_text(case, hides), arithmetic, words),
        subject=subject_text(debugger, selection, origin),
        tables=origin.tables if origin is not None else (),
        digits=chosen.digits,
    )
