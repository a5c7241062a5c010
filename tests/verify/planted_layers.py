"""Real mistakes in the layers that people get wrong, planted in loops and NumPy lines.

A layer stands behind another, so that what it passes on is used; one of its gradients is computed wrongly by
hand, and what comes after follows from the wrong numbers. The right program only lends its numbers.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import product
from math import erf

import numpy as np

from bpdebug.engine.language.printing import numpy_text
from bpdebug.engine.network.layers import LAYER_KINDS, ROWS
from bpdebug.engine.network.layers.kind import input_roles
from bpdebug.engine.network.layers.layer import make_layer
from bpdebug.engine.program.program import Program, with_backward
from bpdebug.engine.program.shapes import infer_shapes
from bpdebug.engine.program.trace import run
from bpdebug.verify.check import check
from bpdebug.verify.report import Report
from bpdebug.verify.upstream import upstream_values

Array = np.ndarray
Values = dict[str, Array]


@dataclass(frozen=True)
class Planted:
    """A mistake in one tensor of a network.

    Attributes
    ----------
    name : str
        What it is called.
    net : Net
        The network.
    tensor : str
        The tensor that is computed wrongly.
    wrong : array
        The numbers that come of it.
    formulas : tuple of str
        What the diagnosis may call it: formulas that say the same thing.
    given : tuple of str
        The tensors that the user hands in; all gradients if there are none.
    """

    name: str
    net: Net
    tensor: str
    wrong: Array
    formulas: tuple[str, ...]
    given: tuple[str, ...] = ()

    def checked(self) -> Report:
        """Check what the user hands in."""
        program, values = self.net.program, self.net.values
        found = upstream_values(program, values, {self.tensor: self.wrong})
        given = self.given or tuple(program.gradients - program.parts)
        mine = {name: found[name] for name in given if name in program.positions}
        inputs = {name: values[name] for name in program.inputs}
        return check(program, inputs, {**mine, self.tensor: self.wrong})

    @property
    def is_named(self) -> bool:
        """Whether this tensor alone is blamed, and the mistake is named first, or among its equals."""
        report = self.checked()
        wrong = [tensor for tensor in report.tensors if tensor.verdict == "wrong"]
        if [tensor.name for tensor in wrong] != [self.tensor] or not wrong[0].diagnoses:
            return False
        named = [diagnosis.formula for diagnosis in wrong[0].diagnoses]
        return not {*named[: None if wrong[0].ambiguous else 1]}.isdisjoint(self.formulas)


class Net:
    """A network in rows, and the numbers of a run."""

    def __init__(
        self,
        layers: list[tuple[str, dict, dict[str, Array]]],
        x: Array,
        random: np.random.Generator,
        incoming: dict[int, tuple[str, ...]] | None = None,
        owners: dict[int, int] | None = None,
    ) -> None:
        incoming, owners = incoming or {}, owners or {}
        inputs, made, forward = {"a0": x}, [], []
        batch_axes = {"a0": 0}
        for number, (kind, settings, parameters) in enumerate(layers, start=1):
            entry = LAYER_KINDS[kind]
            chosen = {setting.name: setting.default for setting in entry.settings} | settings
            owner = owners.get(number, 0)
            known = infer_shapes({name: value.shape for name, value in inputs.items()}, forward)
            reads = incoming.get(number, (f"a{number - 1}",))
            given = dict(zip(input_roles(len(reads)), (known[name] for name in reads), strict=True))
            own = layers[owner - 1][2] if owner else parameters
            given |= {role: value.shape for role, value in own.items()}
            layer = make_layer(number, entry, chosen, given, ROWS, reads, owner)
            for role, value in parameters.items():
                inputs[layer.given[role]] = value
            for generated in entry.generated:  # a mask, in the shape of what comes in, or a state of zeros
                name = layer.given[generated.name]
                state = np.zeros((len(x), own["w_hh"].shape[1])) if "w_hh" in own else None
                inputs[name] = (random.random(x.shape) < 0.6).astype(float) if state is None else state
                batch_axes[name] = 0
            made.append(layer)
            forward += layer.forward
        shapes = {name: value.shape for name, value in inputs.items()}
        trained = [name for name in inputs if name[0] in "wbg"]
        self.program: Program = with_backward(
            shapes, forward, f"a{len(layers)}", made, trained, batch_axes, {"a0", *trained} - looked_up(made)
        )
        seed = f"da{len(layers)}"
        inputs[seed] = random.normal(size=self.program.shapes[seed])
        self.values: Values = dict(run(self.program, inputs).values)

    def right(self, name: str) -> str:
        """Write the right formula of a tensor, with the parts of a sum in place."""
        return numpy_text(self.program.statements[self.program.positions[name] - 1].expression)

    def misread(self, name: str, option: str) -> str:
        """Write the formula of a tensor, one call, with another option."""
        key, right = option.partition("=")[0], self.right(name)
        changed = re.sub(rf"\b{key}=(\([^)]*\)|[^,)]*)", option, right)
        return changed if f"{key}=" in right else f"{right[:-1]}, {option})"


def looked_up(layers: list) -> set[str]:
    return {layer.given["a_prev"] for layer in layers if layer.kind.looks_up}


# Convolutions, by loops over every product


def conv_products(
    x: Array, w: Array, g: Array, stride: int, padding: int, dilation: int, groups: int, mixed: bool = False
) -> Iterator[tuple[tuple, tuple, tuple, tuple]]:
    """Yield the places in g, x and w, and the mirrored place in w, of all products of a convolution."""
    outputs, within, *size = w.shape
    for n, o, row, column in np.ndindex(g.shape):
        for c, i, j in product(range(within), range(size[0]), range(size[1])):
            channel = (o % groups if mixed else o // (outputs // groups)) * within + c
            place = (row * stride - padding + i * dilation, column * stride - padding + j * dilation)
            if 0 <= place[0] < x.shape[2] and 0 <= place[1] < x.shape[3]:
                mirrored = (o, c, size[0] - 1 - i, size[1] - 1 - j)
                yield (n, o, row, column), (n, channel, *place), (o, c, i, j), mirrored


def conv_passed_on(v: Values, unturned: bool = False, exchanged: bool = False, **options: int) -> Array:
    x, w, g = v["a1"], v["w2"], v["dz2"]
    weights = w.swapaxes(0, 1) if exchanged else w
    result = np.zeros_like(x)
    for q, i, k, mirrored in conv_products(x, w, g, **options):
        result[i] += g[q] * weights[mirrored if unturned else k]
    return result


def conv_filter_gradient(v: Values, mirrored: bool = False, **options: int) -> Array:
    x, w, g = v["a1"], v["w2"], v["dz2"]
    result = np.zeros_like(w)
    for q, i, k, other in conv_products(x, w, g, **options):
        result[other if mirrored else k] += g[q] * x[i]
    return result


def convolutions(seed: int) -> Iterator[Planted]:
    """Yield mistakes in a convolution with random options, behind another convolution."""
    random = np.random.default_rng(seed)
    groups = int(random.choice([1, 2]))
    options = {
        "stride": int(random.choice([1, 2])),
        "padding": int(random.choice([0, 1])),
        "dilation": int(random.choice([1, 2])),
        "groups": groups,
    }
    w = random.normal(size=(4, 4 // groups, 3, 2))
    first = {"w": random.normal(size=(4, 3, 1, 1)), "b": random.normal(size=(4, 1, 1))}
    net = Net(
        [
            ("conv2d", {"activation": "tanh"}, first),
            ("conv2d", {"activation": "sigmoid", **options}, {"w": w, "b": random.normal(size=(4, 1, 1))}),
        ],
        random.normal(size=(3, 3, 7, 6)),
        random,
    )
    v = net.values
    dz, dw, db = v["dz2"], v["dw2"], v["db2"]

    def planted(name: str, tensor: str, wrong: Array, *formulas: str) -> Planted:
        return Planted(name, net, tensor, wrong, formulas)

    yield planted(
        "not turned", "da1", conv_passed_on(v, True, **options), net.misread("da1", "flipped=False")
    )
    if groups == 1:
        swapped = conv_passed_on(v, exchanged=True, **options)
        yield planted("channels", "da1", swapped, net.misread("da1", "exchanged=False"))
        as_forward = conv_passed_on(v, True, True, **options)
        formula = net.misread("da1", "flipped=False")[:-1] + ", exchanged=False)"
        yield planted("forward again", "da1", as_forward, formula)
    yield planted(
        "turned", "dw2", conv_filter_gradient(v, True, **options), net.misread("dw2", "flipped=True")
    )
    for option in ("stride", "padding", "dilation"):
        default = 0 if option == "padding" else 1
        if options[option] != default:
            less = {**options, option: default}
            text = f"{option}={default}"
            yield planted(f"no {option}", "da1", conv_passed_on(v, **less), net.misread("da1", text))
            yield planted(f"no {option}", "dw2", conv_filter_gradient(v, **less), net.misread("dw2", text))
    if groups > 1:
        for tensor, function in (("da1", conv_passed_on), ("dw2", conv_filter_gradient)):
            yield planted(
                "mixed", tensor, function(v, **options, mixed=True), net.misread(tensor, "mixed=True")
            )
    if options["padding"]:
        cropped = {**options, "padding": 2}
        yield planted("cropped", "da1", conv_passed_on(v, **cropped), net.misread("da1", "padding=2"))
        wide = {**v, "a1": np.pad(v["a1"], ((0, 0), (0, 0), (1, 1), (1, 1)))}
        uncropped = conv_passed_on(wide, **{**options, "padding": 0})
        yield planted("not cropped", "da1", uncropped, net.misread("da1", "cropped=False"))
    each = [
        conv_filter_gradient({**v, "a1": v["a1"][n : n + 1], "dz2": dz[n : n + 1]}, **options)
        for n in range(3)
    ]
    yield planted("each example", "dw2", np.stack(each), net.misread("dw2", "summed=False"))
    last = net.right("dw2").replace("a1", "a1[-1:]").replace("dz2", "dz2[-1:]")
    yield planted("last example", "dw2", each[-1], last)
    yield planted("mean of examples", "dw2", dw / 3, f"{net.right('dw2')} / m")
    windows = dz.size / 4
    yield planted("mean of windows", "dw2", dw / windows, net.misread("dw2", "averaged=True"))
    total = "sum(dz2, axis=(0, 2, 3))"
    by_space = f"reshape_like({total} / count(dz2, axis=(2, 3)), b2)"
    by_batch = f"reshape_like({total} / count(dz2, axis=0), b2)"
    area = dz.shape[2] * dz.shape[3]
    yield planted("batch only", "db2", dz.sum(axis=0), "sum(dz2, axis=0)")
    yield planted(
        "space only", "db2", dz.sum(axis=(2, 3), keepdims=True), "sum(dz2, axis=(2, 3), keepdims=True)"
    )
    yield planted("mean over space", "db2", db / area, by_space)
    yield planted("mean over batch", "db2", db / 3, by_batch, f"{net.right('db2')} / m")
    both = "reshape_like(mean(dz2, axis=(0, 2, 3)), b2)"
    yield planted("mean over all", "db2", db / (3 * area), both)


def transposed_convolutions(seed: int) -> Iterator[Planted]:
    """Yield mistakes in a transposed convolution, behind a convolution."""
    random = np.random.default_rng(seed)
    options = {"stride": int(random.choice([1, 2])), "padding": int(random.choice([0, 1]))}
    first = {"w": random.normal(size=(3, 2, 1, 1)), "b": random.normal(size=(3, 1, 1))}
    w = random.normal(size=(3, 3, 3, 2))
    net = Net(
        [
            ("conv2d", {"activation": "tanh"}, first),
            ("conv_transpose2d", {"activation": "tanh", **options}, {"w": w}),
        ],
        random.normal(size=(2, 2, 4, 5)),
        random,
    )
    v = net.values
    passed, turned, exchanged = (np.zeros_like(v["a1"]) for _ in range(3))
    gradient = np.zeros_like(w)
    # Forwards each element feeds a window of the result: the roles of the two are exchanged.
    for q, i, k, mirrored in conv_products(v["z2"], w, v["a1"], **options, dilation=1, groups=1):
        passed[q] += v["dz2"][i] * w[k]
        turned[q] += v["dz2"][i] * w[mirrored]
        exchanged[q] += v["dz2"][i] * w[(k[1], k[0], *k[2:])]
        gradient[mirrored] += v["dz2"][i] * v["a1"][q]
    np.testing.assert_allclose(passed, v["da1"])
    yield Planted("turned", net, "da1", turned, (net.misread("da1", "flipped=True"),))
    yield Planted("exchanged", net, "da1", exchanged, (net.misread("da1", "exchanged=True"),))
    yield Planted("turned", net, "dw2", gradient, (net.misread("dw2", "flipped=True"),))


def lines(seed: int) -> Iterator[Planted]:
    """Yield mistakes in a convolution over one axis."""
    random = np.random.default_rng(seed)
    w = random.normal(size=(3, 2, 3))
    net = Net(
        [("conv1d", {"activation": "tanh", "padding": 1}, {"w": w})], random.normal(size=(4, 2, 6)), random
    )
    g, x = net.values["dz1"], net.values["a0"]
    turned, gradient = np.zeros_like(x), np.zeros_like(w)
    for n, o, q in np.ndindex(g.shape):
        for c, k in product(range(2), range(3)):
            if 0 <= q + k - 1 < x.shape[2]:
                turned[n, c, q + k - 1] += g[n, o, q] * w[o, c, 2 - k]
                gradient[o, c, 2 - k] += g[n, o, q] * x[n, c, q + k - 1]
    yield Planted("not turned", net, "da0", turned, (net.misread("da0", "flipped=False"),))
    yield Planted("turned", net, "dw1", gradient, (net.misread("dw1", "flipped=True"),))


# Pooling, window by window


def pools(seed: int) -> Iterator[Planted]:
    """Yield mistakes in pooling, behind a convolution; relu makes ties."""
    random = np.random.default_rng(seed)
    size, stride, padding = ((3, 1, 0), (3, 2, 1), (2, 1, 0), (3, 2, 0))[seed % 4]
    activation = "tanh" if seed % 2 else "relu"
    parameters = {"w": random.normal(size=(3, 2, 1, 1)), "b": random.normal(size=(3, 1, 1))}

    def network(kind: str, options: dict) -> Net:
        layers = [("conv2d", {"activation": activation}, parameters), (kind, options, {})]
        return Net(layers, random.normal(size=(3, 2, 6, 7)), random)

    def planted(net: Net, name: str, rule: Callable, *formulas: str) -> Planted:
        x, g = v["a1"], v["da2"]
        result = np.zeros_like(x)
        for n, c, row, column in np.ndindex(g.shape):
            top, left = row * stride - padding, column * stride - padding
            places = [
                (n, c, i, j)
                for i in range(max(top, 0), min(top + size, x.shape[2]))
                for j in range(max(left, 0), min(left + size, x.shape[3]))
            ]
            rule(result, places, [x[place] for place in places], g[n, c, row, column])
        return Planted(name, net, "da1", result, formulas)

    def winner_assigned(result: Array, places: list, window: list, g: float) -> None:
        result[places[int(np.argmax(window))]] = g

    def window_assigned(result: Array, places: list, window: list, g: float) -> None:
        for k, place in enumerate(places):
            result[place] = g * (k == int(np.argmax(window)))

    def ties_share(result: Array, places: list, window: list, g: float) -> None:
        for place, number in zip(places, window, strict=True):
            result[place] += g * (number == max(window))

    def last_wins(result: Array, places: list, window: list, g: float) -> None:
        result[places[len(window) - 1 - int(np.argmax(window[::-1]))]] += g

    def all_receive(result: Array, places: list, window: list, g: float) -> None:
        for place in places:
            result[place] += g

    def mean_assigned(result: Array, places: list, window: list, g: float) -> None:
        for place in places:
            result[place] = g / size**2

    def mean_of_present(result: Array, places: list, window: list, g: float) -> None:
        for place in places:
            result[place] += g / len(places)

    options = {"size": size, "stride": stride, "padding": padding}
    net = network("max_pool2d", options)
    v = net.values
    yield planted(net, "winner assigned", winner_assigned, net.misread("da1", "add=False"))
    whole = net.misread("da1", "add=False")[:-1] + ", whole_windows=True)"
    yield planted(net, "window assigned", window_assigned, whole)
    ties = (
        planted(net, "ties", ties_share, net.misread("da1", "to_equal=True")),
        planted(net, "last wins", last_wins, net.misread("da1", "to_last=True")),
    )
    # Without ties, as behind tanh, nothing is wrong.
    yield from (mistake for mistake in ties if not np.allclose(mistake.wrong, v["da1"]))
    yield planted(net, "all receive", all_receive, net.misread("da1", "to_all=True"))
    net = network("avg_pool2d", options)
    v = net.values
    yield planted(net, "mean assigned", mean_assigned, net.misread("da1", "add=False"))
    yield planted(net, "not divided", all_receive, net.misread("da1", "divided=False"))
    if padding:
        yield planted(net, "padding", mean_of_present, net.misread("da1", "padding_counts=False"))
    net = network("global_avg_pool", {})
    area = net.values["a1"].shape[2] * net.values["a1"].shape[3]
    yield Planted(
        "global mean not divided",
        net,
        "da1",
        net.values["da1"] * area,
        ("broadcast_like(da2, a1, axis=(2, 3))",),
    )
    net = network("upsample", {"scale": 2})
    g = net.values["da2"]
    yield Planted("one copy", net, "da1", g[:, :, ::2, ::2], (net.misread("da1", "add=False"),))
    mean = sum(g[:, :, i::2, j::2] for i, j in product(range(2), repeat=2)) / 4
    yield Planted(
        "mean of copies",
        net,
        "da1",
        mean,
        (net.misread("da1", "averaged=True"), "upsample_gradient(da2) / 4"),
    )


# Normalisation


def norms(seed: int) -> Iterator[Planted]:
    """Yield mistakes in a normalisation, in stages and as one operation, behind a dense layer."""
    random = np.random.default_rng(seed)
    kind, form = (("batch_norm", "layer_norm")[seed % 2], ("stages", "fused")[seed // 2 % 2])
    eps = (1e-5, 0.1)[seed // 4 % 2]
    axis, n = ((0, 6), (1, 5))[seed % 2]
    x = random.normal(size=(6, 4))
    net = Net(
        [
            ("dense", {"activation": "tanh"}, {"w": random.normal(size=(5, 4)), "b": random.normal(size=5)}),
            (
                kind,
                {"form": form, "eps": eps},
                {"gamma": random.normal(size=5), "beta": random.normal(size=5)},
            ),
        ],
        x,
        random,
    )
    v = net.values
    a, g, xhat = v["a1"], v["dxhat2"], v["xhat2"]
    centred = a - a.mean(axis=axis, keepdims=True)
    variance = (centred**2).mean(axis=axis, keepdims=True)
    scale = 1 / np.sqrt(variance + eps)
    mean_g, mean_along = (np.mean(t, axis=axis, keepdims=True) for t in (g, g * xhat))
    given = ("da2", "dgamma2", "dbeta2", "dxhat2", "da1", "dz1", "dw1", "db1", "da0")

    def planted(name: str, tensor: str, wrong: Array, *formulas: str) -> Planted:
        return Planted(name, net, tensor, wrong, formulas, given)

    fused = form == "fused"
    at = f"axis={axis}" if kind == "batch_norm" else "axis=-1"
    eps_text = "" if eps == 1e-5 else f", eps={eps}"
    inverse = f"inverse_deviation(a1{', axis=0' * (axis == 0)}{eps_text})"
    written = net.right("da1")
    if fused:
        constant = (f"{inverse} * dxhat2",)
        mean_constant = (f"{inverse} * (dxhat2 - xhat2 * mean(dxhat2 * xhat2, {at}, keepdims=True))",)
        variance_constant = (f"{inverse} * (dxhat2 - mean(dxhat2, {at}, keepdims=True))",)
    else:
        through_mean = written.partition(" + ")[2]
        constant = ("dxhat2 / deviation2",)
        mean_constant = ("dcentred2", "dxhat2 / deviation2 + dsquares2 * 2 * centred2")
        own, count = "dxhat2 / deviation2", through_mean.partition(" / ")[2]
        variance_constant = (
            f"{own} + broadcast_like(sum(-({own}), axis={axis}, keepdims=True) / {count}",
            f"{own} + {through_mean}",
        )
    yield planted("constants", "da1", g * scale, *constant)
    yield planted("mean constant", "da1", scale * (g - xhat * mean_along), *mean_constant)
    yield planted("variance constant", "da1", scale * (g - mean_g), *variance_constant)
    whole = g - mean_g - xhat * mean_along
    if fused:
        for name, wrong_scale, option in (
            ("no epsilon", 1 / np.sqrt(variance), "eps=0.0"),
            ("epsilon beside the root", 1 / (np.sqrt(variance) + eps), "eps_under_root=False"),
            ("n - 1", 1 / np.sqrt(variance * n / (n - 1) + eps), "unbiased=True"),
            ("no root", 1 / (variance + eps), "rooted=False"),
        ):
            bare = inverse.replace(eps_text, "") if option.startswith("eps=") else inverse
            changed = written.replace(inverse, f"{bare[:-1]}, {option})")
            yield planted(name, "da1", wrong_scale * whole, changed)
        forward = {
            "normalised with n - 1": (centred / np.sqrt(variance * n / (n - 1) + eps), "unbiased=True"),
            "normalised without a root": (centred / (variance + eps), "rooted=False"),
        }
        for name, (wrong, option) in forward.items():
            yield Planted(name, net, "xhat2", wrong, (net.misread("xhat2", option),), ("xhat2", "dgamma2"))
        along = (f"normalize(a1, axis={1 - axis}, eps={eps})",)
        other_scale = a - a.mean(axis=1 - axis, keepdims=True)
        other_scale = other_scale / np.sqrt((other_scale**2).mean(axis=1 - axis, keepdims=True) + eps)
        yield Planted("other axis", net, "xhat2", other_scale, along, ("xhat2", "dgamma2", "a2"))
    else:
        root = net.right("deviation2")
        yield Planted(
            "no epsilon", net, "deviation2", np.sqrt(variance), ("sqrt(variance2)",), ("deviation2",)
        )
        beside = np.sqrt(variance) + eps
        yield Planted(
            "beside", net, "deviation2", beside, (f"sqrt(variance2) + {eps}",), ("deviation2", "xhat2")
        )
        no_root = Planted(
            "no root", net, "deviation2", variance + eps, (root[5:-1],), ("deviation2", "xhat2")
        )
        yield no_root
        less = f"sum(squares2, {at}, keepdims=True) / (count(squares2, {at}) - 1)"
        yield Planted("n - 1", net, "variance2", variance * n / (n - 1), (less,), ("variance2", "xhat2"))
        total = f"sum(squares2, {at}, keepdims=True)"
        yield Planted("not divided", net, "variance2", variance * n, (total,), ("variance2", "xhat2"))
    da = v["da2"]
    yield planted("x for x̂", "dgamma2", (da * a).sum(axis=0), "sum(da2 * a1, axis=0)")
    yield planted("not summed", "dgamma2", da * xhat, "da2 * xhat2")
    yield planted("not summed", "dbeta2", da, "da2")
    yield planted("averaged", "dgamma2", (da * xhat).mean(axis=0), "mean(da2 * xhat2, axis=0)")
    yield planted("averaged", "dbeta2", da.mean(axis=0), "mean(da2, axis=0)")
    yield planted("without gamma", "dxhat2", da, "da2")
    without = written.replace("dxhat2", "da2")
    if fused:
        no_gamma = scale * (
            da - da.mean(axis=axis, keepdims=True) - xhat * (da * xhat).mean(axis=axis, keepdims=True)
        )
        yield Planted(
            "passed on without gamma", net, "da1", no_gamma, (without,), ("dgamma2", "dbeta2", "da1")
        )


# Softmax, dropout, embedding, activations, fan-out


def others(seed: int) -> Iterator[Planted]:
    """Yield mistakes of the layers without windows or statistics."""
    random = np.random.default_rng(seed)

    def dense(outputs: int, inputs: int) -> dict[str, Array]:
        return {"w": random.normal(size=(outputs, inputs)), "b": random.normal(size=outputs)}

    x = random.normal(size=(5, 3))
    first = ("dense", {"activation": "tanh"}, dense(4, 3))
    net = Net([first, ("dense", {"activation": "softmax"}, dense(3, 4))], x, random)
    p, g = net.values["a2"], net.values["da2"]
    yield Planted("diagonal", net, "dz2", g * p * (1 - p), ("a2 * (da2 - da2 * a2)",))
    wrong = p * (g - (g * p).sum(axis=0, keepdims=True))
    yield Planted("other sum", net, "dz2", wrong, ("a2 * (da2 - sum(da2 * a2, axis=0, keepdims=True))",))
    yield Planted("no sum", net, "dz2", p * g, ("a2 * da2",))
    net = Net([first, ("dense", {"activation": "log_softmax"}, dense(3, 4))], x, random)
    p, g = np.exp(net.values["a2"]), net.values["da2"]
    yield Planted("log: no sum", net, "dz2", g - p, ("da2 - softmax(z2)",))
    yield Planted("log: not summed", net, "dz2", g - p * g, ("da2 - softmax(z2) * da2",))
    powers = np.exp(net.values["z2"])
    q = powers / powers.sum(axis=0, keepdims=True)
    wrong = g - q * g.sum(axis=1, keepdims=True)
    formula = net.right("dz2").replace("softmax(z2)", "softmax(z2, axis=0)")
    yield Planted("log: other axis", net, "dz2", wrong, (formula,))

    keep = float(random.choice([0.6, 0.7, 0.9]))
    net = Net([("dense", {"activation": "tanh"}, dense(3, 3)), ("dropout", {"keep": keep}, {})], x, random)
    g, mask = net.values["da2"], net.values["mask2"]
    yield Planted("no mask", net, "da1", g / keep, (f"da2 / {keep}",))
    yield Planted("not rescaled", net, "da1", g * mask, ("da2 * mask2",))
    yield Planted("rescaled twice", net, "da1", g * mask / keep**2, (f"da2 / {keep} / {keep} * mask2",))
    yield Planted("times keep", net, "da1", g * mask * keep, (f"da2 * {keep} * mask2",))
    yield Planted("neither", net, "da1", g, ("da2",))

    numbers = random.integers(4, size=(5, 3)).astype(float)
    net = Net(
        [("embedding", {}, {"w": random.normal(size=(5, 2))}), ("dense", {}, dense(3, 2))], numbers, random
    )
    g, last, sums = net.values["da1"], np.zeros((5, 2)), np.zeros((5, 2))
    uses = np.zeros((5, 1))
    for place in np.ndindex(numbers.shape):
        last[int(numbers[place])] = g[place]
        sums[int(numbers[place])] += g[place]
        uses[int(numbers[place])] += 1
    yield Planted("last use", net, "dw1", last, (net.misread("dw1", "add=False"),))
    yield Planted(
        "mean of uses", net, "dw1", sums / np.maximum(uses, 1), (net.misread("dw1", "averaged=True"),)
    )

    for name, other in (("gelu", "gelu_tanh"), ("gelu_tanh", "gelu"), ("silu", "sigmoid"), ("mish", "silu")):
        net = Net([first, ("dense", {"activation": name}, dense(3, 4))], x, random)
        z, g = net.values["z2"], net.values["da2"]
        slope = {
            "gelu": gelu_slope,
            "gelu_tanh": gelu_tanh_slope,
            "sigmoid": logistic_slope,
            "silu": silu_slope,
        }
        yield Planted(f"{name}: {other}", net, "dz2", g * slope[other](z), (f"da2 * {other}_prime(z2)",))
        if name in slope:
            at_a = g * slope[name](net.values["a2"])
            yield Planted(f"{name} at a", net, "dz2", at_a, (f"da2 * {name}_prime(a2)",))

    left, right = (("dense", {"activation": "tanh"}, dense(3, 3)) for _ in range(2))
    both = Net([left, right, ("add", {}, {})], x, random, {2: ("a0",), 3: ("a1", "a2")})
    v = both.values
    for number in (1, 2):
        own, other = (v[f"dz{n}"] @ v[f"w{n}"] for n in (number, 3 - number))
        text, rest = f"dz{number} @ w{number}", f"dz{3 - number} @ w{3 - number}"
        yield Planted(f"branch {number} only", both, "da0", own, (text,))
        twice = tuple(f"{x} + {y} + {text}" for x, y in ((text, rest), (rest, text)))
        yield Planted(f"branch {number} twice", both, "da0", 2 * own + other, twice)
    skip = Net(
        [("dense", {"activation": "tanh"}, dense(3, 3)), ("residual", {}, {})], x, random, {2: ("a1", "a0")}
    )
    v = skip.values
    yield Planted("skip forgotten", skip, "da0", v["dz1"] @ v["w1"], ("dz1 @ w1",))
    yield Planted("block forgotten", skip, "da0", v["da2"], ("da2",))
    shared = Net(
        [("dense", {"activation": "tanh"}, dense(3, 3)), ("dense", {}, {})], x, random, owners={2: 1}
    )
    v = shared.values
    for number in (1, 2):
        own = v[f"dz{number}"].T @ v[f"a{number - 1}"]
        yield Planted(f"shared, use {number} only", shared, "dw1", own, (f"dz{number}.T @ a{number - 1}",))


def normal_density(z: Array) -> Array:
    return np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi)


def gelu_slope(z: Array) -> Array:
    return (1 + np.vectorize(erf)(z / np.sqrt(2))) / 2 + z * normal_density(z)


def gelu_tanh_slope(z: Array) -> Array:
    scale = np.sqrt(2 / np.pi)
    t = np.tanh(scale * (z + 0.044715 * z**3))
    return (1 + t) / 2 + z / 2 * (1 - t**2) * scale * (1 + 3 * 0.044715 * z**2)


def logistic_slope(z: Array) -> Array:
    s = 1 / (1 + np.exp(-z))
    return s * (1 - s)


def silu_slope(z: Array) -> Array:
    return 1 / (1 + np.exp(-z)) + z * logistic_slope(z)


FAMILIES: dict[str, Callable[[int], Iterator[Planted]]] = {
    "convolutions": convolutions,
    "transposed convolutions": transposed_convolutions,
    "lines": lines,
    "pools": pools,
    "norms": norms,
    "others": others,
}
