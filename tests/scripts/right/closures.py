import functools

import numpy as np


def counted(function):
    """Count the calls, as one does when something is slow."""
    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        wrapper.calls += 1
        return function(*args, **kwargs)
    wrapper.calls = 0
    return wrapper


def dense(w, b):
    @counted
    def forward(x):
        def pullback(g):
            return g @ w.T, {"w": x.T @ g, "b": g.sum(axis=0)}
        return x @ w + b, pullback
    return forward


def tanh_layer(x):
    y = np.tanh(x)
    return y, lambda g: (g * (1 - y ** 2), {})


def softplus_layer(x):
    return np.log1p(np.exp(x)), lambda g: (g / (1 + np.exp(-x)), {})


def chain(*layers):
    def forward(x):
        pullbacks = []
        for layer in layers:
            x, pullback = layer(x)
            pullbacks.append(pullback)

        def backward(g):
            collected = []
            for pullback in reversed(pullbacks):
                g, grads = pullback(g)
                collected.append(grads)
            return collected[::-1]
        return x, backward
    return forward


def squared_error(y, t):
    diff = y - t
    return 0.5 * (diff ** 2).sum() / len(t), diff / len(t)


rng = np.random.default_rng(52)
params = [
    {"w": rng.normal(size=(3, 5)) * 0.6, "b": rng.normal(size=5) * 0.2},
    {"w": rng.normal(size=(5, 4)) * 0.6, "b": rng.normal(size=4) * 0.2},
    {"w": rng.normal(size=(4, 2)) * 0.6, "b": rng.normal(size=2) * 0.2},
]
net = chain(dense(**params[0]), tanh_layer, dense(**params[1]), softplus_layer, dense(**params[2]))
x = rng.normal(size=(6, 3))
t = rng.normal(size=(6, 2))

for step in range(3):
    y, backward = net(x)
    loss, g = squared_error(y, t)
    grads = [grad for grad in backward(g) if grad]
    for p, grad in zip(params, grads):
        for key in p:
            p[key] -= 0.1 * grad[key]
    print(step, loss)
