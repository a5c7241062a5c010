from numpy import exp, mean, random, sum, tanh, zeros

random.seed(15)

samples = random.rand(10, 6)
sizes = [6, 4, 2, 4, 6]
W, B = [], []
for a, b in zip(sizes, sizes[1:]):
    W.append(random.randn(a, b) * (1.0 / a) ** 0.5)
    B.append(random.randn(b) * 0.1)

learning_rate = 0.5
for epoch in range(3):
    outputs = [samples]
    for k in range(4):
        net = outputs[k].dot(W[k]) + B[k]
        if k == 3:
            outputs.append(1 / (1 + exp(-net)))
        else:
            outputs.append(tanh(net))
    reconstruction = outputs[-1]
    loss = mean((reconstruction - samples) ** 2)

    deltas = [None] * 4
    deltas[3] = 2 * (reconstruction - samples) * reconstruction * (1 - reconstruction) / samples.size
    for k in (2, 1, 0):
        deltas[k] = deltas[k + 1].dot(W[k + 1].T) * (1 - outputs[k + 1] ** 2)

    dW = [outputs[k].T.dot(deltas[k]) for k in range(4)]
    dB = [sum(deltas[k], axis=0) for k in range(4)]
    for k in range(4):
        W[k] = W[k] - learning_rate * dW[k]
        B[k] = B[k] - learning_rate * dB[k]
    print("reconstruction error", loss)
