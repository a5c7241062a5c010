"""`check_backward`: the line, and what should stand there; and what torch does that looks like a mistake."""

from __future__ import annotations

import importlib
import threading
from pathlib import Path
from types import ModuleType

import pytest

from tests.tiers import few


@pytest.fixture(scope="module")
def torch() -> ModuleType:
    return importlib.import_module("torch")


@pytest.fixture(scope="module")
def functions() -> ModuleType:
    return importlib.import_module("tests.torch.functions")


def inputs(torch: ModuleType, count: int) -> list:
    generator = torch.Generator().manual_seed(1)
    shapes = ((5, 4), (4,))[:count]
    return [torch.randn(shape, generator=generator, dtype=torch.float64) for shape in shapes]


def check(function, *given, **options):
    from bpdebug.torch import check_backward

    return check_backward(function, *given, **options)


@pytest.mark.parametrize(
    ("name", "wrong", "right"),
    [
        ("early", "g * x", "2 * (g * x)"),  # `apply` was bound before anything watched
        ("checkpointed", "g * x", "2 * (g * x)"),
        ("mixed", "g * x", "2 * (g * x)"),
        ("batched", "g * (1 - out)", "g * (1 - out ** 2)"),
        ("New.apply", "g * (1 - out)", "g * (1 - out ** 2)"),
        ("Reverse.apply", "-g", "g"),
        ("Opaque.apply", "3 * g * x", "3 * g * x * x"),  # torch does not see into its forward
    ],
)
def test_the_line_and_what_should_stand_there(torch, functions, name: str, wrong: str, right: str) -> None:
    function = functions
    for part in name.split("."):
        function = getattr(function, part)
    report = check(function, *inputs(torch, 1), seconds=6)
    assert not report.passed
    (finding,) = report.findings
    assert (finding.source.code, finding.correction, finding.verified) == (wrong, right, True)
    assert finding.source.file.endswith("functions.py")


RIGHT = [
    "Right.apply",
    "both",
    "Split.apply",
    "Views.apply",
    "Spreading.apply",
    "hooked",
    "compiled",
    "mixed_right",
    "checkpointed_right",
]


@pytest.mark.parametrize("name", RIGHT)
def test_what_is_right_is_called_right(torch, functions, name: str) -> None:
    function = functions
    for part in name.split("."):
        function = getattr(function, part)
    report = check(function, *inputs(torch, 1))
    assert report.passed, str(report)
    assert not report.findings


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_of_a_search_that_ends_early_the_differences_are_as_sure_as_they_can_be(
    torch, functions, dtype: str
) -> None:
    x = inputs(torch, 1)[0].to(getattr(torch, dtype))
    assert check(functions.Root.apply, x, seconds=0).passed
    assert not check(functions.WrongRoot.apply, x, seconds=0).passed


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_what_cancels_out_is_right_up_to_the_rounding_of_its_terms(torch, module, dtype: str) -> None:
    """Two rows less their mean, by their deviation, are ±1 whatever they are."""
    from tests.torch.planted import text_of

    text = text_of("Whitened")
    x = torch.randn(2, 5, generator=torch.Generator().manual_seed(4), dtype=getattr(torch, dtype))
    assert check(module(text).Whitened.apply, x, only="Whitened", seconds=0).passed
    wrong = text.replace("dy - dy.mean(0) -", "dy -")
    assert wrong != text
    assert not check(module(wrong).Whitened.apply, x, only="Whitened", seconds=0).passed


def test_a_sparse_matrix_is_one(torch, functions) -> None:
    report = check(functions.Spread.apply, *inputs(torch, 2), seconds=6)
    assert report.reports[0].verdicts == {"x": "wrong", "values": "right"}
    (finding,) = report.findings
    assert (finding.source.code, finding.correction) == ("matrix.matmul(g)", "matrix.T.matmul(g)")


def test_each_of_several_inputs_is_judged(torch, functions) -> None:
    x, _ = inputs(torch, 2)
    report = check(functions.Two.apply, x, x + 1)
    assert report.reports[0].verdicts == {"x": "right", "y": "wrong"}
    (finding,) = report.findings
    assert finding.correction == "g1 * x + g2"


def test_writing_over_the_incoming_gradient_is_named(torch, functions) -> None:
    report = check(functions.Alias.apply, *inputs(torch, 2), seconds=3)
    (finding,) = report.findings
    assert (finding.kind, finding.source.code) == ("overwritten", "dy.mul_(w)")


def test_a_shape_that_autograd_sums_up_is_named(torch, functions) -> None:
    report = check(functions.Wide.apply, *inputs(torch, 2))
    assert report.passed
    assert "Wide: backward returns the shape 5×4 for b, which has the shape 4: autograd sums it up" in str(
        report
    )


def test_a_gradient_that_is_missing_is_named(torch, functions) -> None:
    x, w = inputs(torch, 2)
    report = check(functions.Missing.apply, x.requires_grad_(), w.requires_grad_())
    assert not report.passed
    assert "Missing: backward returns None for w, whose gradient is not 0" in str(report)
    report = check(functions.Missing.apply, x.detach(), w.detach())  # nobody has asked for it
    assert report.passed
    assert "Missing: backward returns None for w, which is not judged" in str(report)


@pytest.mark.parametrize("name", ["Step", "Reverse"])
def test_what_is_meant_is_not_judged(torch, functions, name: str) -> None:
    meant = getattr(functions, name)
    assert not check(meant.apply, *inputs(torch, 1), seconds=2).passed
    report = check(meant.apply, *inputs(torch, 1), intended=name)
    assert report.passed
    assert f"{name} is meant to be as it is, and was not judged" in str(report)


def test_only_the_named_function_is_judged(torch, functions) -> None:
    def net(x):
        return functions.Twice.apply(functions.Right.apply(x))

    assert check(net, *inputs(torch, 1), only=functions.Right).passed
    assert check(net, *inputs(torch, 1), only="Right").passed
    report = check(net, *inputs(torch, 1), seconds=4)  # a wrong one makes none before it wrong
    assert [(one.file, one.passed) for one in report.reports] == [("Right", True), ("Twice", False)]


def test_a_plain_function_stands_in_for_a_forward(torch, functions) -> None:
    report = check(functions.Opaque.apply, *inputs(torch, 1), reference=lambda x: x**3)
    assert report.findings[0].correction == "3 * g * x * x"


def test_what_runs_in_another_thread_is_said(torch, functions) -> None:
    def in_a_thread(x):
        y = functions.Twice.apply(x)
        thread = threading.Thread(target=lambda: y.sum().backward())
        thread.start()
        thread.join()
        return x * 1.0

    report = check(in_a_thread, *inputs(torch, 1))
    assert "its backward was not called, or in another thread, which is not seen" in str(report)


def test_a_function_without_any_says_so(torch, functions) -> None:
    report = check(lambda x: x.exp(), *inputs(torch, 1))
    assert not report.passed
    assert "no custom autograd.Function was called" in str(report)


def test_assert_backward_raises_with_the_report(torch, functions) -> None:
    from bpdebug.torch import assert_backward

    assert_backward(functions.Right.apply, *inputs(torch, 1))
    with pytest.raises(AssertionError, match=r"functions.py:\d+: g \* x should be 2 \* \(g \* x\)"):
        assert_backward(functions.early, *inputs(torch, 1), seconds=6)


def test_the_classes_are_what_they_were(torch, functions) -> None:
    before = dict(vars(functions.New))
    code = functions.New.backward.__code__
    check(functions.New.apply, *inputs(torch, 1), seconds=1)
    assert dict(vars(functions.New)) == before
    assert functions.New.backward.__code__ is code


def test_the_functions_in_which_mistakes_are_planted_are_right(torch, module) -> None:
    """torch's own gradcheck says so: differences, which nobody here has written."""
    from tests.torch.planted import FUNCTIONS, NOT_ASKED, text_of
    from tests.torch.rates import inputs as drawn

    for name in FUNCTIONS:
        function = getattr(module(text_of(name)), name)
        without = NOT_ASKED.get(name, ())
        given = [one.requires_grad_(place not in without) for place, one in enumerate(drawn(name, 1))]
        assert torch.autograd.gradcheck(function.apply, given), name


def test_on_fresh_values_another_number_comes_in(torch, functions) -> None:
    """Where 2 comes in, `g * x` lacks a 2 or another `g`."""

    def doubled(x):
        y = functions.early(x)
        y.register_hook(lambda g: torch.full_like(g, 2.0))
        return y

    (finding,) = check(doubled, *inputs(torch, 1), seconds=6).findings
    assert (finding.correction, finding.verified) == ("2 * (g * x)", True)


@pytest.mark.parametrize(
    ("name", "right", "wrong"),
    [
        ("Softmax", "(dy * p).sum(", "(dy * -p).sum("),
        ("RmsNorm", "g = dy * w", "g = -dy * w"),
        ("CrossEntropy", "total = target.", "total = (2 * target)."),
    ],
)
def test_of_lines_that_make_up_for_each_other_that_is_named_which_does_not_belong(
    torch, module, name: str, right: str, wrong: str
) -> None:
    from tests.torch.planted import text_of
    from tests.torch.rates import inputs as drawn

    function = getattr(module(text_of(name).replace(right, wrong)), name)
    (finding,) = check(function.apply, *drawn(name, 3), only=function).findings
    assert wrong in Path(finding.source.file).read_text().splitlines()[finding.source.line - 1]
    assert finding.verified


def test_code_that_was_checked_before_suggests_nothing(torch, module) -> None:
    """The other file has a 0.5 in a `where`, by which a probability would be halved."""
    from tests.torch.planted import text_of
    from tests.torch.rates import inputs as drawn

    before = module(text_of("Huber")).Huber
    assert check(before.apply, *drawn("Huber", 3), only=before, seconds=0).passed
    text = text_of("CrossEntropy").replace("total = target.", "total = (2 * target).")
    function = module(text).CrossEntropy
    (finding,) = check(function.apply, *drawn("CrossEntropy", 3), only=function).findings
    assert finding.correction == "target.sum(1, keepdim=True)"


def test_a_mean_on_the_way_to_a_gradient_is_not_named_for_being_none(torch, module) -> None:
    from tests.torch.planted import text_of
    from tests.torch.rates import inputs as drawn

    text = text_of("LayerNorm").replace("dx = rstd * (dxhat", "dx = torch.rand_like(dy) * (dxhat")
    function = module(text).LayerNorm
    report = check(function.apply, *drawn("LayerNorm", 3), only=function, seconds=2)
    assert not report.passed
    assert all("dx" in finding.tensor for finding in report.findings), str(report)


def test_what_makes_a_gradient_infinite_is_no_correction(torch, module) -> None:
    from tests.torch.planted import text_of
    from tests.torch.rates import inputs as drawn

    right = "torch.where(is_up, dy, dy * slope * torch.exp(x))"
    exchanged = "torch.where(is_up, dy * slope * torch.exp(x), dy)"
    function = module(text_of("Selu").replace(right, exchanged)).Selu
    report = check(function.apply, *drawn("Selu", 3), only=function, seconds=8)
    assert not report.passed
    assert all("/ is_up" not in str(one.correction) for one in report.findings)


@pytest.mark.parametrize("dtype", ["bfloat16", "float32", "float64"])
def test_of_no_right_function_anything_is_said(torch, module, dtype: str) -> None:
    from tests.torch.planted import FUNCTIONS, text_of
    from tests.torch.rates import inputs as drawn

    for name in FUNCTIONS:
        function = getattr(module(text_of(name)), name)
        report = check(function.apply, *drawn(name, 6, dtype), only=function, seconds=0)
        assert report.passed, name
        assert not report.findings


@pytest.mark.parametrize(
    ("name", "right", "wrong", "names"),
    [
        ("BatchNorm", "dx, dgamma, dbeta", "dx, gamma, dbeta", ["dgamma"]),
        ("Causal", "dq, dk, dv", "dk, dq, dv", ["dq", "dk"]),
        ("Embedded", "dw, ds", "dw, s", ["ds"]),
    ],
)
def test_a_wrong_name_that_is_returned(torch, module, name: str, right: str, wrong: str, names) -> None:
    from tests.torch.planted import text_of
    from tests.torch.rates import inputs as drawn

    function = getattr(module(text_of(name).replace(f"return {right}", f"return {wrong}")), name)
    findings = check(function.apply, *drawn(name, 3), only=function, seconds=6).findings
    assert [one.correction for one in findings] == names
    assert all(one.verified for one in findings)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_large_inputs_take_seconds(torch, module, monkeypatch, dtype: str) -> None:
    """What is wrong is found with small inputs: the large ones do not run forwards again for each weight."""
    from bpdebug.sources.libraries import references
    from tests.torch.planted import text_of

    slopes, moved = references._slopes, []

    def noted(value, *rest):
        moved.append(value.size)
        return slopes(value, *rest)

    monkeypatch.setattr(references, "_slopes", noted)

    text = text_of("LayerNorm").replace("dxhat - m1 - xhat", "dxhat - m1 - m1 - xhat")
    found = module(text)
    given = [
        torch.randn(shape, dtype=getattr(torch, dtype), generator=torch.Generator().manual_seed(0))
        for shape in ((256, 384), (384,), (384,))
    ]
    report = check(found.LayerNorm.apply, *given)
    assert report.findings[0].correction == "rstd * (dxhat - m1 - xhat * m2)"
    assert max(moved, default=0) < 384


@pytest.mark.parametrize("name", few(["LayerNorm", "Gated", "Attention", "Lorentz", "Dense", "Cosine"], 6))
def test_planted_mistakes_are_found_at_their_line(torch, module, name: str) -> None:
    """Of each Function some mistakes: all are detected, and most have the line and a correction."""
    from tests.torch.planted import INPUTS, mistakes, text_of

    generator = torch.Generator().manual_seed(3)
    given = [torch.randn(shape, generator=generator, dtype=torch.float64) for shape in INPUTS[name]]
    given = [one.abs() + 0.5 if name == "Lorentz" and one.ndim == 1 else one for one in given]
    right = getattr(module(text_of(name)), name)
    assert check(right.apply, *given, only=right).passed
    every = list(mistakes(name))
    found = verified = 0
    for mistake in every[:: len(every) // 4][:4]:
        function = getattr(module(mistake.text), name)
        report = check(function.apply, *given, only=function, seconds=6)
        assert not report.passed, mistake
        shift = 2  # the module begins with its own import
        found += any(one.source.line == mistake.line + shift for one in report.findings)
        verified += all(one.verified for one in report.findings)
    assert found >= 3
    assert verified >= 3
