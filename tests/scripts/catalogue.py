"""The right scripts: where the iteration of each begins and ends, its loss, parameters and gradients."""

from __future__ import annotations

from tests.scripts.oracle import Script


def numbered(letters: str, count: int, parameter: str, gradient: str) -> dict[str, str]:
    """`W1`, `b1`, `W2` ... with their gradients: `{p}` is the letter, `{i}` the number."""
    return {
        parameter.format(p=letter, i=i): gradient.format(p=letter, i=i)
        for i in range(1, count + 1)
        for letter in letters
    }


SCRIPTS = [
    Script(
        "digits_class.py",
        start="for x, y in batch:",
        end="self.biases = [b - (eta / len(batch)) * nb for b, nb in zip(self.biases, nabla_b)]",
        loss="0.5 * np.sum((activations[-1] - y) ** 2) / 3",
        loss_after="delta = (activations[-1] - y) * sigmoid_prime(zs[-1])",
        parameters={
            f"net.{name}[{i}]": f"nabla_{name[0]}[{i}] / 3"
            for name in ("weights", "biases")
            for i in range(3)
        },
        rate="eta",
    ),
    Script(
        "sample_loop.py",
        start="layer_0 = lights[i:i+1]",
        end="weights_0_1 -= alpha * layer_0.T.dot(layer_1_delta)",
        loss="total_error",
        parameters={"weights_0_1": "", "weights_1_2": ""},
        rate="alpha",
    ),
    Script(
        "parameter_dict.py",
        start="A3, cache = forward_propagation(X, parameters)",
        end="parameters = update_parameters(parameters, grads)",
        loss="cost",
        parameters=numbered("Wb", 3, 'parameters["{p}{i}"]', 'grads["d{p}{i}"]'),
        rate="0.8",
    ),
    Script(
        "layer_objects.py",
        start="output = x",
        end="for layer in reversed(self.layers):",
        loss="err",
        parameters={f"self.layers[{i}].{name}": "" for i in (0, 2, 4) for name in ("weights", "bias")},
        rate="learning_rate",
    ),
    Script(
        "cache_functions_rows.py",
        start="loss, grads = model.loss(X, y)",
        end="for name in model.params:",
        loss="loss",
        parameters=numbered("Wb", 2, "model.params['{p}{i}']", "grads['{p}{i}']"),
        rate="0.5",
    ),
    Script(
        "cache_functions_columns.py",
        start="AL, caches = L_model_forward(train_x, parameters)",
        end="",
        loss="cost",
        parameters=numbered("Wb", 3, "parameters['{p}{i}']", "grads['d{p}{i}']"),
        rate="0.2",
    ),
    Script(
        "flat_globals.py",
        start="z1 = x @ w1 + b1",
        end="b3 -= lr * grad_b3",
        loss="loss",
        parameters=numbered("wb", 3, "{p}{i}", "grad_{p}{i}"),
        rate="lr",
    ),
    Script(
        "char_rnn.py",
        start="loss, dWxh, dWhh, dWhy, dbh, dby, hprev = lossFun(inputs, targets, hprev)",
        end='print("iter %d, loss: %f" % (n, loss))',
        loss="loss",
        parameters={name: f"d{name}" for name in ("Wxh", "Whh", "Why", "bh", "by")},
    ),
    Script(
        "batch_norm.py",
        start="out = x",
        end="norm1.beta -= 0.1 * norm1.dbeta",
        loss="loss",
        parameters={
            f"{layer}.{name}": f"{layer}.d{name}"
            for layer, names in {"affine1": ("W",), "affine2": ("W", "b"), "norm1": ("gamma", "beta")}.items()
            for name in names
        },
        rate="0.1",
    ),
    Script(
        "softmax_regression.py",
        start="P = softmax(X @ W + b)",
        end="b = b - learning_rate * gb",
        loss="loss",
        parameters={"W": "gW", "b": "gb"},
        rate="learning_rate",
    ),
    Script(
        "scalar_autograd.py",
        start="loss = 0",
        end="print(k, loss.data)",
        loss="loss.data",
        parameters={f"parameters[{i}].data": f"parameters[{i}].grad" for i in range(13)},
        rate="0.05",
    ),
    Script(
        "lstm_gates.py",
        start="ys = model.forward(inputs)",
        end="model.step(0.05)",
        loss="loss",
        parameters={
            f"model.{name}": f"model.d{name}"
            for name in ["Wf", "Wi", "Wc", "Wo", "bf", "bi", "bc", "bo", "Wy", "by"]
        },
        rate="0.05",
    ),
    Script(
        "gru.py",
        start="h = {-1: np.zeros(H)}",
        end="print(step, loss)",
        loss="loss",
        parameters={
            name: f"d{name}" for name in ["Wr", "Ur", "br", "Wz", "Uz", "bz", "Wh", "Uh", "bh", "V", "c"]
        },
        rate="lr",
    ),
    Script(
        "convolution_loops.py",
        start="Z1, cache1 = conv_forward(images, W1, b1, stride=1, pad=1)",
        end="",
        loss="loss",
        parameters=numbered("Wb", 3, "{p}{i}", "d{p}{i}"),
        rate="0.1",
    ),
    Script(
        "convolution_im2col.py",
        start="h = conv1.forward(x)",
        end="",
        loss="loss",
        parameters=numbered("Wb", 2, "conv{i}.{p}", "conv{i}.d{p}"),
        rate="0.01",
    ),
    Script(
        "max_pool_overlap.py",
        start="out = softmax.forward(pool.forward(conv.forward(im)))",
        end="conv.backprop(gradient, 0.05)",
        loss="loss",
        parameters={"conv.filters": "", "softmax.weights": "", "softmax.biases": ""},
        rate="0.05",
    ),
    Script(
        "mean_pool.py",
        start="u = scale_shift(images, g, s)",
        end="s -= eta * ds",
        loss="cost",
        parameters={name: f"d{name}" for name in "Wbgs"},
        rate="eta",
    ),
    Script(
        "layer_norm.py",
        start='hidden = x @ params["w_in"]',
        end="for key in params:",
        loss="loss",
        parameters={f'params["{key}"]': f'grads["{key}"]' for key in ("w_in", "gamma", "beta", "w_out")},
        rate="0.1",
    ),
    Script(
        "dropout_mask.py",
        start="out = X",
        end="for layer in (dense1, dense2, dense3):",
        loss="loss",
        parameters={
            f"dense{i}.{name}": f"dense{i}.grad_{name}" for i in (1, 2, 3) for name in ("weight", "bias")
        },
        rate="0.2",
    ),
    Script(
        "adam_class.py",
        start="y_hat = net.forward(X)",
        end="grads = net.gradients(y_hat, y)",
        loss="mse",
        parameters=numbered("Wb", 3, 'net.params["{p}{i}"]', 'grads["{p}{i}"]'),
    ),
    Script(
        "momentum_decay.py",
        start="pre = W_a @ data + c_a",
        end="gc_a = g_pre.sum(axis=1, keepdims=True)",
        loss="loss",
        parameters={name: f"g{name}" for name in ("W_a", "c_a", "W_b", "c_b")},
    ),
    Script(
        "rmsprop.py",
        start="g, loss = gradient(x, y, theta)",
        end="g, loss = gradient(x, y, theta)",
        loss="loss",
        parameters={f"theta[{i}]": f"g[{i}]" for i in range(4)},
    ),
    Script(
        "skip_gram.py",
        start="total += train_pair(center, context)",
        end="total += train_pair(center, context)",
        loss="total",
        parameters={"W_in": "", "W_out": ""},
        rate="lr",
    ),
    Script(
        "pure_python_neurons.py",
        start="outputs = forward_propagate(network, row)",
        end="update_weights(network, row, 0.5)",
        loss="0.5 * sum_error",
        parameters={
            f"network[{layer}][{unit}]['weights']": ""
            for layer, units in ((0, 3), (1, 2))
            for unit in range(units)
        },
        rate="0.5",
    ),
    Script(
        "logistic_loops.py",
        start="J = 0",
        end="b = b - alpha * db",
        loss="J",
        parameters={"w": "dw", "b": "db"},
        rate="alpha",
    ),
    Script(
        "tied_autoencoder.py",
        start="loss = ae.step(patterns, 0.5)",
        end="loss = ae.step(patterns, 0.5)",
        loss="loss",
        parameters={f"ae.{name}": f"ae.grad_{name}" for name in "Wbc"},
        rate="0.5",
    ),
    Script(
        "autoencoder.py",
        start="outputs = [samples]",
        end='print("reconstruction error", loss)',
        loss="loss",
        parameters={f"{letter}[{i}]": f"d{letter}[{i}]" for letter in "WB" for i in range(4)},
        rate="learning_rate",
    ),
    Script(
        "attention.py",
        start="h = x @ embed",
        end="embed -= 0.1 * dembed",
        loss="loss",
        parameters={
            "embed": "dembed",
            **{f"attention.{n}": f"attention.d{n}" for n in ("Wq", "Wk", "Wv", "Wo")},
        },
        rate="0.1",
    ),
    Script(
        "embedding_mean.py",
        start="total_loss = 0",
        end="",
        loss="total_loss",
        parameters={name: f"g{name}" for name in ("E", "W_h", "b_h", "w_o", "b_o")},
        rate="0.3",
    ),
    Script(
        "residual_block.py",
        start="hidden = x",
        end="",
        loss="loss",
        parameters={
            f"{layer}.{name}": f'{layer}.grads["{name}"]'
            for layer in ("head", *(f"blocks[{i}].{part}" for i in (0, 1) for part in ("first", "second")))
            for name in "wb"
        },
        rate="0.1",
    ),
    Script(
        "l2_penalty.py",
        start="forward_propagation(X)",
        end="b2 = b2 - step_size * db2",
        loss="cost",
        parameters=numbered("Wb", 2, "{p}{i}", "d{p}{i}"),
        rate="step_size",
    ),
    Script(
        "two_heads.py",
        start="aprobs, values, hidden = agent.policy_forward(states)",
        end="for k, g in grad.items():",
        loss="loss",
        parameters={f"agent.model['{name}']": f"grad['{name}']" for name in ("Wt", "Wp", "Wv")},
        rate="0.01",
    ),
    Script(
        "spiral_classifier.py",
        start="hidden_layer = np.maximum(0, np.dot(X, W) + b)",
        end="b2 += -step_size * db2",
        loss="loss",
        parameters={name: f"d{name}" for name in ("W", "b", "W2", "b2")},
        rate="step_size",
    ),
    Script(
        "einsum_batch.py",
        start='s = np.einsum("bi,ji->bj", x, A) + a',
        end="for parameter, gradient in ((A, gA), (a, ga), (C, gC), (c, gc), (M, gM)):",
        loss="loss",
        parameters={name: f"g{name}" for name in "AaCcM"},
        rate="0.05",
    ),
    Script(
        "dataclass_layers.py",
        start="loss = model.step(x, y, rate=2.0)",
        end="loss = model.step(x, y, rate=2.0)",
        loss="loss",
        parameters={
            f"model.layers[{i}].{name}.value": f"model.layers[{i}].{name}.grad"
            for i in range(3)
            for name in ("weight", "bias")
        },
        rate="2.0",
    ),
    Script(
        "closures.py",
        start="y, backward = net(x)",
        end="for p, grad in zip(params, grads):",
        loss="loss",
        parameters={f'params[{i}]["{name}"]': f'grads[{i}]["{name}"]' for i in range(3) for name in "wb"},
        rate="0.1",
    ),
    Script(
        "package_folder",
        start="a = net.forward(x)",
        end="net.update(0.2)",
        loss="loss",
        parameters={f"net.layers[{i}].{name}": f"net.layers[{i}].d{name}" for i in range(3) for name in "Wb"},
        rate="0.2",
    ),
    Script(
        "notebook.ipynb",
        start="H, P = forward(X)",
        end="v -= 0.5 * dv",
        loss="loss",
        parameters={name: f"d{name}" for name in "UuVv"},
        rate="0.5",
    ),
]

SHIPPED = "../../../scenarios/scripts"
EXAMPLES = [
    Script(
        f"{SHIPPED}/circles.py",
        start="Z1 = W1 @ X + b1",
        end="b2 -= 0.5 * db2",
        loss="loss",
        parameters=numbered("Wb", 2, "{p}{i}", "d{p}{i}"),
    ),
    Script(
        f"{SHIPPED}/seasons.py",
        start="out = network.forward(x)",
        end="network.backward(y)",
        loss="loss",
        parameters={
            f"network.{name}[{i}]": f"network.d{name[0]}[{i}]"
            for name in ("weights", "biases")
            for i in range(3)
        },
    ),
    Script(
        f"{SHIPPED}/melody.py",
        start="loss = 0",
        end="print(epoch, loss)",
        loss="loss",
        parameters={name: f"d{name}" for name in ("Wx", "Wh", "Wy", "bh", "by")},
    ),
    Script(
        f"{SHIPPED}/flowers.py",
        start='hidden, cache1 = affine_forward(petals, params["w1"], params["b1"])',
        end='_, grads["w1"], grads["b1"] = affine_backward(dhidden, cache1)',
        loss="loss",
        parameters=numbered("wb", 2, 'params["{p}{i}"]', 'grads["{p}{i}"]'),
    ),
]
"""The scripts that are shipped to try the check on: the first is right, each of the others has a mistake."""
