import numpy as np


def layernorm_forward(x, gamma, beta, eps=1e-2):
    mean = x.mean(axis=1, keepdims=True)
    var = x.var(axis=1, keepdims=True)
    inv_std = 1.0 / np.sqrt(var + eps)
    x_hat = (x - mean) * inv_std
    return gamma * x_hat + beta, (x_hat, inv_std, gamma)


def layernorm_backward(dout, cache):
    x_hat, inv_std, gamma = cache
    D = x_hat.shape[1]
    dgamma = np.sum(dout * x_hat, axis=0)
    dbeta = np.sum(dout, axis=0)
    dx_hat = dout * gamma
    mean_dx = np.sum(dx_hat, axis=1, keepdims=True)
    mean_dx_x = np.sum(dx_hat * x_hat, axis=1, keepdims=True)
    dx = inv_std / D * (D * dx_hat - mean_dx - x_hat * mean_dx_x)
    return dx, dgamma, dbeta


def gelu(x):
    return 0.5 * x * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x ** 3)))


def gelu_grad(x):
    u = np.sqrt(2 / np.pi) * (x + 0.044715 * x ** 3)
    t = np.tanh(u)
    du = np.sqrt(2 / np.pi) * (1 + 3 * 0.044715 * x ** 2)
    return 0.5 * (1 + t) + 0.5 * x * (1 - t ** 2) * du


rng = np.random.default_rng(2024)
x = rng.normal(size=(5, 6))
target = rng.normal(size=(5, 2))
params = {
    "w_in": rng.normal(size=(6, 8)) * 0.5,
    "gamma": rng.uniform(0.5, 1.5, size=8),
    "beta": rng.normal(size=8) * 0.3,
    "w_out": rng.normal(size=(8, 2)) * 0.5,
}

for step in range(3):
    hidden = x @ params["w_in"]
    normed, cache = layernorm_forward(hidden, params["gamma"], params["beta"])
    act = gelu(normed)
    pred = act @ params["w_out"]
    diff = pred - target
    loss = np.mean(diff ** 2)

    grads = {}
    d_pred = 2.0 * diff / diff.size
    grads["w_out"] = act.T @ d_pred
    d_act = d_pred @ params["w_out"].T
    d_normed = d_act * gelu_grad(normed)
    d_hidden, grads["gamma"], grads["beta"] = layernorm_backward(d_normed, cache)
    grads["w_in"] = x.T @ d_hidden
    for key in params:
        params[key] = params[key] - 0.1 * grads[key]
    print(f"{step}: {loss:.6f}")
