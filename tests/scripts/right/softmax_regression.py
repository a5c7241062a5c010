import numpy as np

rng = np.random.default_rng(19)
X = rng.normal(size=(10, 4))
labels = np.array([0, 1, 2, 1, 0, 2, 2, 1, 0, 1])
Y = np.zeros((10, 3))
Y[np.arange(10), labels] = 1

W = rng.normal(scale=0.4, size=(4, 3))
b = rng.normal(scale=0.4, size=(1, 3))
lam = 0.05
learning_rate = 0.3


def softmax(scores):
    scores = scores - scores.max(axis=1, keepdims=True)
    exps = np.exp(scores)
    return exps / exps.sum(axis=1, keepdims=True)


def cross_entropy(P, Y):
    return -np.mean(np.sum(Y * np.log(P), axis=1))


losses = []
for epoch in range(4):
    P = softmax(X @ W + b)
    loss = cross_entropy(P, Y) + 0.5 * lam * np.sum(W * W)
    losses.append(loss)
    m = X.shape[0]
    gW = X.T @ (P - Y) / m + lam * W
    gb = np.sum(P - Y, axis=0, keepdims=True) / m
    W = W - learning_rate * gW
    b = b - learning_rate * gb
print(losses)
