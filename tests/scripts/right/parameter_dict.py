import numpy as np


def sigmoid(Z):
    return 1 / (1 + np.exp(-Z))


def initialize_parameters(n_x, n_h1, n_h2, n_y):
    np.random.seed(5)
    parameters = {
        "W1": np.random.randn(n_h1, n_x) * 0.5,
        "b1": np.random.randn(n_h1, 1) * 0.1,
        "W2": np.random.randn(n_h2, n_h1) * 0.5,
        "b2": np.random.randn(n_h2, 1) * 0.1,
        "W3": np.random.randn(n_y, n_h2) * 0.5,
        "b3": np.zeros((n_y, 1)),
    }
    return parameters


def forward_propagation(X, parameters):
    W1, b1 = parameters["W1"], parameters["b1"]
    W2, b2 = parameters["W2"], parameters["b2"]
    W3, b3 = parameters["W3"], parameters["b3"]

    Z1 = np.dot(W1, X) + b1
    A1 = np.tanh(Z1)
    Z2 = np.dot(W2, A1) + b2
    A2 = np.maximum(0, Z2)
    Z3 = np.dot(W3, A2) + b3
    A3 = sigmoid(Z3)

    cache = {"Z1": Z1, "A1": A1, "Z2": Z2, "A2": A2, "Z3": Z3, "A3": A3}
    return A3, cache


def compute_cost(A3, Y):
    m = Y.shape[1]
    logprobs = np.multiply(np.log(A3), Y) + np.multiply(np.log(1 - A3), 1 - Y)
    cost = -np.sum(logprobs) / m
    return float(np.squeeze(cost))


def backward_propagation(parameters, cache, X, Y):
    m = X.shape[1]
    W2 = parameters["W2"]
    W3 = parameters["W3"]
    A1, A2, A3 = cache["A1"], cache["A2"], cache["A3"]

    grads = {}
    dZ3 = A3 - Y
    grads["dW3"] = 1. / m * np.dot(dZ3, A2.T)
    grads["db3"] = 1. / m * np.sum(dZ3, axis=1, keepdims=True)

    dA2 = np.dot(W3.T, dZ3)
    dZ2 = np.multiply(dA2, np.int64(A2 > 0))
    grads["dW2"] = 1. / m * np.dot(dZ2, A1.T)
    grads["db2"] = 1. / m * np.sum(dZ2, axis=1, keepdims=True)

    dA1 = np.dot(W2.T, dZ2)
    dZ1 = np.multiply(dA1, 1 - np.power(A1, 2))
    grads["dW1"] = 1. / m * np.dot(dZ1, X.T)
    grads["db1"] = 1. / m * np.sum(dZ1, axis=1, keepdims=True)
    return grads


def update_parameters(parameters, grads, learning_rate=0.8):
    L = len(parameters) // 2
    for l in range(1, L + 1):
        parameters["W" + str(l)] = parameters["W" + str(l)] - learning_rate * grads["dW" + str(l)]
        parameters["b" + str(l)] = parameters["b" + str(l)] - learning_rate * grads["db" + str(l)]
    return parameters


def nn_model(X, Y, num_iterations=3, print_cost=True):
    parameters = initialize_parameters(X.shape[0], 5, 4, Y.shape[0])
    for i in range(num_iterations):
        A3, cache = forward_propagation(X, parameters)
        cost = compute_cost(A3, Y)
        grads = backward_propagation(parameters, cache, X, Y)
        parameters = update_parameters(parameters, grads)
        if print_cost:
            print("Cost after iteration %i: %f" % (i, cost))
    return parameters


np.random.seed(2)
X = np.random.randn(2, 7)
Y = (X[0:1] * X[1:2] > 0).astype(float)
parameters = nn_model(X, Y)
