import numpy as np


def im2col(images, fh, fw, stride=1, pad=0):
    N, C, H, W = images.shape
    out_h = (H + 2 * pad - fh) // stride + 1
    out_w = (W + 2 * pad - fw) // stride + 1
    img = np.pad(images, [(0, 0), (0, 0), (pad, pad), (pad, pad)], "constant")
    col = np.zeros((N, C, fh, fw, out_h, out_w))
    for y in range(fh):
        for x in range(fw):
            col[:, :, y, x, :, :] = img[:, :, y:y + stride * out_h:stride, x:x + stride * out_w:stride]
    return col.transpose(0, 4, 5, 1, 2, 3).reshape(N * out_h * out_w, -1)


def col2im(col, shape, fh, fw, stride=1, pad=0):
    N, C, H, W = shape
    out_h = (H + 2 * pad - fh) // stride + 1
    out_w = (W + 2 * pad - fw) // stride + 1
    col = col.reshape(N, out_h, out_w, C, fh, fw).transpose(0, 3, 4, 5, 1, 2)
    img = np.zeros((N, C, H + 2 * pad, W + 2 * pad))
    for y in range(fh):
        for x in range(fw):
            img[:, :, y:y + stride * out_h:stride, x:x + stride * out_w:stride] += col[:, :, y, x, :, :]
    return img[:, :, pad:H + pad, pad:W + pad]


class Convolution:
    def __init__(self, W, b, stride=1, pad=0):
        self.W, self.b, self.stride, self.pad = W, b, stride, pad

    def forward(self, x):
        FN, C, FH, FW = self.W.shape
        N, C, H, W = x.shape
        out_h = (H + 2 * self.pad - FH) // self.stride + 1
        out_w = (W + 2 * self.pad - FW) // self.stride + 1
        self.x_shape = x.shape
        self.col = im2col(x, FH, FW, self.stride, self.pad)
        self.col_W = self.W.reshape(FN, -1).T
        out = np.dot(self.col, self.col_W) + self.b
        return out.reshape(N, out_h, out_w, -1).transpose(0, 3, 1, 2)

    def backward(self, dout):
        FN, C, FH, FW = self.W.shape
        dout = dout.transpose(0, 2, 3, 1).reshape(-1, FN)
        self.db = np.sum(dout, axis=0)
        self.dW = np.dot(self.col.T, dout)
        self.dW = self.dW.transpose(1, 0).reshape(FN, C, FH, FW)
        dcol = np.dot(dout, self.col_W.T)
        return col2im(dcol, self.x_shape, FH, FW, self.stride, self.pad)


np.random.seed(55)
x = np.random.randn(2, 1, 5, 5)
t = np.random.randn(2, 3)
conv1 = Convolution(np.random.randn(2, 1, 3, 3) * 0.5, np.random.randn(2) * 0.1, pad=1)
conv2 = Convolution(np.random.randn(3, 2, 2, 2) * 0.5, np.random.randn(3) * 0.1, stride=2)

h = conv1.forward(x)
a = np.log(1 + np.exp(h))
out = conv2.forward(a)
score = out.mean(axis=(2, 3))
loss = np.sum((score - t) ** 2) / 2

dscore = score - t
dout = np.ones_like(out) * dscore[:, :, None, None] / (out.shape[2] * out.shape[3])
da = conv2.backward(dout)
dh = da / (1 + np.exp(-h))
dx = conv1.backward(dh)
for conv in (conv1, conv2):
    conv.W -= 0.01 * conv.dW
    conv.b -= 0.01 * conv.db
print(loss)
