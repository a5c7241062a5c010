"""Word vectors: skip-gram with negative sampling."""
import numpy as np

text = "a ship sails the sea and a boat sails the lake and the fish swims in the sea".split()
vocab = sorted(set(text))
index = {word: i for i, word in enumerate(vocab)}
rng = np.random.default_rng(5)
dim, window, negatives, lr = 4, 1, 3, 0.1

W_in = rng.normal(scale=0.5, size=(len(vocab), dim))
W_out = rng.normal(scale=0.5, size=(len(vocab), dim))

counts = np.array([text.count(word) for word in vocab], dtype=float)
noise = counts ** 0.75
noise /= noise.sum()


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def pairs():
    for i, word in enumerate(text):
        for j in range(max(0, i - window), min(len(text), i + window + 1)):
            if i != j:
                yield index[word], index[text[j]]


def train_pair(center, context):
    wrong_words = rng.choice(len(vocab), size=negatives, p=noise)
    v = W_in[center]
    targets = np.concatenate([[context], wrong_words])
    labels = np.zeros(negatives + 1)
    labels[0] = 1
    U = W_out[targets]
    scores = U @ v
    prob = sigmoid(scores)
    loss = -np.log(prob[0]) - np.sum(np.log(1 - prob[1:]))

    g = prob - labels
    grad_v = g @ U
    grad_U = np.outer(g, v)
    W_in[center] -= lr * grad_v
    np.subtract.at(W_out, targets, lr * grad_U)
    return loss


total = 0
for k, (center, context) in enumerate(pairs()):
    total += train_pair(center, context)
    if k == 9:
        break
print("mean loss", total / 10)
