"""How good the check of people's own code is: `python -m tests.scripts.rates development --limit 50`.

Each plant is written to a folder and checked as a user would check it. Whether a line is the faulty one, the
plant says; whether a correction is one, the oracle says, which runs the corrected script.
"""

from __future__ import annotations

import argparse
import random
import signal
import tempfile
import time
import warnings
from collections.abc import Iterable, Sequence
from multiprocessing import Pool
from pathlib import Path
from typing import Any, NamedTuple

from bpdebug.verify.repair.check import check_script
from bpdebug.verify.repair.report import Finding, ScriptReport, corrected, replacements
from tests.scripts.catalogue import SCRIPTS
from tests.scripts.oracle import (
    RIGHT,
    Outcome,
    Program,
    Script,
    Values,
    convention,
    reference,
    sources,
    wrong,
)
from tests.scripts.planting import DEVELOPMENT_KINDS, DEVELOPMENT_SCRIPTS, Fault, Plant, plants_of

PROCESSES = 2
LONGEST = 120
"""After so many seconds a check counts as a crash."""
BY_NAME = {script.name: script for script in SCRIPTS}


class Score(NamedTuple):
    """What the check said of one plant."""

    plant: Plant
    seconds: float
    crash: str = ""
    detected: bool = False
    exact: tuple[bool, ...] = ()
    first: bool = False
    verified: bool = False
    corrected: bool = False
    said: tuple[str, ...] = ()
    spurious: tuple[str, ...] = ()


class TooLong(Exception):
    """The check took longer than anybody waits."""


def checked(path: Path) -> ScriptReport:
    """Check a script, but not for ever."""

    def stop(*_: object) -> None:
        raise TooLong

    signal.signal(signal.SIGALRM, stop)
    signal.alarm(LONGEST)
    try:
        with warnings.catch_warnings(action="ignore"):
            return check_script(path)
    finally:
        signal.alarm(0)


def written(texts: dict[str, str], folder: str) -> None:
    """Write the files of a script into a folder."""
    for name, text in texts.items():
        path = Path(folder, name)
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)


def score(plant: Plant) -> Score:
    """Check one plant."""
    with tempfile.TemporaryDirectory() as folder:
        written(plant.texts, folder)
        began = time.perf_counter()
        try:
            report = checked(Path(folder, BY_NAME[plant.script].main))
        except (Exception, SystemExit) as error:
            return Score(plant, time.perf_counter() - began, crash=f"{type(error).__name__}: {error}")
        seconds = time.perf_counter() - began
    findings = report.findings
    return Score(
        plant,
        seconds,
        detected=not report.passed,
        exact=tuple(any(meets(finding, fault) for finding in findings) for fault in plant.faults),
        first=bool(findings) and any(meets(findings[0], fault) for fault in plant.faults),
        verified=bool(findings) and all(finding.verified for finding in findings),
        corrected=mended(plant, findings),
        said=tuple(map(told, findings)),
        spurious=tuple(told(f) for f in findings if not any(meets(f, fault) for fault in plant.faults)),
    )


def meets(finding: Finding, fault: Fault) -> bool:
    """Whether a finding is on the faulty line, or names it as the other reading of a forward fault."""
    source = finding.source
    if Path(source.file).name != Path(fault.file).name:
        return False
    lines = range(source.line, source.end_line + 1)
    named = fault.kind.startswith("forward") and f"line {fault.line}" in finding.explanation
    return named or any(line in lines for line in fault.lines)


def told(finding: Finding) -> str:
    """A finding in a line."""
    mark = "verified" if finding.verified else "not verified"
    return (
        f"{finding.source.line}: {finding.source.code!r} -> {finding.correction!r} ({finding.kind}, {mark})"
    )


def mended(plant: Plant, findings: Sequence[Finding]) -> bool:
    """Whether the script is right once all corrections stand in it: the oracle says so."""
    if any(not finding.verified and finding.instead is None for finding in findings):
        return False
    parts = [*replacements(findings)]
    texts = {
        name: corrected(text, [one for one in parts if Path(one.source.file).name == Path(name).name])
        for name, text in plant.texts.items()
    }
    script = BY_NAME[plant.script]
    try:
        program = Program(script, texts)
        outcome = program.run()
        right = reference_of(script, program, outcome)
    except Exception:
        return False
    return bool(findings) and (not wrong(outcome.gradients, right) or convention(outcome.gradients, right))


RIGHT_GRADIENTS: dict[str, tuple[Outcome, Values]] = {}


def reference_of(script: Script, program: Program, outcome: Outcome) -> Values:
    """The right gradients of a program: those of the right script if the loss is still that of it."""
    if script.name not in RIGHT_GRADIENTS:
        original = Program(script, sources(script))
        RIGHT_GRADIENTS[script.name] = original.run(), reference(original)
    right, gradients = RIGHT_GRADIENTS[script.name]
    return gradients if abs(outcome.loss - right.loss) <= 1e-12 * abs(right.loss) else reference(program)


def silence(script: Script) -> tuple[str, str, float]:
    """What the check says of a right script: nothing, if all is well."""
    began = time.perf_counter()
    try:
        report = checked(RIGHT / script.main)
    except (Exception, SystemExit) as error:
        return script.name, f"{type(error).__name__}: {error}", time.perf_counter() - began
    blamed = [told(finding) for finding in report.findings]
    judged = sum(verdict in ("right", "convention") for verdict in report.verdicts.values())
    said = "; ".join(blamed) or (
        "" if report.passed and judged else f"{judged} of {len(report.verdicts)} judged"
    )
    return script.name, said, time.perf_counter() - began


def share(marks: Iterable[bool]) -> str:
    """A count and its percentage."""
    listed = list(marks)
    return f"{sum(listed):4d} of {len(listed):4d}  {100 * sum(listed) / max(len(listed), 1):5.1f} %"


def summary(title: str, scores: Sequence[Score]) -> None:
    """Print the rates of some plants."""
    if not scores:
        return
    times = sorted(score.seconds for score in scores)
    exact = [mark for one in scores for mark in one.exact or (False,) * len(one.plant.faults)]
    print(f"\n{title}")
    print(f"  detected               {share(score.detected for score in scores)}")
    print(f"  faults on their line   {share(exact)}")
    print(f"  first finding exact    {share(score.first for score in scores)}")
    print(f"  said to be verified    {share(score.verified for score in scores)}")
    print(f"  corrected (oracle)     {share(score.corrected for score in scores)}")
    print(f"  other lines blamed     {share(bool(score.spurious) for score in scores)}")
    print(f"  crashed                {share(bool(score.crash) for score in scores)}")
    middle, late = times[len(times) // 2], times[int(len(times) * 0.95)]
    print(f"  seconds                median {middle:.1f}, 95 % {late:.1f}, longest {times[-1]:.1f}")


def by_kind(scores: Sequence[Score]) -> None:
    """Print the rates of each kind of single mistake."""
    print("\nsingle, by kind        plants detected   exact corrected spurious crashed")
    for kind in sorted({score.plant.kinds for score in scores}):
        own = [score for score in scores if score.plant.kinds == kind]
        counts = [
            sum(marks)
            for marks in (
                [s.detected for s in own],
                [all(s.exact) and bool(s.exact) for s in own],
                [s.corrected for s in own],
                [bool(s.spurious) for s in own],
                [bool(s.crash) for s in own],
            )
        ]
        print(f"{kind:32s}{len(own):4d}" + "".join(f"{count:9d}" for count in counts))


def missed(score: Score) -> None:
    """Print what was wrong in a plant that was not found as it should be, and what was said."""
    print(f"\n{score.plant.script} ({score.seconds:.1f} s) {score.crash}")
    for fault in score.plant.faults:
        now = score.plant.texts[fault.file].splitlines()[fault.line - 1].strip()
        print(f"  {fault.kind}, line {fault.line}\n    - {fault.original}\n    + {now}")
    for said in score.said or ("nothing" if score.detected else "nothing: all right",):
        print(f"    said {said}")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.scripts.rates", description=__doc__)
    parser.add_argument("half", nargs="?", default="development", choices=["development", "set-aside"])
    parser.add_argument("--limit", type=int, help="check so many plants, drawn by lot, always the same")
    parser.add_argument("--script", help="check the plants of this script only")
    parser.add_argument("--misses", action="store_true", help="print each plant that was not found exactly")
    options = parser.parse_args()
    development = options.half == "development"
    seen = [s for s in SCRIPTS if not development or s.name in DEVELOPMENT_SCRIPTS]
    chosen = [s for s in seen if options.script in (None, s.name)]
    with Pool(PROCESSES) as pool:
        print("right scripts of which anything is said:")
        for name, said, seconds in pool.imap(silence, chosen):
            if said:
                print(f"  {name} ({seconds:.1f} s): {said}")
        plants = [plant for own in pool.map(plants_of, chosen, chunksize=1) for plant in own]
        plants = [plant for plant in plants if plant.half == options.half]
        random.Random(0).shuffle(plants)
        scores = list(pool.imap_unordered(score, plants[: options.limit]))
    report(scores, options.misses)


def report(scores: list[Score], misses: bool) -> None:
    """Print everything that was measured."""
    single = [s for s in scores if len(s.plant.faults) == 1]
    if misses:
        for one in scores:
            if not all(one.exact) or not one.exact or one.spurious or not one.corrected:
                missed(one)
    by_kind(single)
    summary("single", single)
    summary("single, neither kind nor script seen before", [s for s in single if is_new(s.plant)])
    summary("pairs", [s for s in scores if len(s.plant.faults) > 1])


def is_new(plant: Plant) -> bool:
    """Whether neither the script nor any of the kinds is of the development half."""
    kinds: set[Any] = {fault.kind for fault in plant.faults}
    return plant.script not in DEVELOPMENT_SCRIPTS and not kinds & DEVELOPMENT_KINDS


if __name__ == "__main__":
    main()
