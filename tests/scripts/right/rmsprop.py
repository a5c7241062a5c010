import numpy as np

np.random.seed(404)

n_in, n_hid, n_out = 3, 6, 2
rate, decay, tiny = 0.01, 0.9, 1e-6

theta = [
    np.random.uniform(-1, 1, (n_in, n_hid)),
    np.random.uniform(-1, 1, (1, n_hid)),
    np.random.uniform(-1, 1, (n_hid, n_out)),
    np.random.uniform(-1, 1, (1, n_out)),
]
square = [np.zeros_like(w) for w in theta]


def elu(u):
    return np.where(u > 0, u, np.exp(u) - 1)


def model(x, theta):
    W, b, V, c = theta
    u = x @ W + b
    h = elu(u)
    return u, h, h @ V + c


def huber(r):
    return np.where(np.abs(r) <= 1, 0.5 * r ** 2, np.abs(r) - 0.5)


def gradient(x, y, theta):
    W, b, V, c = theta
    u, h, out = model(x, theta)
    r = out - y
    g_out = np.where(np.abs(r) <= 1, r, np.sign(r)) / len(x)
    g_V = h.T @ g_out
    g_c = g_out.sum(axis=0, keepdims=True)
    g_h = g_out @ V.T
    g_u = g_h * np.where(u > 0, 1, h + 1)
    g_W = x.T @ g_u
    g_b = g_u.sum(axis=0, keepdims=True)
    return [g_W, g_b, g_V, g_c], huber(r).sum() / len(x)


x = np.random.randn(6, n_in)
y = np.c_[x[:, 0] * 2 - x[:, 1], np.abs(x[:, 2])]

for epoch in range(3):
    g, loss = gradient(x, y, theta)
    for k in range(len(theta)):
        square[k] = decay * square[k] + (1 - decay) * g[k] ** 2
        theta[k] = theta[k] - rate * g[k] / np.sqrt(square[k] + tiny)
    print(epoch, loss)
