"""Two faults that hide each other: a gradient is right by both, and each mended alone makes it wrong.

Two wrong signs on one way make a right one. So edits that mend something and spoil something are kept while
lines are searched, and tried two at a time: the likeliest two count with which all gradients are right.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from bpdebug.verify.repair.replay import Replaced
from bpdebug.verify.repair.search import Search
from bpdebug.verify.repair.trying import Candidate, Correction

MOST = 24
"""So many edits are tried two at a time."""


def hidden_pair(search: Search, found: Sequence[Correction], before: Replaced) -> list[Correction]:
    """Return two edits of different statements with which all is right; none if one alone does it.

    Parameters
    ----------
    search : Search
        Has looked for corrections, and knows which edits mend one thing and spoil another.
    found : sequence of Correction
        The corrections that it found.
    before : mapping
        The corrections that have been made already.
    """
    bases = [search.judged(trial, before) for trial in search.trials]
    wrong = {name for base in bases for name, verdict in base.items() if verdict == "wrong"}
    if not search.partly or any(wrong <= {*one.mended} for one in found):
        return []
    known = sorted([*found, *search.partly], key=lambda one: (-len(one.mended), one.cost))[:MOST]
    pairs = (
        (one.cost + other.cost, one, other)
        for one, other in itertools.combinations(known, 2)
        if one.suspect.site.statement != other.suspect.site.statement
        and wrong <= {*one.mended, *other.mended}
    )
    for _, one, other in sorted(pairs, key=lambda each: each[0]):
        if search.is_over:
            break
        both = Candidate(one.place, one.code, 0.0, {**one.replaced, **other.replaced}, "", lambda: ("", ""))
        if wrong <= {*search.mended(both, before, bases)}:
            return sorted((one, other), key=lambda each: each.suspect.first.time)
    return []
