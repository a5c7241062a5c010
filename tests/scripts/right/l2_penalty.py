import numpy as np

np.random.seed(58)
m, lambd, step_size = 8, 0.7, 0.1
X = np.random.randn(3, m)
Y = np.random.randint(0, 2, size=(1, m))

W1 = np.random.randn(6, 3) * 0.6
b1 = np.zeros((6, 1))
W2 = np.random.randn(1, 6) * 0.6
b2 = np.zeros((1, 1))


def forward_propagation(X):
    global Z1, A1, Z2, A2
    Z1 = W1 @ X + b1
    A1 = np.where(Z1 > 0, Z1, 0.01 * Z1)
    Z2 = W2 @ A1 + b2
    A2 = 1 / (1 + np.exp(-Z2))


def compute_cost_with_regularization(Y):
    cross_entropy_cost = -1 / m * np.sum(Y * np.log(A2) + (1 - Y) * np.log(1 - A2))
    L2_cost = lambd / (2 * m) * (np.sum(np.square(W1)) + np.sum(np.square(W2)))
    return cross_entropy_cost + L2_cost


def backward_propagation_with_regularization(X, Y):
    global dW1, db1, dW2, db2
    dZ2 = A2 - Y
    dW2 = 1 / m * np.dot(dZ2, A1.T) + lambd / m * W2
    db2 = 1 / m * np.sum(dZ2, axis=1, keepdims=True)
    dA1 = np.dot(W2.T, dZ2)
    dZ1 = dA1 * np.where(Z1 > 0, 1, 0.01)
    dW1 = 1 / m * np.dot(dZ1, X.T) + lambd / m * W1
    db1 = 1 / m * np.sum(dZ1, axis=1, keepdims=True)


for i in range(3):
    forward_propagation(X)
    cost = compute_cost_with_regularization(Y)
    backward_propagation_with_regularization(X, Y)
    W1 = W1 - step_size * dW1
    b1 = b1 - step_size * db1
    W2 = W2 - step_size * dW2
    b2 = b2 - step_size * db2
    print("cost after %d: %.4f" % (i, cost))
