import numpy as np


class Layer:
    def __init__(self):
        self.input = None
        self.output = None

    def forward(self, input):
        raise NotImplementedError

    def backward(self, output_error, learning_rate):
        raise NotImplementedError


class FCLayer(Layer):
    def __init__(self, input_size, output_size):
        super().__init__()
        self.weights = np.random.rand(input_size, output_size) - 0.5
        self.bias = np.random.rand(1, output_size) - 0.5

    def forward(self, input):
        self.input = input
        self.output = np.dot(self.input, self.weights) + self.bias
        return self.output

    def backward(self, output_error, learning_rate):
        input_error = np.dot(output_error, self.weights.T)
        weights_error = np.dot(self.input.T, output_error)
        bias_error = np.sum(output_error, axis=0, keepdims=True)

        self.weights -= learning_rate * weights_error
        self.bias -= learning_rate * bias_error
        return input_error


class ActivationLayer(Layer):
    def __init__(self, activation, activation_prime):
        super().__init__()
        self.activation = activation
        self.activation_prime = activation_prime

    def forward(self, input):
        self.input = input
        self.output = self.activation(self.input)
        return self.output

    def backward(self, output_error, learning_rate):
        return self.activation_prime(self.input) * output_error


def tanh(x):
    return np.tanh(x)


def tanh_prime(x):
    return 1 - np.tanh(x) ** 2


def mse(y_true, y_pred):
    return np.mean(np.power(y_true - y_pred, 2))


def mse_prime(y_true, y_pred):
    return 2 * (y_pred - y_true) / y_true.size


class Network:
    def __init__(self):
        self.layers = []

    def add(self, layer):
        self.layers.append(layer)

    def fit(self, x, y, epochs, learning_rate):
        for epoch in range(epochs):
            output = x
            for layer in self.layers:
                output = layer.forward(output)
            err = mse(y, output)
            error = mse_prime(y, output)
            for layer in reversed(self.layers):
                error = layer.backward(error, learning_rate)
            print("epoch", epoch + 1, "error", err)


np.random.seed(23)
x_train = np.random.rand(5, 3)
y_train = np.stack([x_train.sum(axis=1), x_train[:, 0] - x_train[:, 2]], axis=1)

net = Network()
net.add(FCLayer(3, 6))
net.add(ActivationLayer(tanh, tanh_prime))
net.add(FCLayer(6, 4))
net.add(ActivationLayer(tanh, tanh_prime))
net.add(FCLayer(4, 2))
net.fit(x_train, y_train, epochs=3, learning_rate=0.1)
