"""Which tensors a value is a multiple of: the same as when each is compared by itself."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from bpdebug.sources.script.analysis.standard import multiple
from bpdebug.verify.repair.multiples import Multiples

TOLERANCE = 1e-6


@given(st.integers(0, 2**32 - 1), st.sampled_from([0.0, 1e-9, 9e-7, 3e-6, 1e-3]), st.integers(1, 6))
def test_what_is_found_at_once_is_what_is_found_one_by_one(seed: int, noise: float, size: int) -> None:
    random = np.random.default_rng(seed)
    tensors = {number: random.normal(size=size) * 10.0 ** random.integers(-8, 8) for number in range(7)}
    tensors[7], tensors[8] = np.zeros(size), np.full(size, np.nan)
    tensors[9] = random.normal(size=size + 1)
    chosen = tensors[int(random.integers(7))]
    value = -3.0 * chosen * (1 + noise * random.choice([-1, 1], size=size))
    each = {number: multiple(value, tensor, TOLERANCE) for number, tensor in tensors.items()}
    wanted = {number: ratio for number, ratio in each.items() if ratio is not None}
    assert dict(Multiples(tensors, TOLERANCE).of(value, tensors)) == wanted
    some = [1, 2, 3, 5, 8]
    found = dict(Multiples(tensors, TOLERANCE).of(value, some))
    assert found == {number: ratio for number, ratio in wanted.items() if number in some}
