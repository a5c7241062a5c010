# A class with a list of layers predicts rain and sun from the day of the year. It learns, but not well.
import numpy as np


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


class Network:
    def __init__(self, sizes, rng):
        self.weights, self.biases = [], []
        for k in range(1, len(sizes)):
            self.weights.append(rng.normal(size=(sizes[k], sizes[k - 1])) / np.sqrt(sizes[k - 1]))
            self.biases.append(rng.normal(size=(sizes[k], 1)) * 0.1)

    def forward(self, x):
        self.activations = [x]
        for w, b in zip(self.weights, self.biases, strict=True):
            self.activations.append(sigmoid(w @ self.activations[-1] + b))
        return self.activations[-1]

    def backward(self, y):
        m = y.shape[1]
        self.dw, self.db = [], []
        delta = (self.activations[-1] - y) * self.activations[-1] * (1 - self.activations[-1])
        for layer in reversed(range(len(self.weights))):
            self.dw.insert(0, delta @ self.activations[layer].T / m)
            self.db.insert(0, delta.sum(axis=1, keepdims=True) / m)
            a = self.activations[layer]
            delta = (self.weights[layer].T @ delta) * sigmoid(a) * (1 - sigmoid(a))

    def step(self, rate):
        for layer in range(len(self.weights)):
            self.weights[layer] -= rate * self.dw[layer]
            self.biases[layer] -= rate * self.db[layer]


day = np.linspace(0, 2 * np.pi, 10).reshape(1, -1)
x = np.vstack([np.sin(day), np.cos(day)])
y = np.vstack([0.5 + 0.4 * np.cos(day), 0.5 - 0.3 * np.sin(day)])

network = Network([2, 6, 4, 2], np.random.default_rng(4))
for epoch in range(5):
    out = network.forward(x)
    loss = 0.5 * np.sum((out - y) ** 2) / y.shape[1]
    network.backward(y)
    network.step(1.0)
    print(epoch, loss)
