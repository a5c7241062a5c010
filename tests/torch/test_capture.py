"""Captures: what they hold, that they open without torch, and that a stranger's file runs nothing."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import bpdebug
from bpdebug.engine.program.trace import run
from bpdebug.errors import ScenarioError
from bpdebug.sources.capture.loading import load_capture
from bpdebug.sources.capture.writing import tensors_of

TEXT = """
from torch import nn
import bpdebug.torch


def captured():
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(4, 5), nn.LayerNorm(5), nn.GELU(), nn.Linear(5, 3)).double()
    x = torch.randn(6, 4, dtype=torch.float64)
    return net, bpdebug.torch.capture(net, x, loss=lambda out: (out ** 2).mean())


def stepped(scale):
    x = torch.tensor([0.5, 2.0, scale])
    w = torch.ones(3, requires_grad=True)
    with bpdebug.torch.record() as recording:
        mask = torch.full((3,), -torch.inf) + x
        h = x * w
        y = torch.log(h)
        z = torch.sqrt(h - x)
        z.sum().backward()
    return recording
"""


@pytest.fixture
def case(module):
    return module(TEXT).captured()[1]


@pytest.fixture
def saved(case, tmp_path: Path) -> Path:
    case.save(tmp_path / "net.bpd")
    return tmp_path / "net.bpd"


def test_a_capture_is_checked_and_changes_nothing(module) -> None:
    net, case = module(TEXT).captured()
    assert case.check().passed
    assert set(case.check().verdicts.values()) == {"right"}
    assert all(parameter.grad is None for parameter in net.parameters())
    assert {"net[0].weight", "net[1].bias", "net[3].weight"} <= case.program.parameters
    modules = [call.function for one in case.program.statements if one.source for call in one.source.calls]
    assert {"net", "net[0]", "net[1]", "net[2]", "net[3]"} <= {*modules}
    assert case.first_bad() is None


def test_modules_are_the_passages_of_the_program(module) -> None:
    _, case = module(TEXT).captured()
    layers: dict[int, set[str]] = {}
    for statement, number in zip(case.program.statements, case.program.passages, strict=True):
        if statement.phase == "forward" and statement.source:
            layers.setdefault(number, set()).update(one.function for one in statement.source.calls[1:])
    assert [*layers.values()][:2] == [{"net[0]"}, {"net[1]"}]


def test_what_was_saved_is_what_was_captured(case, saved: Path) -> None:
    opened = load_capture(saved)
    assert [one.name for one in opened.program.statements] == [one.name for one in case.program.statements]
    assert opened.program.statements == case.program.statements
    assert opened.program.parameters == case.program.parameters
    assert opened.script.files.keys() == case.script.files.keys()
    ours, theirs = (run(one.program, one.values).values for one in (case, opened))
    assert all(np.array_equal(ours[name], theirs[name]) for name in ours)
    assert bpdebug.check(saved).passed


def test_a_capture_opens_where_torch_is_not(saved: Path) -> None:
    code = (
        "import sys; sys.modules['torch'] = None\n"
        f"import bpdebug; case = bpdebug.load_scenario  # noqa\n"
        f"print(bpdebug.check({str(saved)!r}).passed)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "True\n"


@pytest.mark.parametrize(
    ("pattern", "replacement", "message"),
    [
        (r'format = "bpdebug-capture"', 'format = "other"', "found the format other 1"),
        (r'\["matmul"', '["__import__"', "found the function __import__, which is not known"),
        (r'\["matmul", \{\}', '["matmul", {"axis" = 1}', "matmul with other arguments or options"),
        (r'"net\[0\].weight"\]', '"nobody"]', "nobody does not exist here"),
        (r'phase = "forward"', 'phase = "sideways"', "found the phase sideways"),
        (r"\[\[statements\]\]", "[[statements]", "damaged"),
        (r'expression = \["add"', f'expression = {"[" * 900}"add"', "damaged"),
        (r'"lines" = ', '"lines" = "x", "other" = ', "damaged"),
    ],
)
def test_a_damaged_or_hostile_file_is_refused(
    saved: Path, pattern: str, replacement: str, message: str
) -> None:
    text = saved.read_text(encoding="utf-8")
    assert re.search(pattern, text)
    saved.write_text(re.sub(pattern, lambda match: replacement, text, count=1), encoding="utf-8")
    with pytest.raises(ScenarioError, match=re.escape(message)):
        load_capture(saved)


def test_a_result_of_any_size_is_refused(saved: Path) -> None:
    text = saved.read_text(encoding="utf-8")
    huge = '\n[[statements]]\nname = "huge"\nexpression = ["expand", {"shape" = [100000, 100000]}, 1.0]\n'
    saved.write_text(text + huge, encoding="utf-8")
    with pytest.raises(ScenarioError, match="too large"):
        load_capture(saved)


def test_tensors_that_are_missing_or_cut_off_are_refused(saved: Path) -> None:
    tensors = saved.with_suffix(".bpd.safetensors")
    data = tensors.read_bytes()
    tensors.write_bytes(data[:-8])
    with pytest.raises(ScenarioError, match="truncated"):
        load_capture(saved)
    tensors.unlink()
    with pytest.raises(ScenarioError, match="cannot be read"):
        load_capture(saved)


def test_the_first_bad_value_is_named_with_what_it_was_made_of(module) -> None:
    found = module(TEXT).stepped(-1.0).first_bad()
    assert (found.operation, found.code, found.is_backward) == ("log", "torch.log(h)", False)
    assert found.contents == "1 NaN of 3, first at [2]"
    assert found.operands == ("h[2] = -1",)


def test_what_arises_on_the_way_back_is_named_at_its_forward_line(module) -> None:
    found = module(TEXT.replace("        y = torch.log(h)\n", "")).stepped(3.0).first_bad()
    assert found.is_backward
    assert found.code == "torch.sqrt(h - x)"
    assert "infinit" in found.contents


WRITTEN = """
import bpdebug.torch

kept = []


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.w = torch.nn.Parameter(torch.ones(3))

    def forward(self, x):
        h = x * self.w
        g = h.exp()
        kept.append(g[1:])
        part = torch.sigmoid(g)
        return part * g


def captured():
    net, x = Net(), torch.arange(3.0)
    case = bpdebug.torch.capture(net, x)
    before = {name: value.copy() for name, value in case.history().trace(1).values.items()}
    with torch.no_grad():
        kept[0].zero_()
        net.w.zero_()
        x.zero_()
    return case, before
"""


def test_what_is_written_later_does_not_change_a_capture(module) -> None:
    case, before = module(WRITTEN).captured()
    after = case.history().trace(1).values
    assert all(np.array_equal(after[name], value) for name, value in before.items())
    assert before["g"][1] == pytest.approx(np.e)


BLOCKS = """
import bpdebug.torch


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.blocks = torch.nn.ModuleList(torch.nn.Linear(3, 3) for _ in range(3))

    def forward(self, x):
        for block in self.blocks:
            x = x + torch.tanh(block(x))
        return x


def captured():
    torch.manual_seed(0)
    return bpdebug.torch.capture(Net(), torch.randn(4, 3), loss=lambda out: (out**2).mean())
"""


def test_a_loop_over_blocks_that_add_to_their_input_is_no_training(module) -> None:
    report = module(BLOCKS).captured().check()
    assert {name for name in report.verdicts if name.endswith("weight")} == {
        f"self.blocks[{number}].weight" for number in range(3)
    }
    assert set(report.verdicts.values()) == {"right"}


def test_a_recorded_function_is_called_after_the_recording_around_it_is_over() -> None:
    torch = pytest.importorskip("torch")
    x, y, w = np.eye(4)[:, :3], np.ones((4, 2)), np.full((3, 2), 0.5)

    @bpdebug.record
    def step(w):
        out = x @ w
        loss = np.mean((out - y) ** 2)
        return loss, w - 0.1 * x.T @ (2 * (out - y) / out.size)

    with bpdebug.recording() as recording:
        for _ in range(4):
            _loss, w = step(w)
    assert bpdebug.check(recording.case).passed
    assert "__init_subclass__" not in vars(torch.autograd.Function), "all is as it was"


PIECES = """
import bpdebug.torch


def captured():
    torch.manual_seed(0)
    data, x = torch.randn(3, 4), torch.randn(3, 4, requires_grad=True)

    def scaled(x):
        with torch.no_grad():
            whole = torch.sigmoid(data)
            left, right = torch.unsafe_split(whole, 2, dim=1)
            left.mul_(right)
        return (x * whole).sum()

    return bpdebug.torch.capture(scaled, x)
"""


def test_what_is_written_to_a_piece_that_is_called_no_view_is_in_the_whole(module) -> None:
    assert module(PIECES).captured().check().passed


MASKED = """
import bpdebug.torch


def captured():
    scores = torch.randn(3, 3, requires_grad=True)
    hidden = torch.triu(torch.ones(3, 3), 1) == 1

    def first(x):
        return torch.softmax(x.masked_fill(hidden, -torch.inf), -1)[:, 0].sum()

    return bpdebug.torch.capture(first, scores)
"""


def test_the_infinity_of_a_mask_is_saved_and_read(module, tmp_path: Path) -> None:
    case = module(MASKED).captured()
    case.save(tmp_path / "mask.bpd")
    assert load_capture(tmp_path / "mask.bpd").program.statements == case.program.statements


SCATTERED = """
import bpdebug.torch


def captured():
    scores, amounts = torch.randn(4, 3, requires_grad=True), torch.randn(4, 2, requires_grad=True)
    labels = torch.tensor([[2, 0], [0, 0], [0, 1], [1, 2]])

    def first(x, w):
        marked = torch.zeros_like(x).scatter_(1, labels[:, :1], 1.0)
        spread = x.tanh().scatter(0, labels[1:2], (w * w)[:1])
        return (marked * torch.log_softmax(x, 1)).sum() + (x.exp().scatter_add(-1, labels, w) * spread).sum()

    return bpdebug.torch.capture(first, scores, amounts)
"""


def test_what_is_scattered_along_an_axis_has_gradients(module) -> None:
    report = module(SCATTERED).captured().check()
    assert report.passed
    assert {*report.verdicts.values()} == {"right"}


def test_elements_of_fewer_bytes_may_be_more(saved: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from bpdebug.sources.scenario import limits

    case = load_capture(saved)
    held = sum(int(np.prod(shape)) for shape in case.program.shapes.values())
    monkeypatch.setattr(limits, "LIMITS", limits.LIMITS._replace(run_elements=held - 1))
    with pytest.raises(ScenarioError, match="run_elements"):
        load_capture(saved)  # of 64 bits
    tensors = {name: value.astype(np.float32) for name, value in case.values.items()}
    with saved.with_suffix(".bpd.safetensors").open("wb") as file:
        file.writelines(tensors_of(tensors))
    assert load_capture(saved).dtype == "float64"
