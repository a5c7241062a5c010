import numpy as np
from numpy import dot, tanh, zeros_like

np.random.seed(101)
T, D, H, K = 4, 3, 4, 3


def sig(a):
    return 1 / (1 + np.exp(-a))


def softmax(v):
    e = np.exp(v - np.max(v))
    return e / e.sum()


Wr, Ur, br = np.random.randn(H, D) * .5, np.random.randn(H, H) * .5, np.random.randn(H) * .1
Wz, Uz, bz = np.random.randn(H, D) * .5, np.random.randn(H, H) * .5, np.random.randn(H) * .1
Wh, Uh, bh = np.random.randn(H, D) * .5, np.random.randn(H, H) * .5, np.random.randn(H) * .1
V, c = np.random.randn(K, H), np.random.randn(K) * .1

X = np.random.randn(T, D)
labels = [2, 0, 1, 1]
lr = 0.1

for step in range(3):
    # ---- forward through time
    h = {-1: np.zeros(H)}
    r, z, n, p = {}, {}, {}, {}
    loss = 0.0
    for t in range(T):
        r[t] = sig(dot(Wr, X[t]) + dot(Ur, h[t-1]) + br)
        z[t] = sig(dot(Wz, X[t]) + dot(Uz, h[t-1]) + bz)
        n[t] = tanh(dot(Wh, X[t]) + dot(Uh, r[t] * h[t-1]) + bh)
        h[t] = (1 - z[t]) * n[t] + z[t] * h[t-1]
        p[t] = softmax(dot(V, h[t]) + c)
        loss -= np.log(p[t][labels[t]])

    # ---- back through time
    dWr, dUr, dbr = zeros_like(Wr), zeros_like(Ur), zeros_like(br)
    dWz, dUz, dbz = zeros_like(Wz), zeros_like(Uz), zeros_like(bz)
    dWh, dUh, dbh = zeros_like(Wh), zeros_like(Uh), zeros_like(bh)
    dV, dc = zeros_like(V), zeros_like(c)
    dh_next = np.zeros(H)
    for t in range(T - 1, -1, -1):
        ds = p[t].copy()
        ds[labels[t]] -= 1.0
        dV += np.outer(ds, h[t])
        dc += ds
        dh = dot(V.T, ds) + dh_next

        dn = dh * (1 - z[t])
        dan = dn * (1 - n[t] ** 2)
        dWh += np.outer(dan, X[t])
        dUh += np.outer(dan, r[t] * h[t-1])
        dbh += dan
        drh = dot(Uh.T, dan)

        dz = dh * (h[t-1] - n[t])
        daz = dz * z[t] * (1 - z[t])
        dWz += np.outer(daz, X[t])
        dUz += np.outer(daz, h[t-1])
        dbz += daz

        dr = drh * h[t-1]
        dar = dr * r[t] * (1 - r[t])
        dWr += np.outer(dar, X[t])
        dUr += np.outer(dar, h[t-1])
        dbr += dar

        dh_next = dh * z[t] + drh * r[t] + dot(Uz.T, daz) + dot(Ur.T, dar)

    for P, dP in [(Wr, dWr), (Ur, dUr), (br, dbr), (Wz, dWz), (Uz, dUz), (bz, dbz),
                  (Wh, dWh), (Uh, dUh), (bh, dbh), (V, dV), (c, dc)]:
        P -= lr * dP
    print(step, loss)
