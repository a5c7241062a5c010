# A recurrent network reads a melody and says the next note. Its loss goes down more slowly than it should.
import numpy as np

np.random.seed(3)
melody = [0, 2, 4, 2, 0, 4, 1, 3, 0]
notes, hidden, rate = 5, 6, 0.1

Wx = np.random.randn(hidden, notes) * 0.3
Wh = np.random.randn(hidden, hidden) * 0.3
Wy = np.random.randn(notes, hidden) * 0.3
bh = np.zeros((hidden, 1))
by = np.zeros((notes, 1))


def one_hot(note):
    x = np.zeros((notes, 1))
    x[note] = 1
    return x


for epoch in range(5):
    # forward through time
    xs, hs, ps = {}, {-1: np.zeros((hidden, 1))}, {}
    loss = 0
    for t in range(len(melody) - 1):
        xs[t] = one_hot(melody[t])
        hs[t] = np.tanh(Wx @ xs[t] + Wh @ hs[t - 1] + bh)
        scores = Wy @ hs[t] + by
        ps[t] = np.exp(scores) / np.sum(np.exp(scores))
        loss -= np.log(ps[t][melody[t + 1], 0])

    # backward through time
    dWx, dWh, dWy = np.zeros_like(Wx), np.zeros_like(Wh), np.zeros_like(Wy)
    dbh, dby = np.zeros_like(bh), np.zeros_like(by)
    dh_next = np.zeros((hidden, 1))
    for t in reversed(range(len(melody) - 1)):
        dscores = ps[t].copy()
        dscores[melody[t + 1]] -= 1
        dWy += dscores @ hs[t].T
        dby += dscores
        dh = Wy.T @ dscores + dh_next
        draw = (1 - hs[t] ** 2) * dh
        dWx += draw @ xs[t].T
        dWh += draw @ hs[t].T
        dbh += draw
        dh_next = Wh.T @ draw

    for parameter, gradient in [(Wx, dWx), (Wh, dWh), (Wy, dWy), (bh, dbh), (by, dby)]:
        parameter -= rate * gradient
    print(epoch, loss)
