"""A script of two layers with a hand-written backward pass that is wrong: `1 - h` lacks its square."""

TWO_LAYERS = """\
import numpy as np
rng = np.random.default_rng(3)
x, y = rng.normal(size=(6, 3)), rng.normal(size=(6, 2))
w1, w2 = rng.normal(size=(3, 4)), rng.normal(size=(4, 2))
h = np.tanh(x @ w1)
out = h @ w2
cost = np.sum((out - y) ** 2) / 2
d_out = out - y
dw2 = h.T @ d_out
dw1 = x.T @ (d_out @ w2.T * (1 - h))
w1 -= 0.1 * dw1
w2 -= 0.1 * dw2
"""
