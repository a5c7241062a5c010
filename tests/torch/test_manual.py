"""What the page on PyTorch prints is what it shows."""

from __future__ import annotations

from pathlib import Path

import pytest

from bpdebug.verify.repair.check import check_script
from bpdebug.verify.repair.report import corrected, replacements
from tests.manual.examples import blocks, is_shown, run_python
from tests.manual.pages import DOCS

SPIRALS = Path(__file__).parents[2] / "scenarios" / "scripts" / "spirals.py"


def test_the_example_is_wrong_at_one_line_and_its_correction_mends_it(script) -> None:
    text = SPIRALS.read_text(encoding="utf-8")
    report = check_script(script(text))
    (finding,) = report.findings
    assert (finding.source.code, finding.verified) == ("grad * x * bell", True)
    assert check_script(script(corrected(text, replacements(report.findings)))).passed


def test_the_test_of_the_page_fails_with_the_report(module, tmp_path: Path, monkeypatch) -> None:
    page = blocks((DOCS / "pytorch.md").read_text(encoding="utf-8"))
    wrong, test = (
        page[0].text.partition("torch.manual_seed")[0],
        next(one.text for one in page if "assert_backward" in one.text),
    )
    (tmp_path / "layers.py").write_text(wrong)
    monkeypatch.syspath_prepend(tmp_path)
    found = module(test)
    with pytest.raises(
        AssertionError, match=r"layers.py:21: dx = .* should be rstd \* \(dyg - s1 - xhat \* s2\)"
    ):
        found.test_layer_norm(found.torch.float64)


def test_the_wrong_function_of_the_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    code, shown, *_ = blocks((DOCS / "pytorch.md").read_text(encoding="utf-8"))
    run_python(code.text, tmp_path)
    printed = capsys.readouterr().out
    assert is_shown(printed, shown.text), printed
