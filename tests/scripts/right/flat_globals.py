# sine fit, everything by hand
import numpy as np

np.random.seed(0)
N = 9
x = np.linspace(-2, 2, N).reshape(N, 1)
t = np.sin(1.3 * x) + 0.1 * x
lr = 0.02

w1 = np.random.randn(1, 6)
b1 = np.random.randn(6) * 0.3
w2 = np.random.randn(6, 4) * 0.5
b2 = np.random.randn(4) * 0.3
w3 = np.random.randn(4, 1) * 0.7
b3 = np.zeros(1)

for epoch in range(6):
    # forward
    z1 = x @ w1 + b1
    h1 = np.tanh(z1)
    z2 = h1 @ w2 + b2
    h2 = 1 / (1 + np.exp(-z2))
    y = h2 @ w3 + b3
    loss = 0.5 * np.sum((y - t) ** 2) / N

    # backward
    delta3 = (y - t) / N
    grad_w3 = h2.T @ delta3
    grad_b3 = delta3.sum(axis=0)
    delta2 = (delta3 @ w3.T) * h2 * (1 - h2)
    grad_w2 = h1.T @ delta2
    grad_b2 = delta2.sum(axis=0)
    delta1 = (delta2 @ w2.T) * (1 - h1 ** 2)
    grad_w1 = x.T @ delta1
    grad_b1 = delta1.sum(axis=0)

    # descend
    w1 -= lr * grad_w1
    b1 -= lr * grad_b1
    w2 -= lr * grad_w2
    b2 -= lr * grad_b2
    w3 -= lr * grad_w3
    b3 -= lr * grad_b3

    if epoch % 2 == 0:
        print(epoch, loss)
