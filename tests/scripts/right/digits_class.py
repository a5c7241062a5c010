"""A small multilayer perceptron trained with mini-batch stochastic gradient descent."""
import random

import numpy as np


def sigmoid(z):
    return 1.0 / (1.0 + np.exp(-z))


def sigmoid_prime(z):
    return sigmoid(z) * (1 - sigmoid(z))


class Network(object):

    def __init__(self, sizes):
        self.num_layers = len(sizes)
        self.sizes = sizes
        self.biases = [np.random.randn(y, 1) for y in sizes[1:]]
        self.weights = [np.random.randn(y, x) / np.sqrt(x) for x, y in zip(sizes[:-1], sizes[1:])]

    def train(self, samples, epochs, batch_size, eta):
        for epoch in range(epochs):
            random.shuffle(samples)
            for k in range(0, len(samples), batch_size):
                self.train_batch(samples[k:k + batch_size], eta)
            print("epoch %d done" % epoch)

    def train_batch(self, batch, eta):
        nabla_b = [np.zeros(b.shape) for b in self.biases]
        nabla_w = [np.zeros(w.shape) for w in self.weights]
        for x, y in batch:
            sample_b, sample_w = self.backprop(x, y)
            nabla_b = [nb + sb for nb, sb in zip(nabla_b, sample_b)]
            nabla_w = [nw + sw for nw, sw in zip(nabla_w, sample_w)]
        self.weights = [w - (eta / len(batch)) * nw for w, nw in zip(self.weights, nabla_w)]
        self.biases = [b - (eta / len(batch)) * nb for b, nb in zip(self.biases, nabla_b)]

    def backprop(self, x, y):
        nabla_b = [np.zeros(b.shape) for b in self.biases]
        nabla_w = [np.zeros(w.shape) for w in self.weights]
        # forward, everything is kept
        activation = x
        activations = [x]
        zs = []
        for b, w in zip(self.biases, self.weights):
            z = np.dot(w, activation) + b
            zs.append(z)
            activation = sigmoid(z)
            activations.append(activation)
        # backward
        delta = (activations[-1] - y) * sigmoid_prime(zs[-1])
        nabla_b[-1] = delta
        nabla_w[-1] = np.dot(delta, activations[-2].T)
        for l in range(2, self.num_layers):
            sp = sigmoid_prime(zs[-l])
            delta = np.dot(self.weights[-l + 1].T, delta) * sp
            nabla_b[-l] = delta
            nabla_w[-l] = np.dot(delta, activations[-l - 1].T)
        return nabla_b, nabla_w


np.random.seed(41)
random.seed(8)
samples = []
for label in [0, 2, 1, 2, 0, 1]:
    target = np.zeros((3, 1))
    target[label] = 1.0
    samples.append((np.random.rand(6, 1), target))

net = Network([6, 5, 4, 3])
net.train(samples, epochs=2, batch_size=3, eta=0.7)
