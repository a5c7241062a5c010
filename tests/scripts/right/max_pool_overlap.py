import numpy as np


class Conv3x3:
    def __init__(self, num_filters):
        self.num_filters = num_filters
        self.filters = np.random.randn(num_filters, 3, 3) / 3

    def iterate_regions(self, image):
        h, w = image.shape
        for i in range(h - 2):
            for j in range(w - 2):
                yield image[i:i + 3, j:j + 3], i, j

    def forward(self, input):
        self.last_input = input
        h, w = input.shape
        output = np.zeros((h - 2, w - 2, self.num_filters))
        for region, i, j in self.iterate_regions(input):
            output[i, j] = np.sum(region * self.filters, axis=(1, 2))
        return output

    def backprop(self, d_L_d_out, learn_rate):
        d_L_d_filters = np.zeros(self.filters.shape)
        for region, i, j in self.iterate_regions(self.last_input):
            for f in range(self.num_filters):
                d_L_d_filters[f] += d_L_d_out[i, j, f] * region
        self.filters -= learn_rate * d_L_d_filters


class MaxPool:
    """Windows of 3 x 3, two apart: neighbours share a row or a column."""

    def forward(self, input):
        self.last_input = input
        h, w, n = input.shape
        output = np.zeros(((h - 1) // 2, (w - 1) // 2, n))
        for i in range(output.shape[0]):
            for j in range(output.shape[1]):
                output[i, j] = np.amax(input[2 * i:2 * i + 3, 2 * j:2 * j + 3], axis=(0, 1))
        return output

    def backprop(self, d_L_d_out):
        d_L_d_input = np.zeros(self.last_input.shape)
        for i in range(d_L_d_out.shape[0]):
            for j in range(d_L_d_out.shape[1]):
                region = self.last_input[2 * i:2 * i + 3, 2 * j:2 * j + 3]
                for f in range(region.shape[2]):
                    k, l = np.unravel_index(np.argmax(region[:, :, f]), (3, 3))
                    d_L_d_input[2 * i + k, 2 * j + l, f] += d_L_d_out[i, j, f]
        return d_L_d_input


class Softmax:
    def __init__(self, input_len, nodes):
        self.weights = np.random.randn(input_len, nodes) / input_len ** 0.5
        self.biases = np.zeros(nodes)

    def forward(self, input):
        self.last_input_shape = input.shape
        self.last_input = input.flatten()
        exp = np.exp(np.dot(self.last_input, self.weights) + self.biases)
        self.last_probs = exp / np.sum(exp, axis=0)
        return self.last_probs

    def backprop(self, label, learn_rate):
        d_L_d_t = self.last_probs.copy()
        d_L_d_t[label] -= 1
        d_L_d_w = self.last_input[np.newaxis].T @ d_L_d_t[np.newaxis]
        d_L_d_inputs = self.weights @ d_L_d_t
        self.weights -= learn_rate * d_L_d_w
        self.biases -= learn_rate * d_L_d_t
        return d_L_d_inputs.reshape(self.last_input_shape)


np.random.seed(61)
conv = Conv3x3(2)
pool = MaxPool()
softmax = Softmax(2 * 2 * 2, 3)
train_images = np.random.randn(3, 7, 7)
train_labels = [2, 0, 1]

for im, label in zip(train_images, train_labels):
    out = softmax.forward(pool.forward(conv.forward(im)))
    loss = -np.log(out[label])
    gradient = softmax.backprop(label, 0.05)
    gradient = pool.backprop(gradient)
    conv.backprop(gradient, 0.05)
    print("loss", loss)
