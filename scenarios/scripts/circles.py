# A network with two layers learns which points lie inside a circle. All its gradients are right.
import numpy as np

rng = np.random.default_rng(0)
X = rng.uniform(-1, 1, size=(2, 12))
Y = (np.sum(X**2, axis=0, keepdims=True) < 0.6).astype(float)
m = X.shape[1]

W1 = rng.normal(size=(5, 2))
b1 = np.zeros((5, 1))
W2 = rng.normal(size=(1, 5))
b2 = np.zeros((1, 1))

for epoch in range(10):
    # forward
    Z1 = W1 @ X + b1
    A1 = np.tanh(Z1)
    Z2 = W2 @ A1 + b2
    A2 = 1 / (1 + np.exp(-Z2))
    loss = -np.mean(Y * np.log(A2) + (1 - Y) * np.log(1 - A2))

    # backward
    dZ2 = (A2 - Y) / m
    dW2 = dZ2 @ A1.T
    db2 = dZ2.sum(axis=1, keepdims=True)
    dA1 = W2.T @ dZ2
    dZ1 = dA1 * (1 - A1**2)
    dW1 = dZ1 @ X.T
    db1 = dZ1.sum(axis=1, keepdims=True)

    # update
    W1 -= 0.5 * dW1
    b1 -= 0.5 * db1
    W2 -= 0.5 * dW2
    b2 -= 0.5 * db2
    print(epoch, loss)
