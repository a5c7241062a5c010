"""One name, one thing: no two classes of the package share a name, so that who looks one up finds it."""

from __future__ import annotations

import ast
from collections import defaultdict
from pathlib import Path

PACKAGE = Path(__file__).parent.parent / "bpdebug"


def test_no_public_class_shares_its_name_with_another_or_with_a_type() -> None:
    classes, types = defaultdict(list), defaultdict(list)
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            place = f"{path.relative_to(PACKAGE)}:{node.lineno}"
            match node:
                case ast.ClassDef(name=name) if not name.startswith("_"):
                    classes[name].append(place)
                case ast.Assign(targets=[ast.Name(id=name)]):
                    types[name].append(place)
    assert len(classes) > 200
    found = {name: places + types[name] for name, places in classes.items()}
    assert {name: places for name, places in found.items() if len(places) > 1} == {}
