"""Scripts that train common modules: everything is derived, and torch's gradients are what is derived."""

from __future__ import annotations

import pytest

from bpdebug.sources.script import record_script
from bpdebug.sources.script.analysis.analyse import analyse
from bpdebug.sources.script.case import case_of
from bpdebug.verify.repair.check import check_recording
from tests.torch.scripts import OPTIMIZERS, SCRIPTS
from tests.torch.scripts import script as text_of


@pytest.mark.parametrize("name", SCRIPTS)
def test_the_gradients_of_torch_are_the_derived_ones(name: str, script) -> None:
    import numpy as np

    recording = record_script(script(text_of(name)))
    report = check_recording(recording)
    assert report.passed
    assert set(report.verdicts.values()) == {"right"}
    analysis = analyse(recording)
    for parameter, verdict in zip(analysis.parameters, analysis.verdicts_of_record, strict=True):
        reference = analysis.gradients[parameter.old.id]
        assert verdict.gradient is not None
        off = np.max(np.abs(verdict.gradient.value - reference))
        assert off <= 1e-9 * max(1.0, float(np.max(np.abs(reference))))
    case = case_of(recording)
    assert not any("recorded" in sentence for sentence in case.script.found)


@pytest.mark.parametrize("optimizer", OPTIMIZERS[1:])
@pytest.mark.parametrize("name", ["perceptron", "residual block"])
def test_the_gradient_is_found_behind_every_optimizer(name: str, optimizer: str, script) -> None:
    report = check_recording(record_script(script(text_of(name, optimizer))))
    assert report.passed
