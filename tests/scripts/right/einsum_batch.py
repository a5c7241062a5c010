import numpy as np

rng = np.random.default_rng(314)
B, I, J, O = 5, 4, 6, 3

A = rng.normal(size=(J, I)) * 0.5
a = rng.normal(size=J) * 0.1
C = rng.normal(size=(O, J)) * 0.5
c = rng.normal(size=O) * 0.1
M = rng.normal(size=(O, J, I)) * 0.2      # a bilinear path from the input and the hidden layer

x = rng.normal(size=(B, I))
t = rng.normal(size=(B, O))

for step in range(2):
    s = np.einsum("bi,ji->bj", x, A) + a
    h = np.tanh(s)
    y = np.einsum("bj,oj->bo", h, C) + np.einsum("bj,oji,bi->bo", h, M, x) + c
    loss = np.einsum("bo,bo->", y - t, y - t) / B

    gy = 2 * (y - t) / B
    gC = np.einsum("bo,bj->oj", gy, h)
    gM = np.einsum("bo,bj,bi->oji", gy, h, x)
    gc = np.einsum("bo->o", gy)
    gh = np.einsum("bo,oj->bj", gy, C) + np.einsum("bo,oji,bi->bj", gy, M, x)
    gs = gh * (1 - h ** 2)
    gA = np.einsum("bj,bi->ji", gs, x)
    ga = np.einsum("bj->j", gs)

    for parameter, gradient in ((A, gA), (a, ga), (C, gC), (c, gc), (M, gM)):
        parameter -= 0.05 * gradient
    print(step, loss)
