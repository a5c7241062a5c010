import numpy as np


class Dropout:
    """Inverted dropout: what stays is scaled up, so that nothing is to be done at test time."""

    def __init__(self, keep_prob, seed):
        self.keep_prob = keep_prob
        self.rng = np.random.RandomState(seed)

    def forward(self, x, train=True):
        if not train:
            return x
        self.mask = (self.rng.rand(*x.shape) < self.keep_prob).astype(float)
        return x * self.mask / self.keep_prob

    def backward(self, grad):
        return grad * self.mask / self.keep_prob


class Dense:
    def __init__(self, rng, n_in, n_out):
        self.weight = rng.randn(n_in, n_out) * np.sqrt(2.0 / n_in)
        self.bias = 0.1 * rng.randn(n_out)

    def forward(self, x):
        self.x = x
        return x @ self.weight + self.bias

    def backward(self, grad):
        self.grad_weight = self.x.T @ grad
        self.grad_bias = grad.sum(axis=0)
        return grad @ self.weight.T

    def update(self, lr):
        self.weight -= lr * self.grad_weight
        self.bias -= lr * self.grad_bias


class ReLU:
    def forward(self, x):
        self.positive = x > 0
        return x * self.positive

    def backward(self, grad):
        return grad * self.positive


def bce(p, y):
    return -np.mean(y * np.log(p) + (1 - y) * np.log(1 - p))


rng = np.random.RandomState(44)
X = rng.randn(8, 5)
y = (X.sum(axis=1, keepdims=True) > 0) * 1.0
dense1, dense2, dense3 = Dense(rng, 5, 8), Dense(rng, 8, 6), Dense(rng, 6, 1)
model = [dense1, ReLU(), Dropout(0.8, 1), dense2, ReLU(), Dropout(0.7, 2), dense3]

for epoch in range(3):
    out = X
    for layer in model:
        out = layer.forward(out)
    p = 1 / (1 + np.exp(-out))
    loss = bce(p, y)
    grad = (p - y) / y.shape[0]
    for layer in reversed(model):
        grad = layer.backward(grad)
    for layer in (dense1, dense2, dense3):
        layer.update(0.2)
    print("epoch", epoch, "loss", round(loss, 5))
