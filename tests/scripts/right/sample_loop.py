import numpy as np

np.random.seed(17)

def relu(x):
    return (x > 0) * x

def relu2deriv(output):
    return output > 0

lights = np.array([[1, 0, 1, 0.5],
                   [0, 1, 1, 0.25],
                   [0.5, 0.2, 1, 1],
                   [1, 1, 0.3, 0]])
walk = np.array([[1.0, 0.3], [0.4, 1.0], [0.0, 0.6], [0.8, 0.1]])

alpha = 0.05
hidden_size = 5

weights_0_1 = 2 * np.random.random((4, hidden_size)) - 0.8
weights_1_2 = 2 * np.random.random((hidden_size, 2)) - 0.8

for iteration in range(4):
    total_error = 0
    for i in range(len(lights)):
        layer_0 = lights[i:i+1]
        layer_1 = relu(np.dot(layer_0, weights_0_1))
        layer_2 = np.dot(layer_1, weights_1_2)

        total_error += np.sum((layer_2 - walk[i:i+1]) ** 2)

        layer_2_delta = 2 * (layer_2 - walk[i:i+1])
        layer_1_delta = layer_2_delta.dot(weights_1_2.T) * relu2deriv(layer_1)

        weights_1_2 -= alpha * layer_1.T.dot(layer_2_delta)
        weights_0_1 -= alpha * layer_0.T.dot(layer_1_delta)
    print("Error:", total_error)
