import numpy as np


class Linear:
    def __init__(self, fan_in, fan_out, rng):
        self.w = rng.standard_normal((fan_in, fan_out)) * (1 / fan_in) ** 0.5
        self.b = rng.standard_normal(fan_out) * 0.1
        self.grads = {}

    def __call__(self, x):
        self.inputs = x
        return x @ self.w + self.b

    def backward(self, grad):
        self.grads["b"] = np.sum(grad, axis=0)
        self.grads["w"] = self.inputs.T @ grad
        return grad @ self.w.T


class Residual:
    """out = x + second(tanh(first(x)))"""

    def __init__(self, width, inner, rng):
        self.first = Linear(width, inner, rng)
        self.second = Linear(inner, width, rng)

    def __call__(self, x):
        self.act = np.tanh(self.first(x))
        return x + self.second(self.act)

    def backward(self, grad):
        inner = self.second.backward(grad)
        inner = inner * (1 - self.act ** 2)
        return grad + self.first.backward(inner)


rng = np.random.default_rng(27)
blocks = [Residual(4, 5, rng), Residual(4, 3, rng)]
head = Linear(4, 2, rng)
x = rng.standard_normal((6, 4))
y = rng.integers(0, 2, size=6)


def log_softmax(s):
    s = s - s.max(axis=1, keepdims=True)
    return s - np.log(np.exp(s).sum(axis=1, keepdims=True))


hidden = x
for block in blocks:
    hidden = block(hidden)
logp = log_softmax(head(hidden))
loss = -logp[np.arange(6), y].mean()

grad = np.exp(logp)
grad[np.arange(6), y] -= 1
grad /= 6
grad = head.backward(grad)
for block in reversed(blocks):
    grad = block.backward(grad)

for linear in [head, *(part for block in blocks for part in (block.first, block.second))]:
    linear.w -= 0.1 * linear.grads["w"]
    linear.b -= 0.1 * linear.grads["b"]
print("loss", loss)
