import numpy as np


def conv_forward(A_prev, W, b, stride, pad):
    (m, n_H_prev, n_W_prev, n_C_prev) = A_prev.shape
    (f, f, n_C_prev, n_C) = W.shape
    n_H = (n_H_prev - f + 2 * pad) // stride + 1
    n_W = (n_W_prev - f + 2 * pad) // stride + 1
    Z = np.zeros((m, n_H, n_W, n_C))
    A_prev_pad = np.pad(A_prev, ((0, 0), (pad, pad), (pad, pad), (0, 0)))
    for i in range(m):
        for h in range(n_H):
            for w in range(n_W):
                a_slice = A_prev_pad[i, h * stride:h * stride + f, w * stride:w * stride + f, :]
                for c in range(n_C):
                    Z[i, h, w, c] = np.sum(a_slice * W[:, :, :, c]) + b[c]
    return Z, (A_prev_pad, W, b, stride, pad)


def conv_backward(dZ, cache):
    A_prev_pad, W, b, stride, pad = cache
    f = W.shape[0]
    (m, n_H, n_W, n_C) = dZ.shape
    dA_prev_pad = np.zeros(A_prev_pad.shape)
    dW = np.zeros(W.shape)
    db = np.zeros(b.shape)
    for i in range(m):
        for h in range(n_H):
            for w in range(n_W):
                vert, horiz = h * stride, w * stride
                for c in range(n_C):
                    a_slice = A_prev_pad[i, vert:vert + f, horiz:horiz + f, :]
                    dA_prev_pad[i, vert:vert + f, horiz:horiz + f, :] += W[:, :, :, c] * dZ[i, h, w, c]
                    dW[:, :, :, c] += a_slice * dZ[i, h, w, c]
                    db[c] += dZ[i, h, w, c]
    dA_prev = dA_prev_pad[:, pad:-pad, pad:-pad, :]
    return dA_prev, dW, db


rng = np.random.RandomState(6)
images = rng.randn(2, 4, 4, 1)
digits = np.array([1, 1])
W1, b1 = rng.randn(3, 3, 1, 2) * 0.4, rng.randn(2) * 0.1
W2, b2 = rng.randn(3, 3, 2, 2) * 0.4, rng.randn(2) * 0.1
W3, b3 = rng.randn(8, 2) * 0.4, np.zeros(2)

# one step
Z1, cache1 = conv_forward(images, W1, b1, stride=1, pad=1)
A1 = np.maximum(Z1, 0)
Z2, cache2 = conv_forward(A1, W2, b2, stride=2, pad=1)
A2 = np.tanh(Z2)
flat = A2.reshape(2, -1)
Z3 = flat.dot(W3) + b3
probs = np.exp(Z3) / np.exp(Z3).sum(axis=1, keepdims=True)
loss = -np.mean(np.log(probs[np.arange(2), digits]))

dZ3 = (probs - np.eye(2)[digits]) / 2
dW3 = flat.T.dot(dZ3)
db3 = dZ3.sum(axis=0)
dA2 = dZ3.dot(W3.T).reshape(A2.shape)
dZ2 = dA2 * (1 - A2 ** 2)
dA1, dW2, db2 = conv_backward(dZ2, cache2)
dZ1 = dA1 * (Z1 > 0)
dX, dW1, db1 = conv_backward(dZ1, cache1)

W1, b1 = W1 - 0.1 * dW1, b1 - 0.1 * db1
W2, b2 = W2 - 0.1 * dW2, b2 - 0.1 * db2
W3, b3 = W3 - 0.1 * dW3, b3 - 0.1 * db3
print("loss", loss)
