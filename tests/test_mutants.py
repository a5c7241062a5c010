"""The table of mutants fits the code that there is; `python -m tests.mutants` says whether each is caught."""

from __future__ import annotations

import ast

import pytest

from tests.mutants import ROOT, TIERS
from tests.planted_mutants import MUTANTS, Mutant


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.breaks)
def test_a_mutant_is_a_mistake_of_this_code(mutant: Mutant) -> None:
    text = (ROOT / mutant.file).read_text(encoding="utf-8")
    planted = mutant.planted(text)
    assert ast.dump(ast.parse(planted)) != ast.dump(ast.parse(text))
    for tier in TIERS:
        assert mutant.tests(tier)
        assert all((ROOT / "tests" / module).is_file() for module in mutant.tests(tier))
