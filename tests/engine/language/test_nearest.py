"""Which known word was meant."""

from __future__ import annotations

import pytest

from bpdebug.engine.language.nearest import nearest


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("Relu", "relu"),
        ("RELU", "relu"),
        ("rely", "relu"),
        ("elu", "elu"),
        ("Elu", "elu"),
        ("softmux", "softmax"),
    ],
)
def test_capitals_do_not_count(word: str, meant: str) -> None:
    assert nearest(word, ["selu", "elu", "relu", "softmax"]) == meant


def test_nothing_is_like_it() -> None:
    assert nearest("xyz", ["selu", "elu"]) == ""
