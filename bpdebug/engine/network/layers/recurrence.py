"""Recurrent layers, unrolled over time: the same weights at every step, and a state that is handed on.

Each step is written out, so that what flows back through time can be seen: a state receives what its own
step's output sends back, and what the next step does. Parameters and the order of the gates are PyTorch's,
with the batch first; the states begin at zero.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np

from bpdebug.engine.language.forms import Shape
from bpdebug.engine.network.layers.kind import Generated, LayerKind, Parameter, Setting, Value
from bpdebug.engine.network.layers.layout import BATCH, Extent, Layout, Multiple
from bpdebug.engine.network.layers.time_steps import AtStep, Role

TIME_AXIS = 1
OUTPUT = Setting("output", ("all", "last"), "all")
"""The states of all steps, for another layer over time; or the last one, which has seen everything."""

Formulas = dict[str, str]


class Sums(NamedTuple):
    """What a step makes of its input and of the state before, each with its bias if it has one.

    Attributes
    ----------
    of_input, of_state : str
        The weighted sums of all gates.
    hidden : int
        The length of the state.
    for_gates : callable
        (first gate, last gate, what it is a sum of) -> the weighted sums of some gates alone, by the weights
        of the state.
    """

    of_input: str
    of_state: str
    hidden: int
    for_gates: Callable[[int, int, str], str]


WriteStep = Callable[[Mapping[str, Value], Sums], Formulas]
"""(settings, weighted sums) -> what a step computes, by its role; `{h}` in it is the tensor of the same step,
`{h_before}` that of the step before."""


def _weighted_sums(layout: Layout, given: Mapping[str, Shape], hidden: int) -> Sums:
    of_input, of_state = layout.weighted_sum("w_ih", "{x}"), layout.weighted_sum("w_hh", "{h_before}")

    def for_gates(first: int, last: int, of: str) -> str:
        rows = f"{first * hidden}:{(last + 1) * hidden}"
        weights = f"w_hh[{rows}]" if layout.weight_shape == "out_in" else f"w_hh[:, {rows}]"
        return layout.weighted_sum(weights, of) + f" + b_hh[{rows}]" * ("b_hh" in given)

    return Sums(
        of_input + " + b_ih" * ("b_ih" in given), of_state + " + b_hh" * ("b_hh" in given), hidden, for_gates
    )


def _forward(
    write_step: WriteStep, settings: Mapping[str, Value], given: Mapping[str, Shape], layout: Layout
) -> Mapping[Role, str]:
    """Return the expressions of all steps, and of what goes out."""
    steps = given["a_prev"][TIME_AXIS]
    hidden = given["w_hh"][1 if layout.weight_shape == "out_in" else 0]
    takes_last = settings["output"] == "last"
    sums = _weighted_sums(layout, given, hidden)
    if not steps:
        # Their number is not known: nothing can run, and only the shape of `a` is asked for.
        states = f"({sums.of_input.format(x='a_prev')})[:, :, 0:{hidden}]"
        return {"a": f"sum({states}, axis={TIME_AXIS})" if takes_last else states}
    step = write_step(settings, sums)
    formulas: dict[Role, str] = {}
    for number in range(1, steps + 1):
        written = {role: str(AtStep(role, number)) for role in step}
        written |= {f"{role}_before": str(AtStep(role, number - 1)) for role in step}
        written["x"] = f"a_prev[:, {number - 1}]"
        formulas |= {AtStep(role, number): formula.format(**written) for role, formula in step.items()}
    outputs = [str(AtStep("h", number)) for number in range(1, steps + 1)]
    return {**formulas, "a": outputs[-1] if takes_last else f"sequence({', '.join(outputs)})"}


def _gates(sums: str, hidden: int, first: int, last: int) -> str:
    """Write the part of weighted sums that belongs to some of the gates, which lie one after the other."""
    return f"{sums}[:, {first * hidden}:{(last + 1) * hidden}]"


def _rnn_step(settings: Mapping[str, Value], sums: Sums) -> Formulas:
    return {"z": f"{sums.of_input} + {sums.of_state}", "h": f"{settings['activation']}({{z}})"}


def _lstm_step(settings: Mapping[str, Value], sums: Sums) -> Formulas:
    i, f, g, o = (_gates("{z}", sums.hidden, gate, gate) for gate in range(4))
    return {
        "z": f"{sums.of_input} + {sums.of_state}",
        "i": f"sigmoid({i})",
        "f": f"sigmoid({f})",
        "g": f"tanh({g})",
        "o": f"sigmoid({o})",
        "c": "{f} * {c_before} + {i} * {g}",
        "tanh_c": "tanh({c})",
        "h": "{o} * {tanh_c}",
    }


def _gru_step(settings: Mapping[str, Value], sums: Sums) -> Formulas:
    """Write a step: the reset gate scales the weighted sum of the state, or the state itself.

    The first is PyTorch's, where the bias in that sum is scaled, too; the second is how the GRU was first
    written, where the gate stands before the product.
    """
    both_of_input, new_of_input = _gates("{from_x}", sums.hidden, 0, 1), _gates("{from_x}", sums.hidden, 2, 2)
    if settings["form"] == "reset_before":
        both_of_state, from_h = "{from_h}", sums.for_gates(0, 1, "{h_before}")
        candidate = {
            "reset": "{r} * {h_before}",
            "pre_n": f"{new_of_input} + {sums.for_gates(2, 2, '{reset}')}",
        }
    else:
        both_of_state, from_h = _gates("{from_h}", sums.hidden, 0, 1), sums.of_state
        candidate = {"pre_n": f"{new_of_input} + {{r}} * {_gates('{from_h}', sums.hidden, 2, 2)}"}
    return {
        "from_x": sums.of_input,
        "from_h": from_h,
        "pre_rz": f"{both_of_input} + {both_of_state}",
        "r": f"sigmoid({_gates('{pre_rz}', sums.hidden, 0, 0)})",
        "z": f"sigmoid({_gates('{pre_rz}', sums.hidden, 1, 1)})",
        **candidate,
        "n": "tanh({pre_n})",
        "new_share": "1 - {z}",
        "h": "{new_share} * {n} + {z} * {h_before}",
    }


def _kind(
    name: str,
    gates: int,
    write_step: WriteStep,
    panels: tuple[str, ...],
    explanations: Mapping[str, str],
    settings: tuple[Setting, ...] = (),
    states: tuple[str, ...] = ("h",),
) -> LayerKind:
    """Return a kind of recurrent layer.

    Parameters
    ----------
    name : str
        What a scenario calls it.
    gates : int
        How many weighted sums a step needs for each number of its state.
    write_step : callable
        What a step computes.
    panels : tuple of str
        The roles of what it computes, in the order in which they are shown.
    explanations : mapping
        Why, for each role.
    settings : tuple of Setting
        Its choices, besides what goes out.
    states : tuple of str
        The roles of what it hands on to the next step.
    """
    sums: Extent = Multiple(gates, "hidden") if gates > 1 else "hidden"

    def title(chosen: Mapping[str, Value]) -> str:
        words = [name, *(str(chosen[setting.name]) for setting in settings)]
        return " ".join([*words, "last"] if chosen["output"] == "last" else words)

    return LayerKind(
        name=name,
        input=lambda layout: (BATCH, "time", "features"),
        parameters=(
            Parameter("w_ih", lambda layout: layout.weights(sums, "features")),
            Parameter("w_hh", lambda layout: layout.weights(sums, "hidden")),
            Parameter("b_ih", lambda layout: (sums,), required=False, is_bias=True),
            Parameter("b_hh", lambda layout: (sums,), required=False, is_bias=True),
        ),
        settings=(*settings, OUTPUT),
        title=title,
        forward=lambda chosen, given, layout: _forward(write_step, chosen, given, layout),
        panels=("a_prev", "w_ih", "w_hh", "b_ih", "b_hh", *panels, "a"),
        explanations={**EXPLANATIONS, **explanations},
        layouts=("rows",),
        generated=tuple(
            Generated(
                AtStep(state, 0), lambda layout: (BATCH, "hidden"), lambda chosen, shape: np.zeros(shape)
            )
            for state in states
        ),
        unrolled=TIME_AXIS,
    )


SHARED = "The same numbers were used at every step, so the gradients of all steps are added up."
EXPLANATIONS = {
    "a": "What goes out: the states of all steps one after the other, or the last state.",
    "dh": "A state acts through what goes out, and through the next step: what both send back is added up.",
    **dict.fromkeys(("dw_ih", "dw_hh", "db_ih", "db_hh"), SHARED),
    "d_prev": "The input of each step receives the errors of what it fed; each step has its own place.",
}

RNN = _kind(
    "rnn",
    1,
    _rnn_step,
    ("z", "h"),
    {
        "z": "Each unit adds up the input of this step and the state before, each times its weights.",
        "h": "The new state: the activation of each unit's sum.",
        "dz": "What comes back to the state, times the slope of the activation at z.",
    },
    settings=(Setting("activation", ("tanh", "relu"), "tanh"),),
)

LSTM = _kind(
    "lstm",
    4,
    _lstm_step,
    ("z", "i", "f", "g", "o", "c", "tanh_c", "h"),
    {
        "z": "The sums of all four gates side by side, of the input and of the state before.",
        "i": "The input gate: how much of the candidate is let into the cell.",
        "f": "The forget gate: how much of the cell before is kept.",
        "g": "The candidate: what may be added to the cell.",
        "o": "The output gate: how much of the cell the state shows.",
        "c": "The new cell: what is kept of the one before, and what is let in.",
        "tanh_c": "The cell, squashed to between -1 and 1.",
        "h": "The new state: as much of the cell as the output gate lets out.",
        "do": "The output gate scaled tanh_c, so its gradient is the state's times that.",
        "dtanh_c": "What comes back to the state, as far as the output gate was open.",
        "dc": "A cell acts through its state, and by the forget gate on the next cell: both are added up.",
        "df": "The forget gate scaled the cell before, so its gradient is the cell's times that.",
        "di": "The input gate scaled the candidate, so its gradient is the cell's times that.",
        "dg": "What comes back to the cell, as far as the input gate was open.",
        "dz": "Each gate's gradient times the slope of its own activation, put in its place among the four.",
    },
    states=("h", "c"),
)

GRU = _kind(
    "gru",
    3,
    _gru_step,
    ("from_x", "from_h", "pre_rz", "r", "z", "reset", "pre_n", "n", "new_share", "h"),
    {
        "from_x": "The part of the input in the sums of the two gates and of the candidate, side by side.",
        "from_h": "The part of the state before in the same sums.",
        "pre_rz": "The sums of the two gates: both parts together.",
        "r": "The reset gate: how much of the state before the candidate sees.",
        "z": "The update gate: how much of the state before stays.",
        "reset": "The reset gate scales the state before its weighted sum is taken.",
        "pre_n": "The sum of the candidate: the part of the input, and of the state what the gate lets in.",
        "n": "The candidate for the new state.",
        "new_share": "What the state before does not keep is the candidate's share.",
        "h": "The new state: the candidate, and the state before, in shares that add up to 1.",
        "dh": "A state acts through what goes out, and through the next step, which also keeps a part of it.",
        "dnew_share": "The share scaled the candidate, so its gradient is the state's times that.",
        "dr": "The reset gate scaled the part of the state, so its gradient is the candidate's times that.",
        "dz": "More of the state before is less of the candidate, so the difference of the two decides.",
        "dn": "What comes back to the state, as far as the candidate had a share in it.",
        "dpre_n": "Times the slope of tanh.",
        "dpre_rz": "Each gate's gradient times the slope of the sigmoid, put in its place.",
        "dfrom_x": "What comes back to all three sums, side by side.",
        "dfrom_h": "The same, but for the candidate, where the reset gate stands between.",
        "dreset": "What comes back to the candidate, through its weights of the state.",
    },
    settings=(Setting("form", ("reset_after", "reset_before"), "reset_after"),),
)
