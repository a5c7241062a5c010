import numpy as np

from activations import ACTIVATIONS


class Layer:
    def __init__(self, n_in, n_out, activation, rng):
        self.W = rng.normal(size=(n_out, n_in)) * np.sqrt(2 / n_in)
        self.b = rng.normal(size=(n_out, 1)) * 0.1
        self.f, self.f_prime = ACTIVATIONS[activation]

    def forward(self, a_prev):
        self.a_prev = a_prev
        self.z = self.W @ a_prev + self.b
        self.a = self.f(self.z)
        return self.a

    def backward(self, da):
        m = da.shape[1]
        dz = da * self.f_prime(self.z)
        self.dW = dz @ self.a_prev.T / m
        self.db = dz.sum(axis=1, keepdims=True) / m
        return self.W.T @ dz


class Network:
    def __init__(self, sizes, activations, seed=0):
        rng = np.random.default_rng(seed)
        self.layers = [Layer(i, o, f, rng) for i, o, f in zip(sizes, sizes[1:], activations)]

    def forward(self, x):
        for layer in self.layers:
            x = layer.forward(x)
        return x

    def backward(self, da):
        for layer in self.layers[::-1]:
            da = layer.backward(da)

    def update(self, lr):
        for layer in self.layers:
            layer.W -= lr * layer.dW
            layer.b -= lr * layer.db
