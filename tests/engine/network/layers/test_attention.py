"""Scaled dot-product attention: its numbers head by head, its mask, and where its gradients come from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from bpdebug.engine.health import examine
from bpdebug.engine.language.parsing import parse
from bpdebug.engine.language.provenance.origins import Origin, origin_of
from bpdebug.engine.network.layers import LAYER_KINDS, ROWS
from bpdebug.engine.network.layers.layer import make_layer
from bpdebug.engine.program.program import Program, with_backward
from bpdebug.engine.program.trace import Trace, run
from bpdebug.errors import ShapeError
from bpdebug.verify.check import check

KIND = LAYER_KINDS["scaled_dot_product_attention"]
SHAPES = {"q": (2, 3, 4), "k": (2, 5, 4), "v": (2, 5, 6)}
"""Three queries, five keys with their values, for two examples; the values have another width."""


def attention(
    heads: int = 1, causal: bool = False, tensors: Sequence[np.ndarray] = (), incoming: object = None
) -> tuple[Program, dict[str, np.ndarray]]:
    """Return the program of one layer, and values for all that it is given."""
    random = np.random.default_rng(3)
    tensors = tensors or [random.normal(size=shape) for shape in SHAPES.values()]
    names = ["a0", "k0", "v0"][: len(tensors)]
    layer = make_layer(1, KIND, {"heads": heads, "causal": causal}, {}, ROWS, names)
    values = dict(zip(names, tensors, strict=True))
    shapes = {name: value.shape for name, value in values.items()}
    program = with_backward(shapes, layer.forward, "a1", [layer], (), dict.fromkeys(names, 0))
    da = random.normal(size=program.shapes["a1"]) if incoming is None else np.asarray(incoming)
    return program, {**values, "da1": da}


def head_by_head(q: np.ndarray, k: np.ndarray, v: np.ndarray, heads: int, causal: bool) -> np.ndarray:
    """Compute attention one query at a time, without a mask: a causal one has fewer keys."""
    result = np.empty((*q.shape[:2], v.shape[-1]))
    for example in range(len(q)):
        for columns, mixed in zip(
            np.split(np.arange(q.shape[-1]), heads), np.split(np.arange(v.shape[-1]), heads), strict=True
        ):
            for query in range(q.shape[1]):
                seen = slice(0, query + 1) if causal else slice(None)
                scores = k[example, seen][:, columns] @ q[example, query, columns] / len(columns) ** 0.5
                shares = np.exp(scores) / np.exp(scores).sum()
                result[example, query, mixed] = shares @ v[example, seen][:, mixed]
    return result


@pytest.mark.parametrize("causal", [False, True], ids=["all", "causal"])
@pytest.mark.parametrize("heads", [1, 2])
def test_attention_is_what_each_query_mixes(heads: int, causal: bool) -> None:
    program, values = attention(heads, causal)
    found = run(program, values).values
    wanted = head_by_head(values["a0"], values["k0"], values["v0"], heads, causal)
    np.testing.assert_allclose(found["a1"], wanted, rtol=1e-12)
    report = check(program, values)
    assert report.passed
    assert {"da0", "dk0", "dv0", "dscores1", "dp1"} <= {tensor.name for tensor in report.tensors}


@pytest.mark.parametrize("heads", [1, 2])
def test_a_single_tensor_is_queries_keys_and_values(heads: int) -> None:
    x = np.random.default_rng(1).normal(size=(2, 3, 4))
    one, values = attention(heads, True, [x])
    found = run(one, values).values
    three, others = attention(heads, True, [x, x, x], values["da1"])
    apart = run(three, others).values
    np.testing.assert_array_equal(found["a1"], apart["a1"])
    np.testing.assert_allclose(found["da0"], apart["da0"] + apart["dk0"] + apart["dv0"], rtol=1e-12)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_a_mask_gives_exact_zeros_and_no_nan(dtype: type) -> None:
    tensors = [np.random.default_rng(2).normal(size=(1, 4, 4)).astype(dtype) for _ in range(3)]
    program, values = attention(2, True, tensors)
    found = run(program, {**values, "da1": values["da1"].astype(dtype)}).values
    above = np.triu(np.ones((4, 4), bool), 1)
    assert np.isneginf(found["masked1"][..., above]).all()
    for name in ("p1", "dmasked1", "dscores1"):
        assert (found[name][..., above] == 0).all()
        assert (found[name][..., ~above] != 0).sum() > above.sum()
    assert {value.dtype for value in found.values()} == {np.dtype(dtype)}
    assert all(np.isfinite(value).all() for name, value in found.items() if name != "masked1")


def test_no_gradient_comes_from_later_queries_to_what_they_alone_see() -> None:
    """Only the second of four queries has a gradient: the keys and values after it get exactly none."""
    incoming = np.zeros((1, 4, 4))
    incoming[0, 1] = 1, -2, 0.5, 3
    tensors = [np.random.default_rng(2).normal(size=(1, 4, 4)) for _ in range(3)]
    program, values = attention(2, True, tensors, incoming)
    found = run(program, values).values
    for name in ("dk0", "dv0"):
        assert (found[name][0, 2:] == 0).all()
        assert (found[name][0, :2] != 0).all()
    assert (found["da0"][0, [0, 2, 3]] == 0).all()


@pytest.mark.parametrize("causal", [False, True], ids=["all", "causal"])
def test_each_row_of_the_gradient_of_the_scores_adds_up_to_0(causal: bool) -> None:
    program, values = attention(2, causal)
    found = run(program, values).values
    np.testing.assert_allclose(found["dscores1"].sum(axis=-1), 0, atol=1e-14)
    assert np.abs(found["dp1"].sum(axis=-1)).min() > 1e-3


def test_the_scale_is_that_of_a_head() -> None:
    program, values = attention(2)
    found = run(program, values).values
    assert found["scale1"] == np.sqrt(2)
    np.testing.assert_allclose(found["dproducts1"], found["dscores1"] / np.sqrt(2))


def test_the_stages_have_names_and_a_reason_each() -> None:
    program, _ = attention(2, True)
    (layer,) = program.blocks
    shown = ["a_prev", "a_prev2", "a_prev3", "q", "k", "v", "products", "scale", "scores", "masked", "p"]
    assert list(layer.tensors) == [*shown, "mixed", "a"]
    assert layer.title == "causal attention, 2 heads"
    roles = {statement.name: statement.role for statement in program.statements}
    assert (roles["dmasked1"], roles["da0"], roles["dk0"]) == ("dmasked", "d_prev", "d_prev2")
    # Every step has a sentence of this kind, not that of the function at hand.
    said = {program.explanation_of(statement) for statement in program.statements}
    assert said == {KIND.explanations[role] for role in KIND.explanations}


def origin(trace: Trace, name: str, index: tuple[int, ...]) -> Origin:
    (statement,) = (one for one in trace.program.statements if one.name == name)
    return origin_of(name, statement.expression, index, trace.values[name], trace.values)


@pytest.mark.parametrize(
    ("name", "index", "read"),
    [
        ("q1", (1, 1, 2, 0), {"a0[1, 2, 2]"}),
        ("products1", (0, 1, 2, 1), {"q1[0, 1, 2, 0:2]", "k1[0, 1, 1, 0:2]"}),
        ("p1", (0, 1, 2, 0), {"masked1[0, 1, 2, 0:5]"}),
        (
            "dmasked1",
            (0, 1, 2, 0),
            {"p1[0, 1, 2, 0]", "dp1[0, 1, 2, 0]", "p1[0, 1, 2, 0:5]", "dp1[0, 1, 2, 0:5]"},
        ),
        ("masked1", (0, 1, 2, 3), set()),
        ("dscores1", (0, 1, 2, 3), set()),
        ("dq1", (1, 0, 2, 1), {"dproducts1[1, 0, 2, 0:5]", "k1[1, 0, 0:5, 1]"}),
        ("dk1", (1, 0, 4, 1), {"dproducts1[1, 0, 0:3, 4]", "q1[1, 0, 0:3, 1]"}),
        ("a1", (0, 2, 4), {"mixed1[0, 1, 2, 1]"}),
        ("da0", (1, 2, 3), {"dq1[1, 1, 2, 1]"}),
    ],
)
def test_where_an_element_comes_from(name: str, index: tuple[int, ...], read: set[str]) -> None:
    program, values = attention(2, True)
    sources = origin(run(program, values), name, index).sources
    assert {f"{source.name}[{_written(source.region)}]" for source in sources} == read


def _written(region: tuple[slice, ...]) -> str:
    return ", ".join(
        str(part.start) if part.stop == part.start + 1 else f"{part.start}:{part.stop}" for part in region
    )


def test_what_is_masked_is_written_as_what_it_is() -> None:
    trace = run(*attention(1, True))
    assert str(origin(trace, "masked1", (0, 0, 0, 1))) == "masked1[0,0,0,1] = -inf"
    assert str(origin(trace, "dscores1", (0, 0, 0, 1))) == "dscores1[0,0,0,1] = 0"
    assert origin(trace, "masked1", (0, 0, 2, 1)).symbols == "scores1[0,0,2,1]"
    assert "-inf" in origin(trace, "p1", (0, 0, 1, 0)).numbers


def test_the_infinities_of_a_mask_are_no_sickness() -> None:
    assert [finding.text for finding in examine(run(*attention(2, True)))] == []


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_mask_hides_no_sickness(bad: float) -> None:
    """The first query sees the first key alone: its only score is what is bad, its share is no number."""
    program, values = attention(1, True)
    values["a0"], values["k0"][0, 0] = np.abs(values["a0"]), bad
    findings = {one.tensor: one.origin for one in examine(run(program, values))}
    assert {"k0", "scores1", "masked1", "p1"} <= findings.keys()
    assert set(findings.values()) == {"k0"}


def test_a_wrong_gradient_is_not_excused_by_the_infinities_of_a_mask() -> None:
    """A backward pass that multiplies by a mask of −∞ gives NaN, and the check says so."""
    program, values = attention(1, True)
    wrong = parse("dmasked1 + 0 * masked1")
    statements = [
        replace(one, expression=wrong) if one.name == "dscores1" else one for one in program.statements
    ]
    report = check(replace(program, statements=tuple(statements)), values)
    assert [tensor.name for tensor in report.tensors if tensor.verdict == "wrong"] == ["dscores1"]


def test_heads_must_divide_the_width() -> None:
    with pytest.raises(ShapeError, match="a width of 4 cannot be divided among 3 heads"):
        attention(3)
