import numpy as np


def sigmoid(x):
    return 1.0 / (1.0 + np.exp(-x))


class LSTM:
    """Long short-term memory; one weight matrix a gate, all of them over [h, x]."""

    def __init__(self, n_in, n_hidden, n_out, seed=3):
        rng = np.random.default_rng(seed)
        n_z = n_in + n_hidden
        self.H = n_hidden
        self.Wf, self.Wi, self.Wc, self.Wo = [rng.normal(scale=0.4, size=(n_hidden, n_z)) for _ in range(4)]
        self.bf, self.bi, self.bc, self.bo = [rng.normal(scale=0.2, size=(n_hidden, 1)) for _ in range(4)]
        self.Wy = rng.normal(scale=0.5, size=(n_out, n_hidden))
        self.by = np.zeros((n_out, 1))

    def forward(self, inputs):
        self.zs, self.fs, self.ins, self.cbars, self.os = [], [], [], [], []
        self.Cs, self.hs = [np.zeros((self.H, 1))], [np.zeros((self.H, 1))]
        ys = []
        for x in inputs:
            z = np.vstack((self.hs[-1], x))
            f = sigmoid(self.Wf @ z + self.bf)
            i = sigmoid(self.Wi @ z + self.bi)
            c_bar = np.tanh(self.Wc @ z + self.bc)
            o = sigmoid(self.Wo @ z + self.bo)
            C = f * self.Cs[-1] + i * c_bar
            h = o * np.tanh(C)
            for store, value in zip([self.zs, self.fs, self.ins, self.cbars, self.os, self.Cs, self.hs],
                                    [z, f, i, c_bar, o, C, h]):
                store.append(value)
            ys.append(self.Wy @ h + self.by)
        return ys

    def backward(self, ys, targets):
        self.dWf, self.dWi, self.dWc, self.dWo = [np.zeros_like(self.Wf) for _ in range(4)]
        self.dbf, self.dbi, self.dbc, self.dbo = [np.zeros_like(self.bf) for _ in range(4)]
        self.dWy, self.dby = np.zeros_like(self.Wy), np.zeros_like(self.by)
        dh_next = np.zeros((self.H, 1))
        dC_next = np.zeros((self.H, 1))
        for t in reversed(range(len(ys))):
            dy = ys[t] - targets[t]
            self.dWy += dy @ self.hs[t + 1].T
            self.dby += dy
            dh = self.Wy.T @ dy + dh_next
            tanh_C = np.tanh(self.Cs[t + 1])
            do = dh * tanh_C
            do_raw = do * self.os[t] * (1 - self.os[t])
            dC = dh * self.os[t] * (1 - tanh_C ** 2) + dC_next
            dc_bar = dC * self.ins[t]
            dc_raw = dc_bar * (1 - self.cbars[t] ** 2)
            di = dC * self.cbars[t]
            di_raw = di * self.ins[t] * (1 - self.ins[t])
            df = dC * self.Cs[t]
            df_raw = df * self.fs[t] * (1 - self.fs[t])
            self.dWf += df_raw @ self.zs[t].T
            self.dbf += df_raw
            self.dWi += di_raw @ self.zs[t].T
            self.dbi += di_raw
            self.dWc += dc_raw @ self.zs[t].T
            self.dbc += dc_raw
            self.dWo += do_raw @ self.zs[t].T
            self.dbo += do_raw
            dz = self.Wf.T @ df_raw + self.Wi.T @ di_raw + self.Wc.T @ dc_raw + self.Wo.T @ do_raw
            dh_next = dz[:self.H]
            dC_next = self.fs[t] * dC

    def step(self, lr):
        for name in ["Wf", "Wi", "Wc", "Wo", "bf", "bi", "bc", "bo", "Wy", "by"]:
            setattr(self, name, getattr(self, name) - lr * getattr(self, "d" + name))


rng = np.random.default_rng(14)
wave = np.sin(np.arange(8) * 0.9)
inputs = [np.array([[wave[t]], [1.0]]) for t in range(5)]
targets = [np.array([[wave[t + 1]]]) for t in range(5)]
model = LSTM(n_in=2, n_hidden=4, n_out=1)

for epoch in range(2):
    ys = model.forward(inputs)
    loss = sum(0.5 * np.sum((y - t) ** 2) for y, t in zip(ys, targets))
    model.backward(ys, targets)
    model.step(0.05)
    print(epoch, loss)
