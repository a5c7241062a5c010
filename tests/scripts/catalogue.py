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
]
