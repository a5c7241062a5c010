import numpy as np

rng = np.random.default_rng(33)


class TiedAutoencoder:
    """The decoder is the encoder turned round: one weight matrix, read twice."""

    def __init__(self, visible, hidden):
        self.W = rng.normal(scale=0.5, size=(hidden, visible))
        self.b = rng.normal(scale=0.1, size=(hidden, 1))
        self.c = rng.normal(scale=0.1, size=(visible, 1))

    def encode(self, v):
        return 1 / (1 + np.exp(-(self.W @ v + self.b)))

    def decode(self, h):
        return 1 / (1 + np.exp(-(self.W.T @ h + self.c)))

    def step(self, v, lr):
        m = v.shape[1]
        h = self.encode(v)
        v_hat = self.decode(h)
        error = v_hat - v
        loss = np.sum(error ** 2) / (2 * m)

        d_out = error * v_hat * (1 - v_hat) / m
        grad_decode = h @ d_out.T
        d_hid = (self.W @ d_out) * h * (1 - h)
        grad_encode = d_hid @ v.T

        self.grad_W = grad_encode + grad_decode
        self.grad_b = np.sum(d_hid, axis=1, keepdims=True)
        self.grad_c = np.sum(d_out, axis=1, keepdims=True)
        self.W -= lr * self.grad_W
        self.b -= lr * self.grad_b
        self.c -= lr * self.grad_c
        return loss


patterns = (rng.random((6, 5)) > 0.5).astype(float)
ae = TiedAutoencoder(6, 3)
for k in range(4):
    loss = ae.step(patterns, 0.5)
    print(k, loss)
