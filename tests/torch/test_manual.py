"""What the page on PyTorch prints is what it shows."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.manual.examples import blocks, is_shown, run_python
from tests.manual.pages import DOCS


def test_the_wrong_function_of_the_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    code, shown, *_ = blocks((DOCS / "pytorch.md").read_text(encoding="utf-8"))
    run_python(code.text, tmp_path)
    printed = capsys.readouterr().out
    assert is_shown(printed, shown.text), printed
