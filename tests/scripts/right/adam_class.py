import numpy as np


class Adam:
    def __init__(self, lr=0.01, beta1=0.9, beta2=0.999, eps=1e-8):
        self.lr, self.beta1, self.beta2, self.eps = lr, beta1, beta2, eps
        self.iter = 0
        self.m = None
        self.v = None

    def update(self, params, grads):
        if self.m is None:
            self.m = {key: np.zeros_like(val) for key, val in params.items()}
            self.v = {key: np.zeros_like(val) for key, val in params.items()}
        self.iter += 1
        for key in params.keys():
            self.m[key] = self.beta1 * self.m[key] + (1 - self.beta1) * grads[key]
            self.v[key] = self.beta2 * self.v[key] + (1 - self.beta2) * grads[key] ** 2
            m_hat = self.m[key] / (1 - self.beta1 ** self.iter)
            v_hat = self.v[key] / (1 - self.beta2 ** self.iter)
            params[key] -= self.lr * m_hat / (np.sqrt(v_hat) + self.eps)


class Regressor:
    def __init__(self, d_in, d_hidden):
        rng = np.random.default_rng(321)
        self.params = {
            "W1": rng.normal(size=(d_in, d_hidden)),
            "b1": rng.normal(size=d_hidden),
            "W2": rng.normal(size=(d_hidden, d_hidden)) * 0.6,
            "b2": rng.normal(size=d_hidden) * 0.6,
            "W3": rng.normal(size=(d_hidden, 1)),
            "b3": rng.normal(size=1),
        }

    def forward(self, X):
        p = self.params
        self.X = X
        self.s1 = X @ p["W1"] + p["b1"]
        self.h1 = np.sin(self.s1)
        self.s2 = self.h1 @ p["W2"] + p["b2"]
        self.h2 = self.s2 / (1 + np.abs(self.s2))
        return (self.h2 @ p["W3"] + p["b3"]).ravel()

    def gradients(self, y_hat, y):
        p, g = self.params, {}
        n = len(y)
        e = (2.0 / n) * (y_hat - y).reshape(-1, 1)
        g["W3"] = self.h2.T @ e
        g["b3"] = e.sum(axis=0)
        e = e @ p["W3"].T / (1 + np.abs(self.s2)) ** 2
        g["W2"] = self.h1.T @ e
        g["b2"] = e.sum(axis=0)
        e = e @ p["W2"].T * np.cos(self.s1)
        g["W1"] = self.X.T @ e
        g["b1"] = e.sum(axis=0)
        return g


rng = np.random.default_rng(9)
X = rng.uniform(-1, 1, size=(12, 2))
y = X[:, 0] * X[:, 1]
net, opt = Regressor(2, 5), Adam(lr=0.02)
for step in range(5):
    y_hat = net.forward(X)
    mse = np.mean((y_hat - y) ** 2)
    grads = net.gradients(y_hat, y)
    opt.update(net.params, grads)
    print(step, mse)
