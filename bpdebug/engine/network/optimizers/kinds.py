"""The optimizers: SGD, Adam, AdamW and RMSprop, each as the steps of its update.

The definitions and the defaults are PyTorch's (`torch.optim`). To add an optimizer, write its lines as a
function and name it in the table at the end.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator

from bpdebug.engine.network.optimizers.optimizer import (
    COUNTER,
    NEW,
    Hyperparameter,
    Optimizer,
    Settings,
    UpdateLine,
)

DECAY = "Weight decay pulls each parameter towards 0, as an l2 penalty on it does."
STEP = "The parameter moves against its gradient, by the learning rate."


def _decayed(parameter: str, gradient: str, settings: Settings) -> Generator[UpdateLine, None, str]:
    """Add the weight decay to a gradient, and return what the result is called."""
    if not settings["weight_decay"]:
        return gradient
    yield UpdateLine(f"{gradient}_decayed", f"{gradient} + {settings['weight_decay']!r} * {parameter}", DECAY)
    return f"{gradient}_decayed"


def _sgd(parameter: str, gradient: str, settings: Settings) -> Iterator[UpdateLine]:
    gradient = yield from _decayed(parameter, gradient, settings)
    step = gradient
    if momentum := settings["momentum"]:
        step = f"v_{parameter}{NEW}"
        yield UpdateLine(
            step,
            f"{momentum!r} * v_{parameter} + {gradient}",
            "The velocity: what is left of the steps before, and the gradient of this one.",
        )
        if settings["nesterov"]:
            yield UpdateLine(
                f"{gradient}_ahead",
                f"{gradient} + {momentum!r} * {step}",
                "Nesterov's momentum looks ahead: the gradient, and one more push of the velocity.",
            )
            step = f"{gradient}_ahead"
    yield UpdateLine(f"{parameter}{NEW}", f"{parameter} - {settings['learning_rate']!r} * {step}", STEP)


def _adam(parameter: str, gradient: str, settings: Settings) -> Iterator[UpdateLine]:
    gradient = yield from _decayed(parameter, gradient, settings)
    yield from _moments(parameter, gradient, settings, parameter)


def _adamw(parameter: str, gradient: str, settings: Settings) -> Iterator[UpdateLine]:
    start = parameter
    if settings["weight_decay"]:
        start = f"{parameter}_decayed"
        yield UpdateLine(
            start,
            f"{parameter} * (1 - {settings['learning_rate']!r} * {settings['weight_decay']!r})",
            "Decoupled weight decay shrinks the parameter itself; the moments do not see it.",
        )
    yield from _moments(parameter, gradient, settings, start)


def _moments(parameter: str, gradient: str, settings: Settings, start: str) -> Iterator[UpdateLine]:
    beta1, beta2, eps = (f"{settings[name]!r}" for name in ("beta1", "beta2", "eps"))
    m, v = f"m_{parameter}", f"v_{parameter}"
    yield UpdateLine(
        f"{m}{NEW}",
        f"{beta1} * {m} + (1 - {beta1}) * {gradient}",
        "The first moment: a running average of the gradients.",
    )
    yield UpdateLine(
        f"{v}{NEW}",
        f"{beta2} * {v} + (1 - {beta2}) * {gradient} ** 2",
        "The second moment: a running average of their squares.",
    )
    for moment, beta in ((m, beta1), (v, beta2)):
        yield UpdateLine(
            f"{moment}_hat",
            f"{moment}{NEW} / (1 - {beta} ** {COUNTER}{NEW})",
            "The average began at 0 and is too small at first: the bias correction makes up for it.",
        )
    yield UpdateLine(
        f"{parameter}{NEW}",
        f"{start} - {settings['learning_rate']!r} * {m}_hat / (sqrt({v}_hat) + {eps})",
        "Each element moves by about the learning rate, whatever the size of its gradient.",
    )


def _rmsprop(parameter: str, gradient: str, settings: Settings) -> Iterator[UpdateLine]:
    gradient = yield from _decayed(parameter, gradient, settings)
    alpha, v = f"{settings['alpha']!r}", f"v_{parameter}"
    yield UpdateLine(
        f"{v}{NEW}",
        f"{alpha} * {v} + (1 - {alpha}) * {gradient} ** 2",
        "A running average of the squares of the gradients.",
    )
    step = f"{gradient} / (sqrt({v}{NEW}) + {settings['eps']!r})"
    if momentum := settings["momentum"]:
        yield UpdateLine(
            f"m_{parameter}{NEW}",
            f"{momentum!r} * m_{parameter} + {step}",
            "The velocity: what is left of the steps before, and this one.",
        )
        step = f"m_{parameter}{NEW}"
    yield UpdateLine(
        f"{parameter}{NEW}",
        f"{parameter} - {settings['learning_rate']!r} * {step}",
        "Each element's step is measured by how large its gradients usually are.",
    )


RATE = Hyperparameter("learning_rate", 1e-3)
MOMENTUM, WEIGHT_DECAY, EPS = (
    Hyperparameter("momentum", 0.0),
    Hyperparameter("weight_decay", 0.0),
    Hyperparameter("eps", 1e-8),
)
ADAM = (RATE, Hyperparameter("beta1", 0.9, below=1), Hyperparameter("beta2", 0.999, below=1), EPS)

OPTIMIZERS: dict[str, Optimizer] = {
    optimizer.name: optimizer
    for optimizer in (
        Optimizer(
            "sgd",
            (RATE, MOMENTUM, Hyperparameter("nesterov", False), WEIGHT_DECAY),
            _sgd,
            lambda settings: ("v",) if settings["momentum"] else (),
        ),
        Optimizer("adam", (*ADAM, WEIGHT_DECAY), _adam, lambda _: ("m", "v"), counts=True),
        Optimizer(
            "adamw", (*ADAM, Hyperparameter("weight_decay", 1e-2)), _adamw, lambda _: ("m", "v"), counts=True
        ),
        Optimizer(
            "rmsprop",
            (
                Hyperparameter("learning_rate", 1e-2),
                Hyperparameter("alpha", 0.99, below=1),
                EPS,
                MOMENTUM,
                WEIGHT_DECAY,
            ),
            _rmsprop,
            lambda settings: ("v", "m") if settings["momentum"] else ("v",),
        ),
    )
}
