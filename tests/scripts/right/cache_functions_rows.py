import numpy as np


def affine_forward(x, w, b):
    N = x.shape[0]
    out = x.reshape(N, -1).dot(w) + b
    cache = (x, w, b)
    return out, cache


def affine_backward(dout, cache):
    x, w, b = cache
    N = x.shape[0]
    dx = dout.dot(w.T).reshape(x.shape)
    dw = x.reshape(N, -1).T.dot(dout)
    db = np.sum(dout, axis=0)
    return dx, dw, db


def leaky_forward(x, slope=0.1):
    out = np.where(x > 0, x, slope * x)
    return out, (x, slope)


def leaky_backward(dout, cache):
    x, slope = cache
    dx = dout * np.where(x > 0, 1.0, slope)
    return dx


def softmax_loss(x, y):
    shifted = x - np.max(x, axis=1, keepdims=True)
    Z = np.sum(np.exp(shifted), axis=1, keepdims=True)
    log_probs = shifted - np.log(Z)
    probs = np.exp(log_probs)
    N = x.shape[0]
    loss = -np.sum(log_probs[np.arange(N), y]) / N
    dx = probs.copy()
    dx[np.arange(N), y] -= 1
    dx /= N
    return loss, dx


class TwoLayerNet(object):
    def __init__(self, input_dim, hidden_dim, num_classes, weight_scale=0.4):
        rng = np.random.RandomState(90)
        self.params = {}
        self.params['W1'] = weight_scale * rng.randn(input_dim, hidden_dim)
        self.params['b1'] = weight_scale * rng.randn(hidden_dim)
        self.params['W2'] = weight_scale * rng.randn(hidden_dim, num_classes)
        self.params['b2'] = weight_scale * rng.randn(num_classes)

    def loss(self, X, y):
        W1, b1 = self.params['W1'], self.params['b1']
        W2, b2 = self.params['W2'], self.params['b2']
        hidden, fc1_cache = affine_forward(X, W1, b1)
        act, act_cache = leaky_forward(hidden)
        scores, fc2_cache = affine_forward(act, W2, b2)

        data_loss, dscores = softmax_loss(scores, y)
        grads = {}
        dact, grads['W2'], grads['b2'] = affine_backward(dscores, fc2_cache)
        dhidden = leaky_backward(dact, act_cache)
        dX, grads['W1'], grads['b1'] = affine_backward(dhidden, fc1_cache)
        return data_loss, grads


rng = np.random.RandomState(4)
X = rng.randn(5, 2, 3)
y = np.array([3, 0, 2, 1, 2])
model = TwoLayerNet(6, 7, 4)

for it in range(3):
    loss, grads = model.loss(X, y)
    for name in model.params:
        model.params[name] -= 0.5 * grads[name]
    print('iteration %d loss %f' % (it, loss))
