"""Keys as the script writes them: `params["W"]` stays that where a loop goes by its keys.

What is called by a key that was computed is called with Python's own quotes. Where the script has others, a
tensor would have two names.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

from bpdebug.sources.script.recorder.recorded import Record
from bpdebug.sources.script.sites import Site


def spell(record: Record, sites: Iterable[Site]) -> Record:
    """Give the keys in all names of a record the quotes that the script has for them."""
    text = "\n".join({site.code for site in sites})
    is_double = text.count('"') > text.count("'")

    @cache
    def spelled(name: str) -> str:
        for key in (part.split("']")[0] for part in name.split("['")[1:]):
            double, single = f'["{key}"]', f"['{key}']"
            if double in text or (is_double and single not in text):
                name = name.replace(single, double)
        return name

    for node in record.nodes:
        for named in (node, node.instance):
            if named is not None and any("['" in name for name in named.names):
                named.names = tuple(map(spelled, named.names))
    return record._replace(updates=[update._replace(slot=spelled(update.slot)) for update in record.updates])
