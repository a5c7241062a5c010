"""One name, one thing: no two classes of the package share a name, so that who looks one up finds it."""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path

PACKAGE = Path(__file__).parent.parent / "bpdebug"


def test_no_public_class_shares_its_name_with_another_or_with_a_type() -> None:
    classes, types = defaultdict(list), defaultdict(list)
    for path in sorted(PACKAGE.rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        for found, pattern in ((classes, r"^class ([^\W_]\w*)"), (types, r"^(\w+) = ")):
            for name in re.findall(pattern, text, re.MULTILINE):
                found[name].append(path.relative_to(PACKAGE))
    assert len(classes) > 200
    places = {name: found + types[name] for name, found in classes.items()}
    assert {name: found for name, found in places.items() if len(found) > 1} == {}
