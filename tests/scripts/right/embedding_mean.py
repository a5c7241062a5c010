# Is the review good or bad? The mean of the word vectors decides.
import numpy as np

reviews = [["good", "film", "good"], ["bad", "story"], ["great", "story", "good", "end"], ["bad", "bad", "film"]]
labels = [1, 0, 1, 0]
word2id = {}
for review in reviews:
    for word in review:
        word2id.setdefault(word, len(word2id))

np.random.seed(66)
emb_dim, hid_dim = 3, 4
E = np.random.uniform(-0.6, 0.6, (len(word2id), emb_dim))
W_h = np.random.uniform(-0.8, 0.8, (hid_dim, emb_dim))
b_h = np.random.uniform(-0.3, 0.3, hid_dim)
w_o = np.random.uniform(-0.8, 0.8, hid_dim)
b_o = np.zeros(1)


def forward(ids):
    x = E[ids].mean(axis=0)
    h = np.tanh(W_h @ x + b_h)
    logit = w_o @ h + b_o
    prob = 1 / (1 + np.exp(-logit))
    return x, h, prob


def backward(ids, x, h, prob, label):
    d_logit = prob - label
    d_w_o = d_logit * h
    d_b_o = d_logit
    d_h = d_logit * w_o
    d_pre = d_h * (1 - h * h)
    d_W_h = np.outer(d_pre, x)
    d_b_h = d_pre
    d_x = W_h.T @ d_pre
    d_E = np.zeros_like(E)
    for i in ids:
        d_E[i] += d_x / len(ids)
    return d_E, d_W_h, d_b_h, d_w_o, d_b_o


total_loss = 0
gE, gW_h, gb_h, gw_o, gb_o = [np.zeros_like(p) for p in (E, W_h, b_h, w_o, b_o)]
for review, label in zip(reviews, labels):
    ids = [word2id[word] for word in review]
    x, h, prob = forward(ids)
    total_loss += -(label * np.log(prob) + (1 - label) * np.log(1 - prob)).item()
    grads = backward(ids, x, h, prob, label)
    for total, grad in zip((gE, gW_h, gb_h, gw_o, gb_o), grads):
        total += grad
E -= 0.3 * gE
W_h -= 0.3 * gW_h
b_h -= 0.3 * gb_h
w_o -= 0.3 * gw_o
b_o -= 0.3 * gb_o
print("loss", total_loss)
