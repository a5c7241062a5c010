"""`python -m tests.fuzz TARGET [SECONDS]`: feed one property for as long as one likes.

A target is a module and a property, `test_expressions.test_a_line`, or `all` of them; without one, all are
listed. With `atheris` installed (the extra `fuzz`) it is steered by the code that is reached, else it draws
at random.
"""

from __future__ import annotations

import importlib
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from pathlib import Path
from tempfile import mkdtemp

from hypothesis import is_hypothesis_test, settings

import tests.tiers  # noqa: F401 (registers the profiles)

settings.load_profile("deep")
TARGETS = sorted(path.stem for path in Path(__file__).parent.glob("test_*.py"))
MOST_BYTES = 2**13
LONGEST = 60
"""What takes more seconds than this for one input has failed."""


def properties() -> Iterator[tuple[str, Callable[[bytes], object]]]:
    """Yield the name of each property that takes nothing but what is drawn, and what feeds it with bytes."""
    for module in TARGETS:
        for name, value in vars(importlib.import_module(f"tests.fuzz.{module}")).items():
            if is_hypothesis_test(value) and value.__module__ == f"tests.fuzz.{module}":
                yield f"{module}.{name}", value.hypothesis.fuzz_one_input


def feeding_all(known: list[Callable[[bytes], object]]) -> Callable[[bytes], object]:
    """Return what feeds one of them: the first byte says which."""
    return lambda content: known[content[0] % len(known)](content[1:]) if content else None


def main(*words: str) -> int:
    """Feed a property, and return the exit status."""
    try:
        import atheris
    except ImportError:
        atheris = None
    # What is steered by the code that is reached must see it while it is imported.
    with atheris.instrument_imports(include=["bpdebug"]) if atheris else nullcontext():
        known = dict(properties())
    known["all"] = feeding_all([*known.values()])
    if not words or words[0] not in known:
        print("\n".join(known))
        return 2
    feed, seconds = known[words[0]], float(words[1]) if len(words) > 1 else 60.0
    if atheris is None:
        end = time.monotonic() + seconds
        count = 0
        while time.monotonic() < end:
            feed(os.urandom(MOST_BYTES))
            count += 1
        print(f"{words[0]}: {count:,} inputs, and nothing broke")
        return 0
    # Bytes too few to draw from say nothing: it begins with many, and need not come to them slowly. It ends
    # the process itself, and what it found last stays in its folder.
    seeds = mkdtemp(prefix="bpdebug-fuzz-")
    for number in range(2 * len(known)):
        Path(seeds, str(number)).write_bytes(os.urandom(MOST_BYTES // 4))
    limits = [f"-max_total_time={seconds:g}", f"-max_len={MOST_BYTES}", f"-timeout={LONGEST}"]
    atheris.Setup([sys.argv[0], *limits, "-len_control=0", f"-artifact_prefix={seeds}/", seeds], feed)
    atheris.Fuzz()
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
