"""The manual as a whole: what is generated is current, links lead somewhere, and the README is short."""

from __future__ import annotations

import re
from itertools import count
from pathlib import Path

import pytest

from bpdebug.engine.language.functions import FUNCTIONS
from bpdebug.engine.network.layers import LAYER_KINDS
from tests.manual.examples import COMMENT, FENCED
from tests.manual.pages import DOCS, PAGES, PART, PARTS, README, ROOT, current

LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#{1,6} (.+)$", re.MULTILINE)


def text_of(page: Path) -> str:
    """Return a page without code and comments, in which nothing is a link or a heading."""
    return COMMENT.sub("", FENCED.sub("", page.read_text(encoding="utf-8")))


def anchors(page: Path) -> set[str]:
    """Return the anchors of a page's headings, as GitHub makes them."""
    found: set[str] = set()
    for heading in HEADING.findall(text_of(page)):
        plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).lower()
        anchor = re.sub(r"[^\w\- ]", "", plain).replace(" ", "-")
        numbered = (anchor if number == 0 else f"{anchor}-{number}" for number in count())
        found.add(next(name for name in numbered if name not in found))
    return found


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_what_is_generated_is_what_the_tables_say(page: Path) -> None:
    written = page.read_text(encoding="utf-8")
    assert written == current(written), "`python -m tests.manual` writes it anew"


def test_each_part_has_its_place() -> None:
    placed = [part for page in PAGES for part in PART.findall(page.read_text(encoding="utf-8"))]
    assert sorted(placed) == sorted(PARTS)


def test_every_function_and_every_kind_is_there() -> None:
    functions = (DOCS / "functions.md").read_text(encoding="utf-8")
    kinds = (DOCS / "layers.md").read_text(encoding="utf-8")
    rows = [line for line in functions.splitlines() if line.startswith("| `")]
    assert len(rows) == len(FUNCTIONS)
    assert re.findall(r"^### (\w+)$", kinds, re.MULTILINE) == list(LAYER_KINDS)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_links_lead_somewhere(page: Path) -> None:
    for target in LINK.findall(text_of(page)):
        if "://" in target:
            continue
        name, _, anchor = target.partition("#")
        there = (page.parent / name).resolve() if name else page
        assert there.exists(), target
        assert not anchor or anchor in anchors(there), target


def test_every_page_can_be_reached_from_the_readme() -> None:
    linked = {(README.parent / target).resolve() for target in LINK.findall(text_of(README))}
    assert [page.name for page in PAGES if page != README and page not in linked] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_files_that_are_named_are_there(page: Path) -> None:
    for path in re.findall(r"`((?:bpdebug|tests|scenarios|docs)/[^`\s]*)`", page.read_text(encoding="utf-8")):
        assert (ROOT / path).exists() or path.isupper() or "NAME" in path, path


def test_the_readme_is_short() -> None:
    assert len(README.read_text(encoding="utf-8").splitlines()) <= 250
