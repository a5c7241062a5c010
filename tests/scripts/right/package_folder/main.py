import numpy as np

from layers import Network


def binary_cross_entropy(a, y):
    return -np.mean(y * np.log(a) + (1 - y) * np.log(1 - a))


def binary_cross_entropy_derivative(a, y):
    return (a - y) / (a * (1 - a))


def main():
    rng = np.random.default_rng(1)
    x = rng.normal(size=(2, 9))
    y = (np.abs(x[:1]) > np.abs(x[1:])).astype(float)
    net = Network([2, 6, 4, 1], ["relu", "relu", "sigmoid"], seed=13)
    for epoch in range(3):
        a = net.forward(x)
        loss = binary_cross_entropy(a, y)
        net.backward(binary_cross_entropy_derivative(a, y))
        net.update(0.2)
        print(epoch, loss)


if __name__ == "__main__":
    main()
