# Functions that pass caches on tell three kinds of flower apart. They learn, but the biases hardly move.
import numpy as np


def affine_forward(x, w, b):
    return x @ w + b, (x, w)


def affine_backward(dout, cache):
    x, w = cache
    dx = dout @ w.T
    dw = x.T @ dout
    db = np.mean(dout, axis=0)
    return dx, dw, db


def relu_forward(x):
    return np.maximum(x, 0), x


def relu_backward(dout, cache):
    return dout * (cache > 0)


def softmax_loss(scores, y):
    n = len(y)
    probs = np.exp(scores - scores.max(axis=1, keepdims=True))
    probs /= probs.sum(axis=1, keepdims=True)
    loss = -np.mean(np.log(probs[range(n), y]))
    dscores = probs.copy()
    dscores[range(n), y] -= 1
    return loss, dscores / n


rng = np.random.default_rng(8)
petals = rng.normal(size=(9, 4))
kind = np.array([0, 1, 2, 0, 1, 2, 0, 1, 2])
petals[range(9), kind] += 1.5

params = {
    "w1": rng.normal(size=(4, 6)) * 0.5,
    "b1": np.zeros(6),
    "w2": rng.normal(size=(6, 3)) * 0.5,
    "b2": np.zeros(3),
}

for epoch in range(5):
    hidden, cache1 = affine_forward(petals, params["w1"], params["b1"])
    active, cache2 = relu_forward(hidden)
    scores, cache3 = affine_forward(active, params["w2"], params["b2"])
    loss, dscores = softmax_loss(scores, kind)

    grads = {}
    dactive, grads["w2"], grads["b2"] = affine_backward(dscores, cache3)
    dhidden = relu_backward(dactive, cache2)
    _, grads["w1"], grads["b1"] = affine_backward(dhidden, cache1)

    for name in params:
        params[name] -= 0.5 * grads[name]
    print(epoch, loss)
