"""An array in a trace is written as NumPy writes it."""

from __future__ import annotations

import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from bpdebug.export.array_text import array_text

ANY = arrays(
    st.sampled_from([np.float64, np.float32]),
    array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=12),
    elements=st.one_of(
        st.floats(-10, 10, width=32),
        st.floats(width=32),
        st.sampled_from([0.0, -0.0, 1.0, 0.5, -2.0, 1e-7, 123456.789, 99999999.0]),
    ),
)


@given(ANY)
@example(np.linspace(-1, 1, 400).reshape(20, 20) ** 9)
@example(np.array([1e-320, 1e300, 0.0]))
@example(np.array([0.7, 700.0, 99.9999995]))
@example(np.arange(300.0) * 1234.5678)
@example(np.zeros((3, 30)))
def test_as_numpy_writes_it(value: np.ndarray) -> None:
    numpys = np.array2string(
        value, max_line_width=100, precision=6, threshold=100, edgeitems=4, floatmode="maxprec_equal"
    )
    assert array_text(value) == numpys
