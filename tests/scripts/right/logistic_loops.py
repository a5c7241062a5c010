import math

import numpy as np

points = [(0.5, 1.5, -0.3), (1.0, -0.5, 0.8), (-1.5, 0.7, 0.2), (2.0, 0.4, -1.1), (-0.2, -0.9, 0.6)]
labels = [1, 0, 1, 1, 0]

w = np.array([0.1, -0.2, 0.3])
b = 0.05
alpha = 0.1

for iteration in range(3):
    J = 0
    dw = np.zeros(3)
    db = 0.0
    m = len(points)
    for i in range(m):
        z = b
        for j in range(3):
            z += w[j] * points[i][j]
        a = 1 / (1 + math.exp(-z))
        J += -(labels[i] * math.log(a) + (1 - labels[i]) * math.log(1 - a))
        dz = a - labels[i]
        for j in range(3):
            dw[j] += points[i][j] * dz
        db += dz
    J /= m
    dw /= m
    db /= m
    for j in range(3):
        w[j] = w[j] - alpha * dw[j]
    b = b - alpha * db
    print("cost:", J)
