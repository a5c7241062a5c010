"""Every kind of mistake that a rule names can be put into words, one without an entry too."""

from __future__ import annotations

import re
from pathlib import Path

from bpdebug.engine.language.nodes import Name
from bpdebug.engine.language.parsing import parse
from bpdebug.verify import diagnosis
from bpdebug.verify.diagnosis.edits import FormulaEdit
from bpdebug.verify.diagnosis.wording import WORDS, done, why


def test_a_rule_without_words_still_says_what_it_changed() -> None:
    edit = FormulaEdit(parse("x * y"), "of a kind that nobody named", Name("x"), parse("y.T"), 1.0)
    assert (done(edit), why(edit)) == ("y.T for x", "The formula has x here.")


def test_no_entry_is_left_without_a_rule() -> None:
    sources = "".join(path.read_text() for path in Path(diagnosis.__file__).parent.rglob("*.py"))
    assert {kind for kind in WORDS if len(re.findall(f'"{re.escape(kind)}"', sources)) < 2} == set()
