"""What is said of a fault: of an edit, a rewriting, a forward line, an early update, or the end."""

from __future__ import annotations

from collections.abc import Sequence

from bpdebug.engine.language.nodes import Source
from bpdebug.sources.script import Recording
from bpdebug.verify.repair.diagonals import is_diagonal
from bpdebug.verify.repair.forgotten import ForgottenWay
from bpdebug.verify.repair.formula import Derived
from bpdebug.verify.repair.forward_fault import ForwardFault, forward_sentence
from bpdebug.verify.repair.judge import Judge
from bpdebug.verify.repair.places import changed, difference, source_of, stored, worst
from bpdebug.verify.repair.replay import Replaced
from bpdebug.verify.repair.report import Amendment, Finding
from bpdebug.verify.repair.reruns import Rewriting
from bpdebug.verify.repair.structures.early import EarlyRead
from bpdebug.verify.repair.structures.last_call import WrittenOver
from bpdebug.verify.repair.suspects import Suspect
from bpdebug.verify.repair.trials import named_pieces
from bpdebug.verify.repair.trying import Correction

OF_NOTHING = "the gradients are right until here, and what this gives is not the gradient of anything"
DIAGONAL = (
    "this is only the diagonal of the derivative of softmax: each of its outputs depends on every input"
)


class Findings:
    """The faults that were found so far, with their lines as they are in the person's text.

    Attributes
    ----------
    each : list of Finding
        The faults, in the order in which they were found.
    """

    def __init__(self) -> None:
        self.each: list[Finding] = []
        self._shifts: list[tuple[str, int, int]] = []
        self._moved: list[Rewriting] = []

    def shift(self, rewriting: Rewriting) -> None:
        """From now on the text has a rewriting in it, and with it more lines or fewer."""
        more = rewriting.correction.count("\n") - rewriting.code.count("\n")
        self._shifts.append((rewriting.place.file, rewriting.place.end_line + more, more))
        if "\n" in rewriting.code:
            self._moved.append(rewriting)

    def add(self, finding: Finding, judge: Judge) -> None:
        """Take a finding; what was found on its place already is the same fault."""
        moved_from = self._where_moved_from(finding)
        source = moved_from or self._as_written(finding.source)
        instead = finding.instead
        if instead is not None:
            instead = instead._replace(source=self._as_written(instead.source))
        named = {*finding.also_wrong}
        whole = [one for one in judge.analysis.parameters if one.name in named]
        named -= {name for one in whole for name, _ in named_pieces(one)}
        finding = finding._replace(
            source=source,
            instead=instead,
            also_wrong=tuple(name for name in finding.also_wrong if name in named),
        )
        for known in self.each:
            if _place(known) == _place(finding):
                # What is still wrong with a line was not mended by its correction: it has none.
                wrong = dict.fromkeys((*known.also_wrong, *finding.also_wrong))
                self.each.remove(known)
                finding = finding._replace(also_wrong=tuple(wrong), correction=None, verified=False)
                break
        self.each.append(finding)

    def _as_written(self, source: Source) -> Source:
        """Return a place as it was before the text was rewritten."""
        for file, last, more in reversed(self._shifts):
            if source.file == file and source.line > last:
                source = source._replace(line=source.line - more, end_line=source.end_line - more)
        return source

    def _where_moved_from(self, finding: Finding) -> Source | None:
        """Return the place of a line that was moved with others; their finding gets its correction too."""
        source = finding.source
        for moved in self._moved:
            place, lines = moved.place, moved.code.split("\n")
            rows = moved.correction.split("\n")
            row = source.line - place.line
            before = next((at for at, line in enumerate(lines) if source.code in line), None)
            if source.file != place.file or not 0 <= row < len(rows) or before is None:
                continue
            if finding.correction is not None:
                rows[row] = rows[row].replace(source.code, finding.correction)
                self.each = [
                    one._replace(correction="\n".join(rows)) if one.correction == moved.correction else one
                    for one in self.each
                ]
            begin = lines[before].index(source.code) + (place.column if before == 0 else 0)
            line = place.line + before
            return source._replace(line=line, end_line=line, columns=(begin, begin + len(source.code)))
        return None


def _place(finding: Finding) -> tuple[str, int, tuple[int, int]]:
    return finding.source.file, finding.source.line, finding.source.columns


def of_correction(judge: Judge, correction: Correction, before: Replaced, after: Replaced) -> Finding:
    """Return what is said of an edit of an expression or a statement.

    Parameters
    ----------
    judge : Judge
        Knows the recording.
    correction : Correction
        The edit.
    before, after : mapping
        The corrections without it and with it.
    """
    value_before, value_after = judge.replay.run(before), judge.replay.run(after)
    # Of several executions that one is shown in which the correction makes the largest difference.
    first = max(
        correction.suspect.involved,
        key=lambda one: difference(changed(one, value_before, value_after), value_before, value_after),
    )
    node = changed(first, value_before, value_after)
    site = correction.suspect.site
    source = source_of(site, first, correction.place)
    return Finding(
        source._replace(code=correction.code),
        "wrong",
        stored(site) or (first.names[0] if first.names else site.code),
        judge.known.gradient_of(value_after(node)) if node else "",
        correction.explanation,
        correction.correction,
        True,
        worst(value_before(node), value_after(node)) if node else None,
        correction.mended,
    )


def of_rewriting(recording: Recording, rewriting: Rewriting, mended: Sequence[str]) -> Finding:
    """Return what is said of a rewriting with which the script ran again."""
    place = rewriting.place
    ran = [one for one in recording.instances if one.site.place[:2] == place[:2]]
    text = recording.source(place.file)
    assert text is not None
    source = Source(place.file, place.line, place.end_line, text.columns(place), rewriting.code, (), ())
    stored_in = ""
    if ran:
        site = ran[0].site
        source = source_of(site, ran[0], place)
        stored_in = stored(site)
    return Finding(
        source,
        "wrong",
        stored_in or rewriting.code,
        "",
        rewriting.explanation,
        rewriting.correction,
        True,
        also_wrong=tuple(mended),
    )


def of_forward(fault: ForwardFault, otherwise: Sequence[Finding]) -> Finding:
    """Return what is said of a forward line, and of the backward lines that may be meant instead."""
    site, first = fault.line.site, fault.line.first
    return Finding(
        source_of(site, first, fault.edit.place),
        "forward",
        stored(site) or site.code,
        "",
        forward_sentence(fault, otherwise),
        fault.edit.correction,
        True,
        also_wrong=fault.mended,
    )


def of_early_read(early: EarlyRead, mended: set[str]) -> Finding | None:
    """Return what is said of a parameter that is read after its update; None where nobody knows the line."""
    reader = next((node for node in early.readers if node.site is not None), None)
    if reader is None or reader.site is None:
        return None
    name, line = early.parameter.name, early.parameter.line
    return Finding(
        source_of(reader.site, reader),
        "early update",
        stored(reader.site) or name,
        "",
        f"`{name}` is read here after line {line} has updated it: the update belongs after this",
        also_wrong=tuple(sorted(mended)),
    )


def of_end(recording: Recording) -> Finding:
    """Return what is said where a script raises and nothing mends that."""
    place = _line(recording, recording.ending.file, recording.ending.line)
    return Finding(place, "raised", place.code, "", f"here it ends: {recording.ending.message}")


def of_written_over(recording: Recording, over: WrittenOver, mended: set[str]) -> Finding:
    """Return what is said of a call that reads what belongs to another one."""
    place, kept, last = _line(recording, *over.reader.caller), over.kept.caller[1], over.last.caller[1]
    turn = " in an earlier turn" if kept == last else ""
    said = f"this needs what line {kept} has kept{turn}, and line {last} has written over that"
    return Finding(place, "overwritten", place.code, "", said, also_wrong=tuple(sorted(mended)))


def _line(recording: Recording, file: str, line: int) -> Source:
    source = recording.source(file)
    code = source.lines[line - 1] if source else ""
    return Source(file, line, line, (len(code) - len(code.lstrip()), len(code)), code.strip())


def unmended(judge: Judge, suspect: Suspect, derived: Derived | None) -> Finding:
    """Say where it goes wrong, where nothing mends it, and at which line a formula goes past it."""
    first, site = suspect.first, suspect.site
    said = DIAGONAL if is_diagonal(judge, first.node) else OF_NOTHING
    return Finding(
        source_of(site, first),
        "wrong",
        stored(site) or site.code,
        "",
        said,
        also_wrong=tuple(sorted(judge.wrong())) if derived is None else derived.correction.mended,
        instead=None if derived is None else _replacement(derived.correction),
    )


def _replacement(correction: Correction) -> Amendment:
    first, site = correction.suspect.first, correction.suspect.site
    return Amendment(source_of(site, first, correction.place), correction.correction)


def of_forgotten_way(judge: Judge, suspect: Suspect, way: ForgottenWay) -> Finding:
    """Say at a line that adds to a gradient what nothing adds."""
    first, site = suspect.first, suspect.site
    return Finding(
        source_of(site, first),
        "wrong",
        stored(site) or site.code,
        way.tensor,
        way.sentence,
        also_wrong=tuple(sorted(judge.wrong())),
    )
