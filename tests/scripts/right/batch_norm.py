import numpy as np


class Affine:
    def __init__(self, W, b):
        self.W, self.b = W, b

    def forward(self, x):
        self.x = x
        return np.dot(x, self.W) + self.b

    def backward(self, dout):
        dx = np.dot(dout, self.W.T)
        self.dW = np.dot(self.x.T, dout)
        self.db = np.sum(dout, axis=0)
        return dx


class BatchNormalization:
    def __init__(self, gamma, beta, eps=1e-2):
        self.gamma, self.beta, self.eps = gamma, beta, eps

    def forward(self, x):
        self.batch_size = x.shape[0]
        mu = x.mean(axis=0)
        self.xc = x - mu
        var = np.mean(self.xc ** 2, axis=0)
        self.std = np.sqrt(var + self.eps)
        self.xn = self.xc / self.std
        return self.gamma * self.xn + self.beta

    def backward(self, dout):
        self.dbeta = dout.sum(axis=0)
        self.dgamma = np.sum(self.xn * dout, axis=0)
        dxn = self.gamma * dout
        dxc = dxn / self.std
        dstd = -np.sum((dxn * self.xc) / (self.std * self.std), axis=0)
        dvar = 0.5 * dstd / self.std
        dxc += (2.0 / self.batch_size) * self.xc * dvar
        dmu = np.sum(dxc, axis=0)
        dx = dxc - dmu / self.batch_size
        return dx


class Relu:
    def forward(self, x):
        self.mask = x <= 0
        out = x.copy()
        out[self.mask] = 0
        return out

    def backward(self, dout):
        dout[self.mask] = 0
        return dout


class SoftmaxWithLoss:
    def forward(self, x, t):
        self.t = t
        e = np.exp(x - x.max(axis=-1, keepdims=True))
        self.y = e / e.sum(axis=-1, keepdims=True)
        return -np.sum(t * np.log(self.y + 1e-12)) / x.shape[0]

    def backward(self):
        batch_size = self.t.shape[0]
        return (self.y - self.t) / batch_size


rng = np.random.default_rng(77)
affine1 = Affine(rng.normal(size=(4, 6)), rng.normal(size=6))
norm1 = BatchNormalization(rng.uniform(0.6, 1.4, 6), rng.normal(size=6) * 0.2)
relu1 = Relu()
affine2 = Affine(rng.normal(size=(6, 3)), rng.normal(size=3))
last_layer = SoftmaxWithLoss()
layers = [affine1, norm1, relu1, affine2]
x = rng.normal(size=(7, 4))
t = np.eye(3)[[0, 1, 2, 2, 1, 0, 1]]

for step in range(2):
    out = x
    for layer in layers:
        out = layer.forward(out)
    loss = last_layer.forward(out, t)
    dout = last_layer.backward()
    for layer in layers[::-1]:
        dout = layer.backward(dout)
    affine1.W -= 0.1 * affine1.dW
    affine2.W -= 0.1 * affine2.dW
    affine2.b -= 0.1 * affine2.db
    norm1.gamma -= 0.1 * norm1.dgamma
    norm1.beta -= 0.1 * norm1.dbeta
    print(step, loss)
