"""What is wrong with how statements stand, and not with what they compute.

A `return` within the loop, a copy that is none, a tensor written over before it is read, a state that is not
handed on to the next turn, an update that comes too early. There are few places in a script where one of
these can be meant, and each has one rewriting: the script runs again with it, and what is right then says
whether it was.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from bpdebug.sources.script import Recording
from bpdebug.sources.script.analysis.analysis import Analysis
from bpdebug.verify.repair.structures.copies import repeated_items, shallow_copies
from bpdebug.verify.repair.structures.early import EarlyRead, early_updates
from bpdebug.verify.repair.structures.exchanged import exchanged_parts
from bpdebug.verify.repair.structures.overwritten import overwritten, written_elsewhere
from bpdebug.verify.repair.structures.text import PersonText, Structure
from bpdebug.verify.repair.structures.turns import not_handed_on, returns_in_loops
from bpdebug.verify.repair.structures.unfilled import unfilled

MOST_OF_A_KIND = 6
"""So many rewritings of one kind are tried: each runs the script."""


def structures(recording: Recording, analysis: Analysis, early: Sequence[EarlyRead]) -> Iterator[Structure]:
    """Yield what may be wrong with how statements stand, the surest kinds first.

    Parameters
    ----------
    recording : Recording
        What ran.
    analysis : Analysis
        What it is a training of.
    early : sequence of EarlyRead
        The parameters that were updated before they were read for the last time.
    """
    texts = []
    for file in dict.fromkeys(site.place.file for site in recording.own_sites):
        source = recording.source(file)
        if source is not None:
            texts.append(PersonText(recording, file, ast.parse(source.text)))
    for text in texts:
        kinds = [returns_in_loops(text), repeated_items(text), not_handed_on(text)]
        kinds += [shallow_copies(text), early_updates(text, early)] if early else []
        kinds += [
            unfilled(text, analysis),
            exchanged_parts(text, analysis),
            overwritten(text),
            written_elsewhere(text),
        ]
        for own in kinds:
            for _, structure in zip(range(MOST_OF_A_KIND), own, strict=False):
                yield structure
