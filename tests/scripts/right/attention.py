import numpy as np


def softmax(x):
    x = np.exp(x - x.max(axis=-1, keepdims=True))
    return x / x.sum(axis=-1, keepdims=True)


class SelfAttention:
    def __init__(self, d_model, d_k, rng):
        self.Wq = rng.normal(size=(d_model, d_k)) / np.sqrt(d_model)
        self.Wk = rng.normal(size=(d_model, d_k)) / np.sqrt(d_model)
        self.Wv = rng.normal(size=(d_model, d_k)) / np.sqrt(d_model)
        self.Wo = rng.normal(size=(d_k, d_model)) / np.sqrt(d_k)
        self.scale = 1 / np.sqrt(d_k)

    def forward(self, x):
        self.x = x
        self.q, self.k, self.v = x @ self.Wq, x @ self.Wk, x @ self.Wv
        self.weights = softmax(self.q @ self.k.T * self.scale)
        self.context = self.weights @ self.v
        return self.context @ self.Wo

    def backward(self, dout):
        self.dWo = self.context.T @ dout
        dcontext = dout @ self.Wo.T
        dweights = dcontext @ self.v.T
        dv = self.weights.T @ dcontext
        dscores = self.weights * (dweights - np.sum(dweights * self.weights, axis=-1, keepdims=True))
        dscores = dscores * self.scale
        dq = dscores @ self.k
        dk = dscores.T @ self.q
        self.dWq = self.x.T @ dq
        self.dWk = self.x.T @ dk
        self.dWv = self.x.T @ dv
        return dq @ self.Wq.T + dk @ self.Wk.T + dv @ self.Wv.T


rng = np.random.default_rng(88)
tokens, d_model = 5, 4
x = rng.normal(size=(tokens, d_model))
target = np.roll(x, 1, axis=0)
embed = rng.normal(size=(d_model, d_model)) * 0.6
attention = SelfAttention(d_model, 3, rng)

for step in range(3):
    h = x @ embed
    y = attention.forward(h) + h
    loss = 0.5 * np.sum((y - target) ** 2) / tokens
    dy = (y - target) / tokens
    dh = attention.backward(dy) + dy
    dembed = x.T @ dh
    for name in ("Wq", "Wk", "Wv", "Wo"):
        W = getattr(attention, name)
        W -= 0.1 * getattr(attention, "d" + name)
    embed -= 0.1 * dembed
    print(step, loss)
