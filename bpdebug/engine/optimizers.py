"""Optimizers: from a parameter and its gradient to the next parameter, as statements, step by step.

The definitions and the defaults are PyTorch's (`torch.optim`). A tensor that an optimizer remembers from
one iteration to the next is an input of the program; the result that takes its place has the same name
with `_new`: `v_w1` and `v_w1_new`, as `w1` and `w1_new`.

To add an optimizer, write its lines as a function and name it in the table at the end.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from bpdebug.engine.expression.derivation import gradient_name
from bpdebug.engine.expression.nodes import Statement
from bpdebug.engine.expression.parsing import parse

Settings = Mapping[str, float]

COUNTER = "t"
"""The number of updates so far."""
NEW = "_new"
"""What takes the place of a tensor in the next iteration has its name and this."""


@dataclass(frozen=True, slots=True)
class Line:
    """One step of an update: `name = text`, and why."""

    name: str
    text: str
    why: str


@dataclass(frozen=True, slots=True)
class Setting:
    """A number or a switch that a scenario may set: from 0, and below a bound if it has one."""

    name: str
    default: float | bool
    below: float = math.inf


@dataclass(frozen=True, slots=True)
class Optimizer:
    """A rule for updating parameters.

    Attributes
    ----------
    name : str
        What a scenario calls it.
    settings : tuple of Setting
        Its settings, the learning rate first.
    lines : callable
        (parameter, name of its gradient, settings) -> the steps to `{parameter}_new`.
    remembers : callable
        (settings) -> the tensors that it keeps for each parameter, by the letter before its name: `m`, `v`.
    counts : bool
        Whether it needs the number of updates.
    """

    name: str
    settings: tuple[Setting, ...]
    lines: Callable[[str, str, Settings], Iterator[Line]]
    remembers: Callable[[Settings], tuple[str, ...]] = lambda settings: ()
    counts: bool = False


@dataclass(frozen=True, slots=True)
class Trained:
    """A parameter that is updated: its name, its role in its layer (`w`), and the layer's number."""

    name: str
    role: str = ""
    layer: int = 0


@dataclass(frozen=True, slots=True)
class Update:
    """The statements of an update, and what it needs and leaves for the next iteration.

    Attributes
    ----------
    statements : tuple of Statement
        The steps, in order.
    remembered : mapping
        The tensors that start at 0, each with the parameter whose shape it has; empty for a number.
    carried : mapping
        Input -> the result that takes its place in the next iteration.
    """

    statements: tuple[Statement, ...]
    remembered: Mapping[str, str] = field(default_factory=dict)
    carried: Mapping[str, str] = field(default_factory=dict)


def update_of(
    optimizer: Optimizer,
    settings: Settings,
    parameters: Sequence[Trained],
    clip_value: float | None = None,
    clip_norm: float | None = None,
) -> Update:
    """Write the update of some parameters.

    Parameters
    ----------
    optimizer : Optimizer
        The rule.
    settings : mapping
        The values of all its settings.
    parameters : sequence of Trained
        What is updated; the gradient of each is `d{name}`.
    clip_value : float, optional
        Each element of a gradient is kept within ± this, as by `clip_grad_value_`.
    clip_norm : float, optional
        The norm of all gradients together is kept to this, as by `clip_grad_norm_`.
    """
    statements: list[Statement] = []
    remembered: dict[str, str] = {}
    carried: dict[str, str] = {}

    def write(lines: Iterator[Line], of: Trained) -> None:
        for line in lines:
            role = line.name.replace(of.name, of.role) if of.role else line.name
            statements.append(
                Statement(line.name, parse(line.text), "update", of.layer, role, of.name, why=line.why)
            )

    gradients = {one.name: gradient_name(one.name) for one in parameters}
    if clip_norm is not None:
        write(_norm_lines(list(gradients.values()), clip_norm), Trained(""))
    if optimizer.counts:
        write(iter([Line(f"{COUNTER}{NEW}", f"{COUNTER} + 1", COUNTING)]), Trained(""))
        remembered[COUNTER], carried[COUNTER] = "", f"{COUNTER}{NEW}"
    for one in parameters:
        gradient = gradients[one.name]
        for line in _clip_lines(gradient, clip_value, clip_norm):
            write(iter([line]), one)
            gradient = line.name
        write(optimizer.lines(one.name, gradient, settings), one)
        carried[one.name] = f"{one.name}{NEW}"
        for letter in optimizer.remembers(settings):
            remembered[f"{letter}_{one.name}"] = one.name
            carried[f"{letter}_{one.name}"] = f"{letter}_{one.name}{NEW}"
    return Update(tuple(statements), remembered, carried)


COUNTING = "One more update; the bias corrections depend on how many there have been."
DECAY = "Weight decay pulls each parameter towards 0, as an l2 penalty on it does."
STEP = "The parameter moves against its gradient, by the learning rate."

FACTOR, NORM = "clip_factor", "gradient_norm"
NORM_ROUNDING = 1e-6
"""Added to the norm before it divides, as PyTorch does."""


def _norm_lines(gradients: Sequence[str], clip_norm: float) -> Iterator[Line]:
    squares = _balanced_sum([f"norm({gradient}) ** 2" for gradient in gradients])
    yield Line(NORM, f"sqrt({squares})", "The length of all gradients together, taken as one vector.")
    factor = f"minimum({clip_norm!r} / ({NORM} + {NORM_ROUNDING!r}), 1)"
    yield Line(FACTOR, factor, "Gradients that are too long are all shortened by one factor; others stay.")


def _balanced_sum(terms: Sequence[str]) -> str:
    """Write a sum as a balanced tree: thousands of terms then nest a dozen deep."""
    if len(terms) <= 2:
        return " + ".join(terms)
    middle = len(terms) // 2
    return f"({_balanced_sum(terms[:middle])}) + ({_balanced_sum(terms[middle:])})"


def _clip_lines(gradient: str, clip_value: float | None, clip_norm: float | None) -> Iterator[Line]:
    if clip_norm is not None:
        gradient = f"{gradient}_clipped"
        yield Line(
            gradient, f"{gradient.removesuffix('_clipped')} * {FACTOR}", "The direction stays as it was."
        )
    if clip_value is not None:
        text = f"minimum(maximum({gradient}, {-clip_value!r}), {clip_value!r})"
        yield Line(f"{gradient}_bounded", text, "No element of the gradient is larger than the bound.")


def _sgd(parameter: str, gradient: str, settings: Settings) -> Iterator[Line]:
    if settings["weight_decay"]:
        yield Line(f"{gradient}_decayed", f"{gradient} + {settings['weight_decay']!r} * {parameter}", DECAY)
        gradient = f"{gradient}_decayed"
    step = gradient
    if momentum := settings["momentum"]:
        step = f"v_{parameter}{NEW}"
        yield Line(
            step,
            f"{momentum!r} * v_{parameter} + {gradient}",
            "The velocity: what is left of the steps before, and the gradient of this one.",
        )
        if settings["nesterov"]:
            yield Line(
                f"{gradient}_ahead",
                f"{gradient} + {momentum!r} * {step}",
                "Nesterov's momentum looks ahead: the gradient, and one more push of the velocity.",
            )
            step = f"{gradient}_ahead"
    yield Line(f"{parameter}{NEW}", f"{parameter} - {settings['learning_rate']!r} * {step}", STEP)


def _adam(parameter: str, gradient: str, settings: Settings) -> Iterator[Line]:
    if settings["weight_decay"]:
        yield Line(f"{gradient}_decayed", f"{gradient} + {settings['weight_decay']!r} * {parameter}", DECAY)
        gradient = f"{gradient}_decayed"
    yield from _moments(parameter, gradient, settings, parameter)


def _adamw(parameter: str, gradient: str, settings: Settings) -> Iterator[Line]:
    start = parameter
    if settings["weight_decay"]:
        start = f"{parameter}_decayed"
        yield Line(
            start,
            f"{parameter} * (1 - {settings['learning_rate']!r} * {settings['weight_decay']!r})",
            "Decoupled weight decay shrinks the parameter itself; the moments do not see it.",
        )
    yield from _moments(parameter, gradient, settings, start)


def _moments(parameter: str, gradient: str, settings: Settings, start: str) -> Iterator[Line]:
    beta1, beta2, eps = (f"{settings[name]!r}" for name in ("beta1", "beta2", "eps"))
    m, v = f"m_{parameter}", f"v_{parameter}"
    yield Line(
        f"{m}{NEW}",
        f"{beta1} * {m} + (1 - {beta1}) * {gradient}",
        "The first moment: a running average of the gradients.",
    )
    yield Line(
        f"{v}{NEW}",
        f"{beta2} * {v} + (1 - {beta2}) * {gradient} ** 2",
        "The second moment: a running average of their squares.",
    )
    for moment, beta in ((m, beta1), (v, beta2)):
        yield Line(
            f"{moment}_hat",
            f"{moment}{NEW} / (1 - {beta} ** {COUNTER}{NEW})",
            "The average began at 0 and is too small at first: the bias correction makes up for it.",
        )
    yield Line(
        f"{parameter}{NEW}",
        f"{start} - {settings['learning_rate']!r} * {m}_hat / (sqrt({v}_hat) + {eps})",
        "Each element moves by about the learning rate, whatever the size of its gradient.",
    )


def _rmsprop(parameter: str, gradient: str, settings: Settings) -> Iterator[Line]:
    if settings["weight_decay"]:
        yield Line(f"{gradient}_decayed", f"{gradient} + {settings['weight_decay']!r} * {parameter}", DECAY)
        gradient = f"{gradient}_decayed"
    alpha, v = f"{settings['alpha']!r}", f"v_{parameter}"
    yield Line(
        f"{v}{NEW}",
        f"{alpha} * {v} + (1 - {alpha}) * {gradient} ** 2",
        "A running average of the squares of the gradients.",
    )
    step = f"{gradient} / (sqrt({v}{NEW}) + {settings['eps']!r})"
    if momentum := settings["momentum"]:
        yield Line(
            f"m_{parameter}{NEW}",
            f"{momentum!r} * m_{parameter} + {step}",
            "The velocity: what is left of the steps before, and this one.",
        )
        step = f"m_{parameter}{NEW}"
    yield Line(
        f"{parameter}{NEW}",
        f"{parameter} - {settings['learning_rate']!r} * {step}",
        "Each element's step is measured by how large its gradients usually are.",
    )


RATE = Setting("learning_rate", 1e-3)
MOMENTUM, WEIGHT_DECAY, EPS = Setting("momentum", 0.0), Setting("weight_decay", 0.0), Setting("eps", 1e-8)
ADAM = (RATE, Setting("beta1", 0.9, below=1), Setting("beta2", 0.999, below=1), EPS)

OPTIMIZERS: dict[str, Optimizer] = {
    optimizer.name: optimizer
    for optimizer in (
        Optimizer(
            "sgd",
            (RATE, MOMENTUM, Setting("nesterov", False), WEIGHT_DECAY),
            _sgd,
            lambda settings: ("v",) if settings["momentum"] else (),
        ),
        Optimizer("adam", (*ADAM, WEIGHT_DECAY), _adam, lambda _: ("m", "v"), counts=True),
        Optimizer("adamw", (*ADAM, Setting("weight_decay", 1e-2)), _adamw, lambda _: ("m", "v"), counts=True),
        Optimizer(
            "rmsprop",
            (Setting("learning_rate", 1e-2), Setting("alpha", 0.99, below=1), EPS, MOMENTUM, WEIGHT_DECAY),
            _rmsprop,
            lambda settings: ("v", "m") if settings["momentum"] else ("v",),
        ),
    )
}
