"""Kernels: what is written to memory behind torch's back, in a forward and in a backward."""

from __future__ import annotations

import pytest

from bpdebug.errors import ScriptError

KERNEL = """
import ctypes


def memory(tensor):
    return (ctypes.c_double * tensor.numel()).from_address(tensor.data_ptr())


def cube(x, y):
    for place, value in enumerate(memory(x)):
        memory(y)[place] = value**3


def cube_backward(g, x, dx):
    for place, value in enumerate(memory(x)):
        memory(dx)[place] = 3 * memory(g)[place] * value * value


class Cube(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        y = torch.empty_like(x)
        cube(x, y)
        ctx.save_for_backward(x)
        return y

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        dx = torch.empty_like(x)
        cube_backward(g, x, dx)
        return dx


def sum_over_rows(g, x, dw):
    count = dw.numel()
    for column in range(count):
        places = range(column, x.numel(), count)
        memory(dw)[column] = sum(memory(g)[place] * memory(x)[place] for place in places)


class Weighted(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, w):
        ctx.save_for_backward(x, w)
        return x * w

    @staticmethod
    def backward(ctx, g):
        x, w = ctx.saved_tensors
        dw = torch.empty_like(w)
        sum_over_rows(g, x, dw)
        return g * w, dw


class Straight(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return (x > 0).to(x.dtype)

    @staticmethod
    def backward(ctx, g):
        return g
"""
IN_PLACE = """
        cube(x, x)
        ctx.mark_dirty(x)
        return x
"""


def check(module, *changes, function="Cube", **options):
    from bpdebug.torch import check_backward

    text = KERNEL
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    found = module(text)
    generator = found.torch.Generator().manual_seed(1)
    x = found.torch.randn(5, 4, generator=generator, dtype=found.torch.float64)
    called = getattr(found, function).apply
    return check_backward(lambda x: called(x * 1), x, only=function, seconds=6, **options)


def test_what_is_right_is_called_right(module) -> None:
    for options in ({}, {"reference": lambda x: x**3}):
        report = check(module, **options)
        assert report.passed, str(report)
        assert report.reports[0].verdicts == {"x": "right"}


def test_a_forward_that_writes_over_its_input_is_right(module) -> None:
    kept = "        kept = x.clone()"
    begin, end = KERNEL.index("        y = torch.empty_like(x)"), KERNEL.index("        return y\n")
    old = KERNEL[begin:end] + "        return y\n"
    report = check(module, (old, f"{kept}\n        ctx.save_for_backward(kept){IN_PLACE}"))
    assert report.passed, str(report)


@pytest.mark.parametrize("options", [{}, {"reference": lambda x: x**3}])
def test_a_line_that_follows_a_kernel_is_found(module, options) -> None:
    report = check(module, ("return dx", "dx = dx * 2\n        return dx"), **options)
    (finding,) = report.findings
    assert (finding.source.code, finding.correction, finding.verified) == ("dx * 2", "dx", True)


def test_what_a_kernel_computed_instead_is_said(module) -> None:
    from bpdebug.torch import check_backward

    found = module(KERNEL.replace("memory(g)[place] * memory(x)[place]", "memory(x)[place]"))
    generator = found.torch.Generator().manual_seed(1)
    given = [found.torch.randn(one, generator=generator, dtype=found.torch.float64) for one in ((5, 4), (4,))]
    report = check_backward(found.Weighted.apply, *given, only="Weighted", seconds=3)
    (finding,) = report.findings
    assert (finding.source.code, finding.also_wrong) == ("torch.empty_like(w)", ("w",))
    assert (
        "by what nobody sees into, is wrong: it is sum(x, axis=0), and should be sum(" in finding.explanation
    )


def test_a_reference_with_another_output_is_refused(module) -> None:
    with pytest.raises(ScriptError, match="its output 0 is not that of Cube"):
        check(module, reference=lambda x: x**2)


def test_where_the_forward_has_no_derivative_nothing_is_derived(module) -> None:
    report = check(module, ("return g", "return g * 1"), function="Straight")
    assert report.reports[0].verdicts == {"x": "wrong"}
