"""A wrong line of a LayerNorm of 512×768: found, corrected and proven, on one thread."""

from __future__ import annotations

import importlib.util

from tests.benchmarks.measure import Figure, processor_seconds

SHAPES = ((512, 768), (768,), (768,))
RIGHT, WRONG = "dxhat - m1 - xhat * m2", "dxhat - m1 - m1 - xhat * m2"


def measure() -> list[Figure]:
    """Check it in 32 and in 64 bits; the finding must be the planted one."""
    if importlib.util.find_spec("torch") is None:
        return [Figure("check_backward: torch is not installed, see the extra `bench`", "", "")]
    import torch

    from bpdebug.torch import check_backward
    from tests.torch.planted import text_of
    from tests.torch.rates import imported

    torch.set_num_threads(1)
    wrong = imported(text_of("LayerNorm").replace(RIGHT, WRONG)).LayerNorm

    def of_bits(dtype: torch.dtype) -> float:
        given = [torch.randn(shape, dtype=dtype) for shape in SHAPES]

        def check() -> None:
            (finding,) = check_backward(wrong.apply, *given, only=wrong).findings
            assert finding.verified
            assert RIGHT in str(finding.correction)

        return processor_seconds(check)

    times = [of_bits(dtype) for dtype in (torch.float32, torch.float64)]
    found = " / ".join(f"{time:.1f}" for time in times)
    return [Figure("a wrong line of a LayerNorm of 512×768, 32 / 64 bits", f"{found} s", "< 10 s")]
