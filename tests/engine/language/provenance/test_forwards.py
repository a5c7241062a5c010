"""Where an element goes: asked forwards, the answer is that of provenance, asked for every element."""

from __future__ import annotations

import numpy as np
import pytest

from bpdebug.engine.language.evaluation import evaluate
from bpdebug.engine.language.nodes import names
from bpdebug.engine.language.parsing import parse
from bpdebug.engine.language.provenance.forwards import fed_elements
from bpdebug.engine.language.provenance.origins import origin_of
from bpdebug.engine.language.provenance.regions import RegionReader
from tests.engine.language.provenance.test_origins import FORMULAS, VALUES
from tests.tiers import few


@pytest.mark.parametrize("formula", few([*FORMULAS, "softmax(x, axis=0)"], fast=12))
def test_it_feeds_what_names_it_as_a_source(formula: str) -> None:
    expression = parse(formula)
    result = np.asarray(evaluate(expression, VALUES))
    origins = {
        index: origin_of("result", expression, index, result, VALUES) for index in np.ndindex(result.shape)
    }
    values = {name: VALUES[name] for name in names(expression)}
    reader = RegionReader(values, {name: value.shape for name, value in values.items()})
    for name, value in values.items():
        for place in np.ndindex(value.shape):
            fed = fed_elements(reader, expression, name, place)
            expected = [
                index
                for index, origin in origins.items()
                if any(source.name == name and source.contains(place) for source in origin.sources)
            ]
            assert fed.complete
            assert list(fed.elements) == expected


def test_a_very_large_result_is_left_incomplete() -> None:
    size = 3000
    values = {"u": np.ones((size, 2)), "v": np.ones((2, size))}
    reader = RegionReader(values, {name: value.shape for name, value in values.items()})
    fed = fed_elements(reader, parse("u @ v"), "u", (7, 0))
    assert not fed.complete
    assert fed.elements
    assert {index[0] for index in fed.elements} == {7}
