"""Real mistakes in attention and in recurrent layers, planted in NumPy lines.

As in `planted_layers`: one gradient is computed wrongly by hand, and what comes after follows from it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np

from tests.verify.planted_layers import Array, Net, Planted


def softmax(x: Array, axis: int = -1) -> Array:
    powers = np.exp(x - x.max(axis=axis, keepdims=True))
    return powers / powers.sum(axis=axis, keepdims=True)


def attention(seed: int) -> Iterator[Planted]:
    """Yield mistakes in an attention of several heads, causal or not, behind three dense layers."""
    random = np.random.default_rng(seed)
    heads, causal = (2, 5)[seed % 2], bool(seed // 2 % 2)
    width = 3 * heads
    dense = [("dense", {}, {"w": random.normal(size=(width, 4))}) for _ in range(3)]
    net = Net(
        [*dense, ("scaled_dot_product_attention", {"heads": heads, "causal": causal}, {})],
        random.normal(size=(2, 4, 4)),
        random,
        {1: ("a0",), 2: ("a0",), 3: ("a0",), 4: ("a1", "a2", "a3")},
    )
    v = net.values
    q, k, p, dmixed, dproducts = v["q4"], v["k4"], v["p4"], v["dmixed4"], v["dproducts4"]
    dp, scale = v["dp4"], np.sqrt(3)
    inner = "dmasked4" if causal else "dscores4"
    dscores = v["dscores4"]

    def planted(name: str, tensor: str, wrong: Array, *formulas: str) -> Planted:
        return Planted(name, net, tensor, wrong, formulas)

    def forward(name: str, tensor: str, wrong: Array, *formulas: str) -> Planted:
        return Planted(name, net, tensor, wrong, formulas, (tensor, "da1", "da2", "da3"))

    yield planted("scale forgotten", "dproducts4", dscores, "dscores4")
    yield planted(
        "model's width", "dproducts4", dscores / np.sqrt(width), "dscores4 / sqrt(count(a1, axis=-1))"
    )
    by_count = ("dscores4 / count(q4, axis=-1)", "dscores4 / scale4 / scale4", "dscores4 / 3")
    yield planted("root forgotten, or scaled twice", "dproducts4", dscores / 3, *by_count)
    yield planted("times scale", "dproducts4", dscores * scale, "dscores4 * scale4")
    yield planted("diagonal", inner, p * (dp - dp * p), "p4 * (dp4 - dp4 * p4)")
    yield planted("no sum", inner, p * dp, "p4 * dp4")
    total = (dp * p).sum(axis=-2, keepdims=True)
    yield planted("other sum", inner, p * (dp - total), "p4 * (dp4 - sum(dp4 * p4, axis=2, keepdims=True))")
    unweighted = dp.sum(axis=-1, keepdims=True)
    yield planted("unweighted", inner, p * (dp - unweighted), "p4 * (dp4 - sum(dp4, axis=-1, keepdims=True))")
    yield planted("dk from k", "dk4", dproducts.swapaxes(-1, -2) @ k, "dproducts4.T @ k4")
    yield planted("dk not transposed", "dk4", dproducts @ q, "dproducts4 @ q4")
    yield planted("dq from q", "dq4", dproducts @ q, "dproducts4 @ q4")
    yield planted("dq transposed", "dq4", dproducts.swapaxes(-1, -2) @ k, "dproducts4.T @ k4")
    yield planted("dv not transposed", "dv4", p @ dmixed, "p4 @ dmixed4")
    yield planted("dv from scores", "dv4", v["scores4"].swapaxes(-1, -2) @ dmixed, "scores4.T @ dmixed4")
    for number, role in ((3, "dv4"), (2, "dk4"), (1, "dq4")):
        wrong = v[role].reshape(v[f"a{number}"].shape)
        yield planted(
            "merged as it lies", f"da{number}", wrong, net.misread(f"da{number}", "transposed=False")
        )
        dealt = v[role].transpose(0, 2, 3, 1).reshape(v[f"a{number}"].shape)
        yield planted("interleaved", f"da{number}", dealt, net.misread(f"da{number}", "interleaved=True"))
    wrong = v["da4"].reshape(dmixed.shape)
    yield planted("split as it lies", "dmixed4", wrong, net.misread("dmixed4", "transposed=False"))
    scores = v["masked4" if causal else "scores4"]
    name = "masked4" if causal else "scores4"
    if not causal:
        yield forward("over the queries", "p4", softmax(scores, -2), f"softmax({name}, axis=2)")
    yield forward("width of the model", "scale4", np.asarray(np.sqrt(width)), "sqrt(count(a1, axis=-1))")
    if causal:
        open_p = softmax(v["scores4"])
        yield forward("mask forgotten", "p4", open_p, "softmax(scores4, axis=-1)")
        yield planted(
            "mask forgotten", "dv4", open_p.swapaxes(-1, -2) @ dmixed, "softmax(scores4, axis=-1).T @ dmixed4"
        )
        wrong = open_p * (dp - (dp * open_p).sum(axis=-1, keepdims=True))
        formula = (
            "softmax(scores4, axis=-1) * (dp4 - sum(dp4 * softmax(scores4, axis=-1), axis=-1, keepdims=True))"
        )
        both = Planted("mask forgotten", net, "dmasked4", wrong, (formula,), ("dp4", "dmasked4"))
        yield both


SIZE = 2


def recurrent(kind: str, gates: int, seed: int) -> Net:
    random = np.random.default_rng(seed)
    parameters = {
        "w_ih": random.normal(size=(gates * SIZE, 3)),
        "w_hh": random.normal(size=(gates * SIZE, SIZE)),
        "b_ih": random.normal(size=gates * SIZE),
        "b_hh": random.normal(size=gates * SIZE),
    }
    layers = [(kind, {}, parameters), ("dense", {}, {"w": random.normal(size=(2, SIZE))})]
    return Net(layers, random.normal(size=(5, 4, 3)), random)


def written_out(net: Net, name: str) -> str:
    """Write the right formula of a tensor, and of its parts."""
    return re.sub(r"\w+_via_\w+", lambda part: net.right(part[0]), net.right(name))


def shared(net: Net, sums: str, of_state: str) -> Iterator[Planted]:
    """Yield mistakes in the parameters' gradients, which add up those of all four steps."""
    v = net.values

    def planted(name: str, tensor: str, wrong: Array, *formulas: str) -> Planted:
        return Planted(name, net, tensor, wrong, formulas)

    last = v[f"d{sums}_t4"]
    yield planted("last step", "dw_ih1", last.T @ v["a0"][:, 3], f"d{sums}_t4.T @ a0[:,3]")
    yield planted("last step", "db_ih1", last.sum(axis=0), f"sum(d{sums}_t4, axis=0)")
    state = v[f"d{of_state}_t4"]
    yield planted("last step", "dw_hh1", state.T @ v["h1_t3"], f"d{of_state}_t4.T @ h1_t3")
    own = sum(v[f"d{of_state}_t{t}"].T @ v[f"h1_t{t}"] for t in range(1, 5))
    formula = " + ".join(f"d{of_state}_t{t}.T @ h1_t{t}" for t in (4, 3, 2, 1))
    yield planted("state of the same step", "dw_hh1", own, formula)


def rnns(seed: int) -> Iterator[Planted]:
    """Yield mistakes in a simple recurrent layer under a dense one."""
    net = recurrent("rnn", 1, seed)
    v = net.values

    def planted(name: str, tensor: str, wrong: Array, *formulas: str) -> Planted:
        return Planted(name, net, tensor, wrong, formulas)

    yield planted("no slope", "dz1_t2", v["dh1_t2"], "dh1_t2")
    yield planted(
        "slope at h", "dz1_t2", v["dh1_t2"] / np.cosh(v["h1_t2"]) ** 2, "dh1_t2 * tanh_prime(h1_t2)"
    )
    yield planted("truncated", "dh1_t2", v["da1"][:, 1], "da1[:,1]")
    yield planted("output forgotten", "dh1_t2", v["dz1_t3"] @ v["w_hh1"], "dz1_t3 @ w_hh1")
    through = v["da1"][:, 1] + v["dz1_t3"] @ v["w_hh1"].T
    yield planted("not transposed", "dh1_t2", through, "da1[:,1] + dz1_t3 @ w_hh1.T")
    yield from shared(net, "z1", "z1")


def lstms(seed: int) -> Iterator[Planted]:
    """Yield mistakes in an LSTM under a dense layer."""
    net = recurrent("lstm", 4, seed)
    v = net.values
    dc, i, f, g, o = (v[f"{role}1_t2"] for role in ("dc", "i", "f", "g", "o"))
    di, df, dg, do = (v[f"d{role}1_t2"] for role in "ifgo")
    dh, t, kept = v["dh1_t2"], v["tanh_c1_t2"], v["dc1_t3"] * v["f1_t3"]
    slopes = [di * i * (1 - i), df * f * (1 - f), dg * (1 - g * g), do * o * (1 - o)]
    slope_of_c = "dtanh_c1_t2 * tanh_prime(c1_t2)"
    right = written_out(net, "dz1_t2")

    def planted(name: str, tensor: str, wrong: Array, *formulas: str) -> Planted:
        return Planted(name, net, tensor, wrong, formulas)

    def sums(*parts: Array) -> Array:
        return np.concatenate(parts, axis=1)

    yield planted("next cell forgotten", "dc1_t2", dh * o * (1 - t * t), slope_of_c)
    yield planted("own state forgotten", "dc1_t2", kept, "dc1_t3 * f1_t3")
    yield planted("no slope of tanh", "dc1_t2", kept + dh * o, "dc1_t3 * f1_t3 + dtanh_c1_t2")
    at_output = "dc1_t3 * f1_t3 + dtanh_c1_t2 * tanh_prime(tanh_c1_t2)"
    yield planted("slope at tanh(c)", "dc1_t2", kept + dh * o / np.cosh(t) ** 2, at_output)
    own = v["dc1_t3"] * f + dh * o * (1 - t * t)
    yield planted("forget gate of this step", "dc1_t2", own, f"dc1_t3 * f1_t2 + {slope_of_c}")
    yield planted("truncated", "dh1_t2", v["da1"][:, 1], "da1[:,1]")
    yield planted("cell for tanh(c)", "do1_t2", dh * v["c1_t2"], "dh1_t2 * c1_t2")
    yield planted("from the state", "dtanh_c1_t2", dh, "dh1_t2")
    yield planted("forget as input", "df1_t2", dc * g, "dc1_t2 * g1_t2")
    yield planted("input as forget", "di1_t2", dc * v["c1_t1"], "dc1_t2 * c1_t1")
    yield planted("cell of this step", "df1_t2", dc * v["c1_t2"], "dc1_t2 * c1_t2")
    yield planted("input gate's", "dg1_t2", dc * g, "dc1_t2 * g1_t2")
    for place, role in enumerate("ifgo"):
        parts = [*slopes]
        parts[place] = v[f"d{role}1_t2"]
        name = "tanh" if role == "g" else "sigmoid"
        text = f"d{role}1_t2 * {name}_prime(z1_t2[:,{place * SIZE}:{(place + 1) * SIZE}])"
        yield planted(f"no slope of {role}", "dz1_t2", sums(*parts), right.replace(text, f"d{role}1_t2"))
    a, b, c, d = slopes
    exchanged = (
        right.replace("s_[:,0:2]", "s_[?]").replace("s_[:,2:4]", "s_[:,0:2]").replace("s_[?]", "s_[:,2:4]")
    )
    yield planted("places of i and f exchanged", "dz1_t2", sums(b, a, c, d), exchanged)
    exchanged = right.replace("df1", "d?1").replace("di1", "df1").replace("d?1", "di1")
    swapped = sums(df * i * (1 - i), di * f * (1 - f), c, d)
    yield planted("gradients of i and f exchanged", "dz1_t2", swapped, exchanged)
    yield from shared(net, "z1", "z1")


def grus(seed: int) -> Iterator[Planted]:
    """Yield mistakes in a GRU under a dense layer."""
    net = recurrent("gru", 3, seed)
    v = net.values
    dh, r, z, n = (v[f"{role}1_t2"] for role in ("dh", "r", "z", "n"))
    before, dpre_n, dpre_rz = v["h1_t1"], v["dpre_n1_t2"], v["dpre_rz1_t2"]
    dz, dr = v["dz1_t2"], v["dr1_t2"]
    through = [v["da1"][:, 1], v["dh1_t3"] * v["z1_t3"], v["dfrom_h1_t3"] @ v["w_hh1"]]

    def planted(name: str, tensor: str, wrong: Array, *formulas: str) -> Planted:
        return Planted(name, net, tensor, wrong, formulas)

    texts = ["da1[:,1]", "dh1_t3 * z1_t3", "dfrom_h1_t3 @ w_hh1"]
    yield planted("kept share forgotten", "dh1_t2", through[0] + through[2], f"{texts[0]} + {texts[2]}")
    yield planted("weights forgotten", "dh1_t2", through[0] + through[1], f"{texts[0]} + {texts[1]}")
    yield planted("truncated", "dh1_t2", through[0], texts[0])
    share = through[0] + v["dh1_t3"] * v["new_share1_t3"] + through[2]
    yield planted("other share", "dh1_t2", share, f"{texts[0]} + dh1_t3 * new_share1_t3 + {texts[2]}")
    yield planted("candidate forgotten", "dz1_t2", dh * before, "dh1_t2 * h1_t1")
    yield planted(
        "sign of the candidate",
        "dz1_t2",
        dh * (before + n),
        "dh1_t2 * h1_t1 + dnew_share1_t2",
        "dh1_t2 * h1_t1 - -dnew_share1_t2",
    )
    yield planted("other share", "dn1_t2", dh * z, "dh1_t2 * z1_t2")
    yield planted("no slope of tanh", "dpre_n1_t2", v["dn1_t2"], "dn1_t2")
    yield planted("state for its sums", "dr1_t2", dpre_n * before, "dpre_n1_t2 * h1_t1")
    zeroed = np.concatenate([dpre_rz, dpre_n], axis=1)
    right = written_out(net, "dfrom_h1_t2")
    yield planted("no reset gate", "dfrom_h1_t2", zeroed, right.replace("dpre_n1_t2 * r1_t2", "dpre_n1_t2"))
    right = written_out(net, "dpre_rz1_t2")
    unsloped = np.concatenate([dr, dz * z * (1 - z)], axis=1)
    text = "dr1_t2 * sigmoid_prime(pre_rz1_t2[:,0:2])"
    yield planted("no slope of r", "dpre_rz1_t2", unsloped, right.replace(text, "dr1_t2"))
    unsloped = np.concatenate([dr * r * (1 - r), dz], axis=1)
    text = "dz1_t2 * sigmoid_prime(pre_rz1_t2[:,2:4])"
    yield planted("no slope of z", "dpre_rz1_t2", unsloped, right.replace(text, "dz1_t2"))
    exchanged = np.concatenate([dz * z * (1 - z), dr * r * (1 - r)], axis=1)
    formula = (
        right.replace("s_[:,0:2]", "s_[?]").replace("s_[:,2:4]", "s_[:,0:2]").replace("s_[?]", "s_[:,2:4]")
    )
    yield planted("places of r and z exchanged", "dpre_rz1_t2", exchanged, formula)
    w, b = v["w_hh1"][2 * SIZE :], v["b_hh1"][2 * SIZE :]
    first = v["from_x1_t2"][:, 2 * SIZE :] + (r * before) @ w.T + b
    formula = "from_x1_t2[:,4:6] + (r1_t2 * h1_t1 @ w_hh1[4:6].T + b_hh1[4:6])"
    yield Planted("reset before the product", net, "pre_n1_t2", first, (formula,), ("pre_n1_t2",))
    yield from shared(net, "from_x1", "from_h1")


FAMILIES = {"attention": attention, "rnns": rnns, "lstms": lstms, "grus": grus}
