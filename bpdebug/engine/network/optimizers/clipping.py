"""Clipping: gradients that are too long, or have too large elements, before an optimizer sees them.

The definitions are PyTorch's (`clip_grad_norm_`, `clip_grad_value_`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bpdebug.engine.network.optimizers.optimizer import UpdateLine

FACTOR, NORM = "clip_factor", "gradient_norm"
NORM_ROUNDING = 1e-6
"""Added to the norm before it divides, as PyTorch does."""


def norm_lines(gradients: Sequence[str], clip_norm: float) -> Iterator[UpdateLine]:
    """Write the factor that shortens all gradients together to a norm of at most `clip_norm`."""
    squares = _balanced_sum([f"norm({gradient}) ** 2" for gradient in gradients])
    yield UpdateLine(NORM, f"sqrt({squares})", "The length of all gradients together, taken as one vector.")
    factor = f"minimum({clip_norm!r} / ({NORM} + {NORM_ROUNDING!r}), 1)"
    yield UpdateLine(
        FACTOR, factor, "Gradients that are too long are all shortened by one factor; others stay."
    )


def _balanced_sum(terms: Sequence[str]) -> str:
    """Write a sum as a balanced tree: thousands of terms then nest a dozen deep."""
    if len(terms) <= 2:
        return " + ".join(terms)
    middle = len(terms) // 2
    return f"({_balanced_sum(terms[:middle])}) + ({_balanced_sum(terms[middle:])})"


def clip_lines(gradient: str, clip_value: float | None, clip_norm: float | None) -> Iterator[UpdateLine]:
    """Write the steps from one gradient to the clipped one, the last of them; none where nothing is clipped.

    Parameters
    ----------
    gradient : str
        Its name.
    clip_value : float, optional
        Each element is kept within ± this.
    clip_norm : float, optional
        The bound on the norm of all gradients, whose factor `norm_lines` has written.
    """
    if clip_norm is not None:
        yield UpdateLine(f"{gradient}_clipped", f"{gradient} * {FACTOR}", "The direction stays as it was.")
        gradient = f"{gradient}_clipped"
    if clip_value is not None:
        text = f"minimum(maximum({gradient}, {-clip_value!r}), {clip_value!r})"
        yield UpdateLine(f"{gradient}_bounded", text, "No element of the gradient is larger than the bound.")
