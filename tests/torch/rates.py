"""How good the check of a backward is: `python -m tests.torch.rates results.jsonl --limit 300 --misses`.

Each planted mistake is checked as a person would check it. The right Function says which gradients are right
(torch's own `gradcheck` passes it, see `test_backward`): a mistake that changes none is left out, and a
correction is one if all are right with it, on values of their own. Each result is written when it is there:
a run that is stopped goes on where it was, and `--limit 0 --right 0` prints the figures so far.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import json
import random
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain
from multiprocessing import get_context
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

from tests.torch import other_functions
from tests.torch.planted import (
    FIRST_FUNCTIONS,
    FIXED,
    HELD_OUT,
    INPUTS,
    POSITIVE,
    Planted,
    mistakes,
    text_of,
)

SECONDS = 20.0
"""How long corrections of one mistake are searched for, in the processor's time, as by default."""
DTYPES = ("float64", "float32", "float16", "bfloat16")
FAMILIES = {"first": FIRST_FUNCTIONS, "other": other_functions.FUNCTIONS}


class Score(NamedTuple):
    """What the check said of one mistake, or of one right run, which has no line."""

    key: str
    name: str
    line: int = 0
    code: str = ""
    seconds: float = 0.0
    is_mistake: bool = True
    detected: bool = False
    exact: bool = False
    corrected: bool = False
    claimed: bool = False
    said: str = ""


def imported(text: str) -> ModuleType:
    """Import a module that is a text."""
    path = Path(tempfile.mkdtemp(), "functions.py")
    path.write_text(text)
    spec = importlib.util.spec_from_file_location("functions", path)
    assert spec is not None
    assert spec.loader is not None
    found = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(found)
    return found


def inputs(name: str, seed: int, dtype: str = "float64", extents: Callable[[int], int] = int) -> list[Any]:
    """Return inputs of a Function, drawn with a seed; `extents` says what an extent is to be."""
    import torch

    generator = torch.Generator().manual_seed(seed)
    shapes = [tuple(map(extents, shape)) for shape in INPUTS[name]]
    drawn = [torch.randn(shape, generator=generator, dtype=torch.float64) for shape in shapes]
    places = POSITIVE.get(name, ())
    drawn = [one.abs() + 0.5 if place in places else one for place, one in enumerate(drawn)]
    return [one.to(getattr(torch, dtype)) for one in drawn]


def of_any_shape(name: str, seed: int) -> list[Any]:
    """Return inputs of a Function of random extents and of a random dtype."""
    drawn = random.Random(seed)
    fixed = FIXED.get(name, set())
    extents = {one: one if one in fixed else drawn.randint(2, 9) for shape in INPUTS[name] for one in shape}
    return inputs(name, seed, DTYPES[seed % len(DTYPES)], extents.__getitem__)


def gradients(function: Any, given: Sequence[Any]) -> list[Any]:
    """Return the gradients of a Function's inputs, of `Σ output · weights`."""
    import torch

    given = [one.clone().requires_grad_() for one in given]
    outs = function.apply(*given)
    drawn = torch.Generator().manual_seed(9)
    weighted = [
        (out * torch.randn(out.shape, generator=drawn, dtype=torch.float64)).sum()
        for out in (outs if isinstance(outs, tuple) else (outs,))
    ]
    return list(torch.autograd.grad(sum(weighted), given, allow_unused=True))


def agree(one: Sequence[Any], other: Sequence[Any]) -> bool:
    """Whether all gradients are the same."""
    import torch

    return all(
        a is b or (a is not None and b is not None and torch.allclose(a, b, 1e-7, 1e-9))
        for a, b in zip(one, other, strict=True)
    )


def is_right(text: str, name: str, seeds: Iterable[int]) -> bool:
    """Whether the gradients of a text are those of the right Function."""
    right, other = (getattr(imported(one), name) for one in (text_of(name), text))
    return all(
        agree(gradients(right, given), gradients(other, given))
        for given in (inputs(name, seed) for seed in seeds)
    )


def with_corrections(text: str, findings: Sequence[Any]) -> str:
    """Return a text with all corrections in it."""
    lines = text.splitlines(keepends=True)
    for finding in sorted(findings, key=lambda one: (one.source.line, one.source.columns), reverse=True):
        source = finding.source
        begin, end = (
            lines[source.line - 1][: source.columns[0]],
            lines[source.end_line - 1][source.columns[1] :],
        )
        lines[source.line - 1 : source.end_line] = [f"{begin}{finding.correction}{end}"]
    return "".join(lines)


def key_of(plant: Planted) -> str:
    """Return what tells a mistake from all others, in this run and the next."""
    return hashlib.sha256(plant.text.encode()).hexdigest()


def score(plant: Planted) -> Score:
    """Check one mistake; what changes no gradient is none."""
    import torch

    from bpdebug.torch import check_backward

    torch.set_num_threads(1)
    code = plant.text.splitlines()[plant.line - 1].strip()
    unjudged = Score(key_of(plant), plant.name, plant.line, code, is_mistake=False)
    try:
        if is_right(plant.text, plant.name, (1, 2)):
            return unjudged
    except Exception:
        return unjudged
    began = time.perf_counter()
    function = getattr(imported(plant.text), plant.name)
    report = check_backward(function.apply, *inputs(plant.name, 3), only=function, seconds=SECONDS)
    seconds = time.perf_counter() - began
    found = report.findings
    try:
        mended = bool(found) and is_right(with_corrections(plant.text, found), plant.name, (4, 5))
    except Exception:
        mended = False
    return unjudged._replace(
        is_mistake=True,
        seconds=seconds,
        detected=not report.passed,
        exact=any(one.source.line <= plant.line <= one.source.end_line for one in found),
        corrected=mended,
        claimed=bool(found) and all(one.verified for one in found),
        said=str(report),
    )


def silence(case: tuple[str, int]) -> Score:
    """Return what is said of a right Function on inputs of any shape: nothing, if all is well."""
    from bpdebug.torch import check_backward

    name, seed = case
    function = getattr(imported(text_of(name)), name)
    began = time.perf_counter()
    report = check_backward(function.apply, *of_any_shape(name, seed), only=function, seed=seed)
    is_judged = "right" in str(report)
    said = "" if report.passed and is_judged and not report.findings else str(report)
    return Score(f"{name} {seed}", name, seconds=time.perf_counter() - began, is_mistake=False, said=said)


def share(title: str, marks: Iterable[bool]) -> str:
    """Return a count and its percentage."""
    listed = list(marks)
    percent = 100 * sum(listed) / max(len(listed), 1)
    return f"  {title:22s} {sum(listed):4d} of {len(listed):4d}  {percent:5.1f} %"


def summary(title: str, scores: Sequence[Score]) -> str:
    """Return the rates of some mistakes."""
    times = sorted(one.seconds for one in scores) or [0.0]
    return "\n".join(
        (
            title,
            share("detected", (one.detected for one in scores)),
            share("on the line", (one.exact for one in scores)),
            share("corrected", (one.corrected for one in scores)),
            share("verified, and wrong", (one.claimed and not one.corrected for one in scores)),
            f"  seconds: median {times[len(times) // 2]:.1f}, longest {times[-1]:.1f}",
        )
    )


def drawn(limit: int | None, names: Iterable[str]) -> list[Planted]:
    """Return mistakes that are drawn by lot, always the same."""
    every = [one for name in names for one in mistakes(name)]
    random.Random(0).shuffle(every)
    return every[:limit]


def known(path: Path) -> dict[str, Score]:
    """Return the results that are in a file, one a line."""
    lines = path.read_text().splitlines() if path.exists() else []
    return {one.key: one for one in (Score(**json.loads(line)) for line in lines)}


def told(results: Sequence[Score], misses: bool) -> Iterator[str]:
    """Yield the figures of both halves, and what was not found in the half that is looked at."""
    right = [one for one in results if not one.line]
    mistakes = [one for one in results if one.is_mistake]
    looked_at, set_aside = (
        [one for one in mistakes if (one.name in HELD_OUT) is half] for half in (False, True)
    )
    for one in looked_at if misses else ():
        if not (one.detected and one.exact and one.corrected):
            yield f"\n{one.name}: {one.line}: {one.code}\n{one.said}"
    yield from (f"{one.key}: {one.said}" for one in right if one.said)
    yield f"right runs of which something is said: {sum(bool(one.said) for one in right)} of {len(right)}"
    yield summary("looked at", looked_at)
    yield summary("set aside", set_aside)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.torch.rates", description=__doc__)
    parser.add_argument("results", type=Path, help="the file of the results; those in it are not run again")
    parser.add_argument("--limit", type=int, help="check so many mistakes; 0 only prints the figures so far")
    parser.add_argument("--right", type=int, default=200, help="check so many right runs")
    parser.add_argument("--function", help="only this one")
    parser.add_argument("--family", choices=FAMILIES, default="first", help="the Functions to plant in")
    parser.add_argument("--misses", action="store_true", help="print what was not found")
    parser.add_argument("--processes", type=int, default=2)
    options = parser.parse_args()
    names = [one for one in FAMILIES[options.family] if options.function in (None, one)]
    done = known(options.results)
    plants = [one for one in drawn(options.limit, names) if key_of(one) not in done]
    rights = [(names[seed % len(names)], seed) for seed in range(options.right)]
    rights = [(name, seed) for name, seed in rights if f"{name} {seed}" not in done]
    with get_context("spawn").Pool(options.processes) as pool, options.results.open("a") as file:
        results = chain(pool.imap_unordered(score, plants), pool.imap_unordered(silence, rights))
        for one in results:
            print(json.dumps(one._asdict()), file=file, flush=True)
    print(*told([*known(options.results).values()], options.misses), sep="\n")


if __name__ == "__main__":
    main()
