"""`python -m tests.manual` writes what the tables say into the pages of the manual."""

from __future__ import annotations

from tests.manual.pages import PAGES, current

for page in PAGES:
    written = page.read_text(encoding="utf-8")
    wanted = current(written)
    if wanted != written:
        page.write_text(wanted, encoding="utf-8")
        print(f"wrote {page.name}")
