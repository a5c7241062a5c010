import numpy as np

rng = np.random.default_rng(71)


class SGD:
    """Stochastic gradient descent with momentum and weight decay."""

    def __init__(self, parameters, lr, momentum=0.9, weight_decay=1e-3):
        self.parameters = parameters
        self.lr = lr
        self.momentum = momentum
        self.weight_decay = weight_decay
        self.velocity = [np.zeros_like(p) for p in parameters]

    def step(self, gradients):
        for k, (p, g) in enumerate(zip(self.parameters, gradients)):
            g = g + self.weight_decay * p
            self.velocity[k] = self.momentum * self.velocity[k] + g
            p -= self.lr * self.velocity[k]


def swish(x):
    return x / (1 + np.exp(-x))


def swish_grad(x):
    s = 1 / (1 + np.exp(-x))
    return s + x * s * (1 - s)


W_a = rng.normal(size=(5, 3)) * 0.7
c_a = rng.normal(size=(5, 1)) * 0.2
W_b = rng.normal(size=(2, 5)) * 0.7
c_b = rng.normal(size=(2, 1)) * 0.2
optimizer = SGD([W_a, c_a, W_b, c_b], lr=0.05)

data = rng.normal(size=(3, 6))
want = np.vstack([np.hypot(data[0], data[1]), data[2] ** 2])

for step in range(4):
    pre = W_a @ data + c_a
    hid = swish(pre)
    out = W_b @ hid + c_b
    residual = out - want
    loss = 0.5 * np.mean(np.sum(residual ** 2, axis=0))

    g_out = residual / data.shape[1]
    gW_b = g_out @ hid.T
    gc_b = g_out.sum(axis=1, keepdims=True)
    g_hid = W_b.T @ g_out
    g_pre = g_hid * swish_grad(pre)
    gW_a = g_pre @ data.T
    gc_a = g_pre.sum(axis=1, keepdims=True)
    optimizer.step([gW_a, gc_a, gW_b, gc_b])
    print("%d %.5f" % (step, loss))
