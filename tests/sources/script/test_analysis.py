"""What a recorded script trains: parameters, loss, gradients, the factor, and what is right of it."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest

from bpdebug.sources.script import record_script
from bpdebug.sources.script.analysis.analyse import analyse
from bpdebug.sources.script.analysis.analysis import Analysis
from bpdebug.sources.script.analysis.errors import Dependence, errors_of
from bpdebug.sources.script.analysis.told import Told
from bpdebug.sources.script.analysis.wording import sentences
from tests.scripts.catalogue import SCRIPTS
from tests.scripts.oracle import RIGHT, Script
from tests.sources.script.recording import recorded
from tests.tiers import deep, few


def analysed(folder: Path, text: str, told: Told = Told()) -> Analysis:  # noqa: B008 (a constant)
    return analyse(recorded(folder, text), told)


def kinds(analysis: Analysis) -> dict[str, str]:
    return {
        one.name: verdict.kind
        for one, verdict in zip(analysis.parameters, analysis.verdicts_of_record, strict=True)
    }


@pytest.mark.parametrize("script", few(SCRIPTS, 4), ids=lambda script: script.name)
def test_all_gradients_of_a_right_script_are_right(script: Script, monkeypatch: pytest.MonkeyPatch) -> None:
    main = RIGHT / script.main
    monkeypatch.chdir(main.parent)
    analysis = analyse(record_script(main.name))
    assert set(kinds(analysis).values()) == {"right"}
    assert all(one.is_right for one in analysis.loss.verdicts.each if not one.is_zero)
    assert sum(one.is_updated for one in analysis.parameters) >= len(script.parameters)


NET = """
    import numpy as np
    rng = np.random.default_rng(4)
    X, Y = rng.normal(size=(6, 3)), rng.normal(size=(6, 2))
    W1, b1 = rng.normal(size=(3, 4)), rng.normal(size=4)
    W2, b2 = rng.normal(size=(4, 2)), rng.normal(size=2)
    rate = 0.1
    for step in range(2):
        h = np.tanh(X @ W1 + b1)
        out = h @ W2 + b2
        loss = np.mean((out - Y) ** 2)
        d2 = 2 * (out - Y) / out.size
        dW2 = h.T @ d2
        db2 = d2.sum(axis=0)
        d1 = d2 @ W2.T * (1 - h**2)
        dW1 = X.T @ d1
        db1 = d1.sum(axis=0)
        W1 -= rate * dW1
        b1 -= rate * db1
        W2 -= rate * dW2
        b2 -= rate * db2
    """
ALL_RIGHT = dict.fromkeys(("W1", "b1", "W2", "b2"), "right")


def test_parameters_loss_rate_and_gradients_are_found(tmp_path: Path) -> None:
    analysis = analysed(tmp_path, NET)
    assert kinds(analysis) == ALL_RIGHT
    assert analysis.loss is not None
    assert analysis.loss.text == "loss = mean((out - Y) ** 2), line 11"
    assert analysis.loss.candidate.line == 11
    assert analysis.loss.verdicts.factor == pytest.approx(0.1)
    gradients = [verdict.gradient.names for verdict in analysis.verdicts_of_record if verdict.gradient]
    assert gradients == [("dW1",), ("db1",), ("dW2",), ("db2",)]
    assert [one.line for one in analysis.parameters] == [18, 19, 20, 21]
    assert sentences(analysis) == (
        "parameters: W1, b1, W2, b2",
        "loss: loss = mean((out - Y) ** 2), line 11",
        "gradients: dW1 (line 16) of W1, db1 (line 17) of b1, dW2 (line 13) of W2, db2 (line 14) of b2",
        "the step is -0.1 times the gradient",
        "4 of 4 gradients follow from this loss",
    )


RESIDUAL = """
    import numpy as np
    rng = np.random.default_rng(8)
    X, Y = rng.normal(size=(5, 3)), rng.normal(size=(5, 2))
    W1, W2, W3 = rng.normal(size=(3, 4)), rng.normal(size=(4, 4)), rng.normal(size=(4, 2))
    for step in range(2):
        h = X @ W1
        s = np.tanh(h)
        h += s @ W2
        loss = np.sum((h @ W3 - Y) ** 2)
        d = 2 * (h @ W3 - Y)
        dh = d @ W3.T
        dW3, dW2 = h.T @ d, s.T @ dh
        dW1 = X.T @ (dh + dh @ W2.T * (1 - s**2))
        W1 -= 0.1 * dW1
        W2 -= 0.1 * dW2
        W3 -= 0.1 * dW3
    """
IN_PLACE = ("h += s @ W2", "h -= -(s @ W2)", "np.add(h, s @ W2, out=h)", "h[:] = h + s @ W2")


@pytest.mark.parametrize("statement", few(IN_PLACE, 2))
def test_a_value_of_the_forward_pass_that_is_changed_in_place_is_no_parameter(
    statement: str, tmp_path: Path
) -> None:
    analysis = analysed(tmp_path, RESIDUAL.replace("h += s @ W2", statement))
    assert kinds(analysis) == dict.fromkeys(("W1", "W2", "W3"), "right")


def test_every_operation_has_a_phase(tmp_path: Path) -> None:
    analysis = analysed(tmp_path, NET)
    by_line = {
        node.site.line: analysis.phases[node.id] for node in analysis.recording.nodes if node.site is not None
    }
    assert {by_line[line] for line in (9, 10, 11)} == {"forward"}
    assert {by_line[line] for line in range(12, 18)} == {"backward"}
    assert {by_line[line] for line in range(18, 22)} == {"update"}


FAULTS = {
    "a factor on the way back": ("d2 @ W2.T", "d2 @ (W2 * 2).T", {"W1": "factor", "b1": "factor"}),
    "a missing slope": (" * (1 - h**2)", "", {"W1": "wrong", "b1": "wrong"}),
    "a mean for a sum": ("d2.sum(axis=0)", "d2.mean(axis=0)", {"b2": "factor"}),
    "one scalar for a sum over an axis": ("db1 = d1.sum(axis=0)", "db1 = d1.sum()", {"b1": "wrong"}),
    "a sign": ("W1 -= rate", "W1 += rate", {"W1": "factor"}),
    "every sign": ("d2 = 2 *", "d2 = -2 *", dict.fromkeys(ALL_RIGHT, "factor")),
    "the update too early": (
        "d1 = d2 @ W2.T",
        "W2 -= rate * dW2; d1 = d2 @ W2.T",
        {"W1": "wrong", "b1": "wrong"},
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_shows_at_the_parameters_that_it_reaches(fault: str, tmp_path: Path) -> None:
    written, instead, wrong = FAULTS[fault]
    assert NET.count(written) == 1
    text = NET.replace(written, instead)
    if "too early" in fault:
        text = text.replace("        W2 -= rate * dW2\n", "")
    assert kinds(analysed(tmp_path, text)) == ALL_RIGHT | wrong


CONVENTIONS = {
    "the mean is taken at the update": [(" / out.size", ""), ("rate = 0.1", "rate = 0.1 / 12")],
    "a rate for each": [("b1 -= rate", "b1 -= 0.03"), ("b2 -= rate", "b2 -= 0.5")],
    "added": [("d2 = 2 *", "d2 = -2 *"), ("1 -= ", "1 += "), ("2 -= ", "2 += ")],
    "clipped": [
        ("        W1 -=", "        for g in (dW1, db1, dW2, db2): np.clip(g, -9, 9, out=g)\n        W1 -=")
    ],
    "clipped by a norm": [("W1 -= rate * dW1", "W1 -= rate * (dW1 * min(1.0, 0.1 / np.linalg.norm(dW1)))")],
    "decayed": [("W1 -= rate * dW1", "W1 -= rate * (dW1 + 0.01 * W1)")],
    "copied": [("dW1 = X.T @ d1", "dW1 = np.array([X.T @ d1]).reshape(3, 4).copy()")],
    "turned": [("dW1 = X.T @ d1", "dW1 = (d1.T @ X)"), ("rate * dW1", "rate * dW1.T")],
    "with momentum": [
        ("    rate = 0.1", "    rate, v = 0.1, 0.0"),
        ("W1 -= rate * dW1", "v = 0.9 * v + dW1; W1 -= rate * v"),
    ],
}


@pytest.mark.parametrize("convention", CONVENTIONS)
def test_what_is_a_convention_is_no_fault(convention: str, tmp_path: Path) -> None:
    text = NET
    for written, instead in CONVENTIONS[convention]:
        assert written in text
        text = text.replace(written, instead)
    assert kinds(analysed(tmp_path, text)) == ALL_RIGHT


def test_adam_is_judged_by_the_gradient_that_goes_into_it(tmp_path: Path) -> None:
    adam = """
        for name, w, g in (("W1", W1, dW1), ("b1", b1, db1), ("W2", W2, dW2), ("b2", b2, db2)):
            m = 0.9 * m0[name] + 0.1 * g
            v = 0.999 * v0[name] + 0.001 * g**2
            w -= rate * (m / 0.1) / (np.sqrt(v / 0.001) + 1e-8)
    """
    begin = "    m0 = {n: 0.0 for n in ('W1', 'b1', 'W2', 'b2')}\n    v0 = dict(m0)\n    for step"
    head, _, _ = NET.partition("        W1 -= rate")
    text = head.replace("    for step", begin) + adam.lstrip("\n").rstrip() + "\n"
    assert set(kinds(analysed(tmp_path, text)).values()) == {"right"}
    assert set(kinds(analysed(tmp_path, text.replace("(1 - h**2)", "(1 - h)"))).values()) == {
        "right",
        "wrong",
    }
    apart = {"2 * (out - Y) / out.size": "out - Y", "h.T @ d2": "h.T @ d2 / 6", "X.T @ d1": "X.T @ d1 / 6"}
    for written, instead in (apart | {"d2.sum(axis=0)": "d2.sum(axis=0) / 6"}).items():
        text = text.replace(written, instead)
    assert kinds(analysed(tmp_path, text)) == ALL_RIGHT | {"b1": "factor"}


def test_a_missing_mean_is_no_rate(tmp_path: Path) -> None:
    """Six examples: a factor of six between two steps is a forgotten mean."""
    text = NET.replace("b2 -= rate * db2", "b2 -= rate * 6 * db2")
    assert kinds(analysed(tmp_path, text)) == ALL_RIGHT | {"b2": "factor"}


SOFTMAX = """
    import numpy as np
    rng = np.random.default_rng(5)
    X, t = rng.normal(size=(5, 3)), np.eye(4)[[0, 2, 1, 3, 0]]
    W = rng.normal(size=(3, 4))
    for step in range(2):
        e = np.exp(X @ W)
        p = e / e.sum(axis=1, keepdims=True)
        W -= 0.2 * X.T @ (p - t)
    """


def test_a_loss_is_implied_by_an_error(tmp_path: Path) -> None:
    analysis = analysed(tmp_path, SOFTMAX)
    assert kinds(analysis) == {"W": "right"}
    assert analysis.loss is not None
    assert analysis.loss.text == "−Σ t log p, implied by line 9"


LOGISTIC = """
    import numpy as np
    rng = np.random.default_rng(9)
    X, y, w = rng.normal(size=(6, 3)), np.array([0.0, 1, 1, 0.25, 0, 1]), rng.normal(size=3)
    for step in range(2):
        a = 1 / (1 + np.exp(-(X @ w)))
        w -= 0.2 * X.T @ (a - y)
    """
ERRORS = ("(a - y)", "(a - y) / 6", "(2 * (a - y))", "-(y - a)")


@pytest.mark.parametrize("error", few(ERRORS))
def test_an_error_of_probabilities_implies_a_cross_entropy(error: str, tmp_path: Path) -> None:
    analysis = analysed(tmp_path, LOGISTIC.replace("(a - y)", error))
    assert kinds(analysis) == {"w": "right"}
    assert analysis.loss is not None
    assert analysis.loss.text.startswith("−Σ y log a + (1 − y) log(1 − a)")


def test_classes_by_their_places_imply_a_loss(tmp_path: Path) -> None:
    picked = "p[range(5), [0, 2, 1, 3, 0]] -= 1\n        W -= 0.2 * X.T @ p"
    analysis = analysed(tmp_path, SOFTMAX.replace("W -= 0.2 * X.T @ (p - t)", picked))
    assert kinds(analysis) == {"W": "right"}
    assert analysis.loss is not None
    assert analysis.loss.candidate.kind is not None
    assert analysis.loss.candidate.kind.name == "negative log-likelihood"


def test_a_printed_number_that_is_not_descended_is_seen_through(tmp_path: Path) -> None:
    decoy = "        error = np.mean(np.abs(p - t))\n        W -="
    analysis = analysed(tmp_path, SOFTMAX.replace("        W -=", decoy))
    assert kinds(analysis) == {"W": "right"}
    assert analysis.loss is not None
    assert not analysis.loss.candidate.is_explicit


def test_a_small_number_in_a_logarithm_is_left_out(tmp_path: Path) -> None:
    loss = "        loss = -np.sum(t * np.log(p + 1e-6))\n        W -="
    analysis = analysed(tmp_path, SOFTMAX.replace("        W -=", loss))
    assert kinds(analysis) == {"W": "right"}
    assert analysis.loss is not None
    assert analysis.loss.candidate.leaves_epsilon_out


def test_a_likelihood_may_be_made_larger(tmp_path: Path) -> None:
    text = SOFTMAX.replace("W -= 0.2 * X.T @ (p - t)", "ll = np.sum(t * np.log(p)); W += 0.2 * X.T @ (t - p)")
    analysis = analysed(tmp_path, text)
    assert kinds(analysis) == {"W": "right"}


def test_an_average_of_the_losses_until_now_is_not_the_loss(tmp_path: Path) -> None:
    text = NET.replace("rate = 0.1", "rate, smooth = 0.1, 2.0").replace(
        "        d2 =", "        smooth = smooth * 0.99 + loss * 0.01\n        d2 ="
    )
    analysis = analysed(tmp_path, text)
    assert kinds(analysis) == ALL_RIGHT
    assert analysis.loss is not None
    assert analysis.loss.text.startswith("loss = ")


@pytest.mark.filterwarnings("ignore::PendingDeprecationWarning")
def test_the_products_of_matrices_are_products_and_their_sums_keep_the_axis(tmp_path: Path) -> None:
    text = """
    import numpy as np
    rng = np.random.default_rng(1)
    X, Y = np.matrix(rng.normal(size=(6, 3))), np.matrix(rng.normal(size=(6, 2)))
    W, b = np.matrix(rng.normal(size=(3, 2))), np.matrix(np.zeros((1, 2)))
    for step in range(2):
        error = X * W + b - Y
        loss = np.sum(np.multiply(error, error)) / 2
        W = W - 0.1 * X.T * error
        b = b - 0.1 * error.sum(axis=0)
    """
    assert kinds(analysed(tmp_path, text)) == {"W": "right", "b": "right"}
    assert kinds(analysed(tmp_path, text.replace("X.T * error", "X.T * (error + 1)"))) == {
        "W": "wrong",
        "b": "right",
    }


@pytest.mark.filterwarnings("ignore::PendingDeprecationWarning")
def test_parts_of_a_matrix_and_what_is_put_together_of_them_have_gradients(tmp_path: Path) -> None:
    text = """
    import numpy as np
    rng = np.random.default_rng(1)
    X, y = np.matrix(rng.normal(size=(3, 5))), np.matrix(rng.normal(size=(2, 5)))
    U, V = np.matrix(rng.normal(size=(4, 3))), np.matrix(rng.normal(size=(2, 5)))
    for step in range(2):
        dU, dV, loss = 0, 0, 0
        for t in range(5):
            h = np.concatenate((np.ones((1, 1)), np.tanh(U * X[:, t])))
            h[1, 0] = 0
            e = V * h - y[:, t]
            loss += 0.5 * np.sum(np.multiply(e, e))
            dV += e * h.T
            dh = np.multiply(V.T * e, 1 - np.multiply(h, h))[1:]
            dh[0] = 0
            dU += dh * X[:, t].T
        U -= 0.1 * dU
        V -= 0.1 * dV
    """
    assert kinds(analysed(tmp_path, text)) == {"U": "right", "V": "right"}
    assert kinds(analysed(tmp_path, text.replace("e)[1:]", "e)[:-1]").replace("h))[1:]", "h))[:-1]"))) == {
        "U": "wrong",
        "V": "right",
    }


def test_what_a_step_takes_away_is_no_step_of_its_own(tmp_path: Path) -> None:
    """With a decay in it, what is subtracted is a multiple of the weight, and more."""
    text = NET.replace("rate * dW1", "rate * dW1 + rate * 0.01 * W1").replace(
        "rate * dW2", "rate * dW2 + rate * 0.01 * W2"
    )
    assert kinds(analysed(tmp_path, text)) == ALL_RIGHT


PENALTY = NET.replace("loss = np", "loss = 0.2 * (np.sum(W1 ** 2) + np.sum(W2 ** 2)) + np")


def test_a_penalty_that_the_loss_has_is_in_the_gradients(tmp_path: Path) -> None:
    """Not only a decay of any size: the loss says which."""

    def with_decay(rate: float) -> str:
        return PENALTY.replace("h.T @ d2", f"h.T @ d2 + {rate} * W2").replace(
            "X.T @ d1", f"X.T @ d1 + {rate} * W1"
        )

    wrong = {"W1": "wrong", "b1": "right", "W2": "wrong", "b2": "right"}
    assert kinds(analysed(tmp_path, with_decay(0.4))) == ALL_RIGHT
    assert kinds(analysed(tmp_path, with_decay(0.2))) == wrong
    assert kinds(analysed(tmp_path, PENALTY)) == wrong


def test_a_penalty_may_be_in_the_steps(tmp_path: Path) -> None:
    smaller = PENALTY.replace("        W1 -=", "        W1 *= 0.96\n        W2 *= 0.96\n        W1 -=")
    assert kinds(analysed(tmp_path, smaller)) == ALL_RIGHT
    later = PENALTY.replace("        b1 -=", "        W1 *= 0.96\n        W2 *= 0.96\n        b1 -=")
    assert kinds(analysed(tmp_path, later)) == ALL_RIGHT


def test_what_no_step_is_made_of_may_be_summed_where_the_others_are_means(tmp_path: Path) -> None:
    """The gradient of the data is a by-product: the mean may be taken at the weights alone."""
    text = """
    import numpy as np
    rng = np.random.default_rng(3)
    X, Y = rng.normal(size=(3, 7)), rng.normal(size=(2, 7))
    W = rng.normal(size=(2, 3))
    for step in range(2):
        out = W @ X
        loss = np.sum((out - Y) ** 2) / 14 + 0.1 * np.sum(W ** 2)
        dout = out - Y
        dX = W.T @ dout
        dW = dout @ X.T / 7 + 0.2 * W
        W -= 0.1 * dW
    """
    assert kinds(analysed(tmp_path, text)) == {"W": "right", "X": "right"}
    assert kinds(analysed(tmp_path, text.replace("dX = W.T", "dX = 3 * W.T"))) == {
        "W": "right",
        "X": "factor",
    }


def test_rows_that_are_summed_all_get_the_same_step(tmp_path: Path) -> None:
    """The rows of some words are added up, and one gradient is taken off each."""
    text = """
    import numpy as np
    rng = np.random.default_rng(2)
    E, v = rng.normal(size=(6, 4)), rng.normal(size=(4, 1))
    right = 0
    for words, label in [([0, 2, 5], 1), ([1, 2], 0)]:
        h = np.tanh(np.sum(E[words], axis=0))
        p = 1 / (1 + np.exp(-h.dot(v)))
        dp = p - label
        dh = dp.dot(v.T) * (1 - h ** 2)
        E[words] -= 0.1 * dh
        v -= 0.1 * np.outer(h, dp)
        if np.abs(dp[0]) < 0.5:
            right += 1
    """
    assert kinds(analysed(tmp_path, text)) == {"E": "right", "v": "right"}
    assert kinds(analysed(tmp_path, text.replace(" * (1 - h ** 2)", ""))) == {"E": "wrong", "v": "right"}


def test_what_is_a_step_of_one_element_is_one_of_all(tmp_path: Path) -> None:
    recording = recorded(
        tmp_path,
        """
        w = [[0.1, 0.2], [0.3, -0.4]]
        x, y = [1.5, 0.5], [1.0, 0.0]
        for turn in range(2):
            out = [row[0] * x[0] + row[1] * x[1] for row in w]
            loss = (out[0] - y[0]) ** 2 + (out[1] - y[1]) ** 2
            off = [2 * (out[0] - y[0]), 2 * (out[1] - y[1])]
            for i in range(2):
                for j in range(2):
                    w[i][j] -= 0.1 * off[j] * x[i]
        """,
    )
    verdicts = [verdict.kind for verdict in analyse(recording).verdicts_of_record]
    assert len(verdicts) == 4
    assert verdicts.count("right") == 2


def test_a_part_may_decay_by_itself(tmp_path: Path) -> None:
    text = """
    import numpy as np
    rng = np.random.default_rng(2)
    P, Q, b = rng.normal(size=(4, 3)), rng.normal(size=(5, 3)), rng.normal(size=4)
    for i, j, rating in [(0, 2, 3.0), (1, 2, 4.0)]:
        e = rating - (P[i, :] @ Q[j, :] + b[i])
        old = P[i, :].copy()
        b[i] += 0.1 * (e - 0.02 * b[i])
        P[i, :] += 0.1 * (e * Q[j, :] - 0.02 * P[i, :])
        Q[j, :] += 0.1 * (e * old - 0.02 * Q[j, :])
    """
    assert kinds(analysed(tmp_path, text)) == {"P": "right", "Q": "right", "b": "right"}
    assert kinds(analysed(tmp_path, text.replace("e * old", "2 * e * old")))["Q"] == "factor"


def test_two_losses_that_explain_equally_are_both_said(tmp_path: Path) -> None:
    """With one example, half a square and a cross-entropy are alike up to a factor."""
    text = """
    import numpy as np
    x, y, w = np.array([1.0, 2.0]), 0.25, np.array([0.5, -0.3])
    for step in range(2):
        a = 1 / (1 + np.exp(-(x @ w)))
        w -= 0.1 * ((a - y) * x)
    """
    analysis = analysed(tmp_path, text)
    assert analysis.loss is not None
    assert {analysis.loss.text, *(one.text for one in analysis.equals)} <= {
        "−Σ y log a + (1 − y) log(1 − a), implied by line 6",
        "½ Σ (a − y)², implied by line 6",
    }
    assert kinds(analysis) == {"w": "right"}


def test_a_gradient_that_is_zero_by_nature_proves_nothing(tmp_path: Path) -> None:
    text = """
    import numpy as np
    rng = np.random.default_rng(6)
    X, Y = rng.normal(size=(6, 3)), rng.normal(size=(6, 4))
    W, b = rng.normal(size=(3, 4)), rng.normal(size=4)
    for step in range(2):
        z = X @ W + b
        c = z - z.mean(axis=0)
        d = c - Y
        g = d - d.mean(axis=0)
        W -= 0.1 * X.T @ g
        b -= 0.1 * g.sum(axis=0)
    """
    analysis = analysed(tmp_path, text)
    assert kinds(analysis) == {"W": "right", "b": "right"}
    assert [verdict.is_zero for verdict in analysis.verdicts_of_record] == [False, True]
    assert "1 is 0 by nature" in sentences(analysis)[-1]


def test_a_gradient_that_no_update_uses_counts(tmp_path: Path) -> None:
    head, _, _ = NET.partition("        W1 -= rate")
    analysis = analysed(tmp_path, head)
    assert kinds(analysis) == ALL_RIGHT
    assert not any(one.is_updated for one in analysis.parameters)
    wrong = analysed(tmp_path, head.replace("db1 = d1.sum(axis=0)", "db1 = d1[0]"))
    assert kinds(wrong) == ALL_RIGHT | {"b1": "wrong"}


def test_gradients_that_an_optimizer_asks_for_count_the_first_time(tmp_path: Path) -> None:
    """The weights are cut out of one vector, which only the library changes."""
    text = """
    import numpy as np
    rng = np.random.default_rng(4)
    X, Y = rng.normal(size=(6, 3)), rng.normal(size=(6, 2))
    def cost(theta):
        return 0.5 * np.sum((X @ theta[:].reshape(3, 2) - Y) ** 2)
    def slope(theta):
        W = theta[:].reshape(3, 2)
        dJdW = X.T @ (X @ W - Y)
        return dJdW.ravel()
    def ask(f, jac, theta):
        for k in range(3):
            f(theta), jac(theta)
            theta = np.frombuffer((theta - 0.01 * jac(theta)).tobytes())
    ask(cost, slope, rng.normal(size=6))
    """
    assert kinds(analysed(tmp_path, text)) == {"W": "right"}
    assert kinds(analysed(tmp_path, text.replace("X @ W - Y", "X @ W + Y"))) == {"W": "wrong"}


def test_a_gradient_of_the_input_counts_beside_the_updates(tmp_path: Path) -> None:
    text = NET.replace("        W1 -= rate", "        dX = d1 @ W1\n        W1 -= rate").replace(
        "d1 @ W1\n", "d1 @ W1.T\n"
    )
    assert kinds(analysed(tmp_path, text)) == ALL_RIGHT | {"X": "right"}
    wrong = text.replace("d1 @ W1.T", "d1 @ W1.T / 2")
    assert kinds(analysed(tmp_path, wrong)) == ALL_RIGHT | {"X": "factor"}


def test_what_the_person_says_goes(tmp_path: Path) -> None:
    told = Told(loss="mae")
    assert set(kinds(analysed(tmp_path, NET, told)).values()) == {"wrong"}
    for loss in ("loss", "11"):
        analysis = analysed(tmp_path, NET, Told(loss=loss))
        assert analysis.loss is not None
        assert analysis.loss.candidate.line == 11
    assert kinds(analysed(tmp_path, NET, Told(parameters=("W2",)))) == {"W2": "right"}
    swapped = Told(gradients={"W2": "h"})
    assert kinds(analysed(tmp_path, NET, swapped))["W2"] == "wrong"


def test_without_a_step_there_is_nothing_to_judge(tmp_path: Path) -> None:
    analysis = analysed(tmp_path, "import numpy as np\nx = np.ones(3)\ny = x * 2\n")
    assert (analysis.parameters, analysis.loss) == ((), None)
    assert "nothing was trained" in analysis.notes[0]
    with pytest.raises(ValueError, match="no loss"):
        analysis.verdicts()


def test_other_values_are_judged_by_other_references(tmp_path: Path) -> None:
    """All gradients doubled are right again with a doubled reference, and one of them doubled is not."""
    analysis = analysed(tmp_path, NET)
    assert analysis.loss is not None
    w1 = analysis.parameters[0].old
    moved = {w1.id: w1.value + 0.3}
    gradients = analysis.loss.reference.gradients(lambda node: moved.get(node.id, node.value))
    assert not analysis.verdicts(gradients=gradients).are_right
    first = analysis.verdicts_of_record[0].gradient
    assert analysis.verdicts().are_right
    assert not np.array_equal(gradients[w1.id], analysis.gradients[w1.id])
    # The step of W1 is what the update makes of its gradient, so both are doubled.
    chain = {link.node.id for piece in analysis.parameters[0].pieces for link in piece.chain}
    assert first is not None
    assert first.id in chain
    doubled = analysis.verdicts(lambda node: node.value * (2 if node.id in chain else 1))
    assert [verdict.kind for verdict in doubled.each] == ["factor", "right", "right", "right"]


PENALISED = NET.replace("loss = np.mean((out - Y) ** 2)", "data_loss = np.mean((out - Y) ** 2)").replace(
    "        d2 =", "        loss = data_loss + 0.01 * np.sum(W1 * W1)\n        d2 ="
)


def test_a_penalty_that_is_in_the_loss_is_no_decay_beside_it(tmp_path: Path) -> None:
    """Whoever adds λ ΣW² to the loss must add 2λW to the gradient, and neither λW nor 1."""
    right = PENALISED.replace("dW1 = X.T @ d1", "dW1 = X.T @ d1 + 0.02 * W1")
    assert kinds(analysed(tmp_path, right)) == ALL_RIGHT
    for wrong in ("0.01 * W1", "W1", "0.02"):
        text = right.replace("0.02 * W1", wrong)
        assert kinds(analysed(tmp_path, text)) == ALL_RIGHT | {"W1": "wrong"}


def test_what_has_no_slope_where_it_begins_is_judged_all_the_same(tmp_path: Path) -> None:
    """The root of a sum of squares that are all 0 has none."""
    text = NET.replace(
        "b1 = rng.normal(size=(3, 4)), rng.normal(size=4)", "b1 = rng.normal(size=(3, 4)), np.zeros(4)"
    )
    text = text.replace("h @ W2 + b2", "h @ W2 + b2 + np.sqrt(np.sum(b1 * b1))")
    assert kinds(analysed(tmp_path, text))["W1"] == "right"


def test_a_scale_in_the_gradient_is_no_rate(tmp_path: Path) -> None:
    """The rate stands in the update; what scales a gradient where it is computed is a mistake."""
    assert kinds(analysed(tmp_path, NET.replace("dW1 = X.T", "dW1 = 3 * X.T"))) == ALL_RIGHT | {
        "W1": "factor"
    }


@pytest.mark.parametrize("instead", ["X.sum(axis=0)[:2]", "0.5", "np.ones((3, 2))"])
def test_a_step_that_depends_on_no_parameter_or_does_not_fit_is_wrong(instead: str, tmp_path: Path) -> None:
    text = NET.replace("db2 = d2.sum(axis=0)", f"db2 = {instead}").replace(
        "b2 -= rate * db2", "b2 = b2 - rate * db2"
    )
    assert kinds(analysed(tmp_path, text)) == ALL_RIGHT | {"b2": "wrong"}


def test_classes_that_are_others_than_those_of_the_loss_are_a_mistake(tmp_path: Path) -> None:
    """`y - 1` for `y`: the error would imply a loss of its own, under which nothing is wrong."""
    text = SOFTMAX.replace(
        "        W -= 0.2 * X.T @ (p - t)",
        "        loss = -np.log(p[range(5), y]).sum()\n"
        "        d = p.copy()\n"
        "        d[range(5), y] -= 1\n"
        "        W -= 0.2 * X.T @ d",
    ).replace("    W = rng", "    y = np.array([0, 2, 1, 3, 0])\n    W = rng")
    assert kinds(analysed(tmp_path, text)) == {"W": "right"}
    assert kinds(analysed(tmp_path, text.replace("d[range(5), y]", "d[range(5), y - 1]"))) == {"W": "wrong"}


HINGE = """
import numpy as np
rng = np.random.default_rng(5)
points, classes = rng.normal(size=(9, 4)), rng.integers(0, 3, size=9)
def hinge(weights, strength):
    total, slope = 0.0, np.zeros_like(weights)
    for i, point in enumerate(points):
        scores = point.dot(weights)
        for j in range(weights.shape[1]):
            margin = scores[j] - scores[classes[i]] + 1
            if j != classes[i] and margin > 0:
                total += margin
                slope[:, j] += point
                slope[:, classes[i]] -= point
    total /= len(points)
    slope /= len(points)
    total += strength * np.sum(weights * weights)
    slope += 2 * strength * weights
    return total, slope
weights = rng.normal(size=(4, 3)) * 0.1
for _ in range(20):
    loss, gradient = hinge(weights, 0.05)
    weights -= 0.2 * gradient
"""
PERCEPTRON = """
import numpy as np
rng = np.random.default_rng(8)
examples = rng.normal(size=(25, 3))
sides = np.sign(examples @ np.array([1.0, -2.0, 0.5]))
w, b = np.zeros(3), 0.0
for turn in range(4):
    for x, side in zip(examples, sides):
        if side * (x @ w + b) <= 0:
            w = w + 0.5 * side * x
            b = b + 0.5 * side
"""


@pytest.mark.parametrize(("text", "names"), [(HINGE, ["weights"]), (PERCEPTRON, ["w", "b"])])
def test_a_gradient_of_data_alone_that_a_branch_decides_is_one(
    text: str, names: list[str], tmp_path: Path
) -> None:
    analysis = analysed(tmp_path, text)
    assert kinds(analysis) == dict.fromkeys(names, "right")
    assert len(analysis.recording.updates) == len(names), "one iteration is recorded"


@pytest.mark.parametrize("step", ["2 * x", deep("x - 0.1")])
def test_what_follows_a_branch_is_not_decided_by_it(tmp_path: Path, step: str) -> None:
    sum_of_all = f"        if total.sum() > 9:\n            print(total)\n        total = total + ({step})\n"
    text = PERCEPTRON.replace("for turn", "total = np.zeros(3)\nfor turn")
    text = text.replace("        if side", f"{sum_of_all}        if side")
    assert kinds(analysed(tmp_path, text)) == {"w": "right", "b": "right"}


def test_a_loss_that_is_added_up_is_said_as_it_is_written(tmp_path: Path) -> None:
    loss = analysed(tmp_path, HINGE).loss
    assert loss is not None
    assert loss.text == "total += strength * np.sum(weights * weights), line 17"


TWO_STEPS = """
import numpy as np
rng = np.random.default_rng(4)
table, context = rng.normal(size=(7, 3)), rng.normal(size=(7, 3))
rate = 0.1
for word, near, far in ((2, 5, np.array([1, 5, 1])), (3, 0, np.array([2, 0, 6]))):
    v = table[word]
    one = 1 / (1 + np.exp(-context[near] @ v))
    others = 1 / (1 + np.exp(-context[far] @ v))
    loss = -np.log(one) - np.sum(np.log(1 - others))
    d_v = (one - 1) * context[near] + others @ context[far]
    d_near, d_far = (one - 1) * v, {slope}
    table[word] -= rate * d_v
    context[near] -= rate * d_near
    np.add.at(context, far, -rate * d_far)
"""


@pytest.mark.parametrize(
    ("slope", "verdict"), [("np.outer(others, v)", "right"), ("np.outer(others - 1, v)", "wrong")]
)
def test_two_steps_of_the_same_elements_are_judged_together(slope: str, verdict: str, tmp_path: Path) -> None:
    analysis = analysed(tmp_path, TWO_STEPS.format(slope=slope))
    assert kinds(analysis) == {"table": "right", "context": verdict}


ACTIONS = """
import numpy as np
rng = np.random.default_rng(6)
hidden, last = 0.5 * rng.normal(size=(4, 3)), 0.5 * rng.normal(size=4)
for game in range(3):
    seen, units, errors = [], [], []
    for move in range(8):
        x = rng.normal(size=3)
        h = np.tanh(hidden @ x)
        p = 1 / (1 + np.exp(-(last @ h)))
        action = 1 if rng.random() < p else 0
        seen.append(x)
        units.append(h)
        errors.append(action - p)
    gains = rng.normal(size=(8, 1))
    slopes = np.vstack(errors)
    slopes *= gains
    x, h = np.vstack(seen), np.vstack(units)
    d_last = (h.T @ slopes).ravel()
    d_h = np.outer(slopes, last){slope}
    d_hidden = d_h.T @ x
    hidden += 0.1 * d_hidden
    last += 0.1 * d_last
"""
MASKED = """
import numpy as np
rng = np.random.default_rng(6)
x, classes = rng.normal(size=(5, 3)), rng.integers(0, 4, 5)
mask = np.array([1.0, 1, 0, 1, 0])
w, v = rng.normal(size=(3, 3)), rng.normal(size=(3, 4))
for turn in range(2):
    h = np.tanh(x @ w)
    e = np.exp(h @ v)
    d = e / e.sum(axis=1, keepdims=True)
    d[np.arange(5), classes] -= 1
    d *= mask[:, None]
    dv = h.T @ d
    dw = x.T @ (d @ v.T{slope})
    w -= 0.1 * dw
    v -= 0.1 * dv
"""


@pytest.mark.parametrize(
    ("text", "slope", "hit"),
    few([(ACTIONS, " * (1 - h**2)", "hidden"), (MASKED, " * (1 - h**2)", "w")]),
    ids=["actions", "masked"],
)
def test_errors_that_are_weighted_imply_a_weighted_loss(
    text: str, slope: str, hit: str, tmp_path: Path
) -> None:
    analysis = analysed(tmp_path, text.format(slope=slope))
    assert set(kinds(analysis).values()) == {"right"}
    assert analysis.loss is not None
    assert "weighted by" in analysis.loss.text
    wrong = kinds(analysed(tmp_path, text.format(slope="")))
    assert {name for name, kind in wrong.items() if kind == "wrong"} == {hit}


DRAWN_TWICE = """
    import numpy as np
    rng = np.random.default_rng(4)
    X, Y, w = rng.normal(size=(4, 3)), rng.normal(size=4), rng.normal(size=3)
    for step in range(2):
        slope = np.zeros(3)
        for i in (2, 0, 2, 3):
            slope += (X[i] @ w - Y[i]) * X[i]{factor}
        w = w - 0.1 * slope
    """


@pytest.mark.parametrize(("factor", "kind"), [("", "right"), (" * X[i]", "wrong")])
def test_an_example_that_is_drawn_twice_counts_twice(factor: str, kind: str, tmp_path: Path) -> None:
    analysis = analysed(tmp_path, DRAWN_TWICE.format(factor=factor))
    assert kinds(analysis) == {"w": kind}
    assert analysis.loss is not None
    assert analysis.loss.text.startswith("½ Σ (a − y)², implied by line 8")


SLOPE_BY_SLOPE = """
    points = [(1.5, 2.0, 1.0), (0.5, -1.0, 2.0), (2.5, 0.25, -1.0)]
    w = [0.5, -0.25]
    for step in range(2):
        new = []
        for k in range(2):
            cost_slope = 0.0
            for point in points:
                cost_slope += (w[0] * point[0] + w[1] * point[1] - point[2]) * point[k] ** 2
            new.append(w[k] - 0.1 * cost_slope)
        w = new
    """


def test_a_slope_of_the_cost_is_no_cost(tmp_path: Path) -> None:
    analysis = analysed(tmp_path, SLOPE_BY_SLOPE)  # it has a fault, so that no loss makes it right
    assert analysis.loss is not None
    assert "implied by line 9" in analysis.loss.text


ADAPTIVE = """
    import numpy as np
    rng = np.random.default_rng(2)
    X, y, W = rng.normal(size=(6, 3)), rng.uniform(size=6), rng.normal(size=3)
    m, v = np.zeros(3), np.zeros(3)
    for step in range(2):
        p = 1 / (1 + np.exp(-(X @ W)))
        g = X.T @ ((-(y / p) + (1 - y) / (1 - p)) * p)
        m = 0.9 * m + 0.1 * g
        v = 0.99 * v + 0.01 * g**2
        hat = m / 0.1
        W = W - 0.01 * hat / (np.sqrt(v / 0.01) + 1e-8)
    """


def test_what_an_adaptive_step_is_divided_by_is_no_output(tmp_path: Path) -> None:
    """Even where its mean is taken as a constant, as a target is."""
    analysis = analysed(tmp_path, ADAPTIVE)
    (hat,) = (node for node in analysis.graph.nodes if "hat" in node.names)
    known = Dependence(analysis.graph, analysis.parameters, {analysis.graph.of(hat).id})
    lines = {
        error.node.site.line for error in itertools.chain.from_iterable(errors_of(known)) if error.node.site
    }
    assert lines == {8}


MEASURED = """
    import numpy as np
    rng = np.random.default_rng(8)
    x, t = rng.normal(size=(5, 2)), rng.normal(size=(5, 1))
    u, v = rng.normal(size=(2, 3)), rng.normal(size=(3, 1))

    def distance(u, v):
        return np.sum((np.tanh(x @ u) @ v - t) ** 2)

    def slope(w):
        found = np.zeros_like(w)
        for i in np.ndindex(w.shape):
            kept = w[i]
            w[i] = kept + 1e-5
            above = distance(u, v)
            w[i] = kept - 1e-5
            below = distance(u, v)
            w[i] = kept
            found[i] = (above - below) / 2e-5
        return found

    for turn in range(2):
        du, dv = slope(u), slope(v)
        u -= 0.1 * du
        v -= 0.1 * dv
    """


def test_a_gradient_that_is_measured_is_not_judged(tmp_path: Path) -> None:
    analysis = analysed(tmp_path, MEASURED)
    assert analysis.loss is None
    assert "measured" in analysis.notes[0]
    in_steps = MEASURED.replace("w[i] = kept + 1e-5", "w[i] += 1e-5").replace(
        "w[i] = kept -", "w[i] -= 1e-5 +"
    )
    in_steps = in_steps.replace("            w[i] = kept\n", "            w[i] += 1e-5\n")
    assert in_steps.count("+= 1e-5") == 2
    assert analysed(tmp_path, in_steps).loss is None


def test_a_parameter_of_which_nothing_is_written_over_is_as_it_was(tmp_path: Path) -> None:
    text = NET.replace("h = np.tanh(X @ W1", "cut = W1.copy(); cut[W1 < -99] = 0.5; h = np.tanh(X @ cut")
    assert analysed(tmp_path, text).loss is not None


@pytest.mark.parametrize("factor", ["2", "1"])
def test_a_loss_with_a_parameter_shifted_is_not_the_one_that_is_descended(
    tmp_path: Path, factor: str
) -> None:
    text = MEASURED.replace(
        "du, dv = slope(u), slope(v)",
        f"h = np.tanh(x @ u); e = {factor} * (h @ v - t); du, dv = x.T @ (e @ v.T * (1 - h**2)), h.T @ e\n"
        "        print(np.abs(slope(u) - du).max())",
    )
    analysis = analysed(tmp_path, text)
    assert set(kinds(analysis).values()) == {"right"}
    assert analysis.loss is not None
    assert analysis.loss.candidate.kind is not None, "implied: none is computed of the parameters as they are"
    assert analysis.computed is None


AHEAD = """
    import numpy as np
    rng = np.random.default_rng(6)
    x, t = rng.normal(size=(9, 3)), rng.normal(size=(9, 2))
    w, b = rng.normal(size=(3, 2)), np.zeros(2)
    v, u = np.zeros_like(w), np.zeros_like(b)
    for epoch in range(3):
        out = x @ w + b
        loss = np.sum((out - t) ** 2) / 2
        gw, gb = x.T @ (out - t), (out - t).sum(axis=0)
        v = 0.9 * v + gw
        w -= 0.01 * (gw + 0.9 * v)
        u = 0.9 * u + gb
        b -= 0.01 * (gb + 0.9 * u)
"""


@pytest.mark.parametrize(
    ("wrong", "kind"), [("x.T @ (out - t)", "right"), deep("x.T @ (out - t) ** 2", "wrong")]
)
def test_a_step_that_looks_ahead_is_a_multiple_of_the_gradient(wrong: str, kind: str, tmp_path: Path) -> None:
    analysis = analysed(tmp_path, AHEAD.replace("x.T @ (out - t)", wrong))
    assert kinds(analysis) == {"w": kind, "b": "right"}
