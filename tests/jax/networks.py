"""What people write in JAX, for captures: each is a loss and its arguments; see `test_capture`."""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np


class Dense(NamedTuple):
    w: jax.Array
    b: jax.Array


def drawn(seed: int, *shapes: tuple[int, ...], dtype: str = "float64") -> list[jax.Array]:
    random = np.random.default_rng(seed)
    return [jnp.asarray(random.normal(size=shape), dtype) for shape in shapes]


def perceptron(layers, x, labels):
    """pytrees of named tuples; labels that are integers"""
    h = x
    for layer in layers[:-1]:
        h = jax.nn.relu(h @ layer.w + layer.b)
    logp = jax.nn.log_softmax(h @ layers[-1].w + layers[-1].b)
    return -jnp.mean(jnp.take_along_axis(logp, labels[:, None], axis=1))


def convolution(params, x):
    """NHWC, SAME with an even stride, pooling"""
    z = jax.lax.conv_general_dilated(
        x, params["w"], (2, 2), "SAME", dimension_numbers=("NHWC", "HWIO", "NHWC")
    )
    a = jax.nn.gelu(z + params["b"])
    p = jax.lax.reduce_window(a, -jnp.inf, jax.lax.max, (1, 2, 2, 1), (1, 2, 2, 1), "VALID")
    return jnp.mean(p**2)


def attention(params, x):
    """heads by vmap, a mask"""
    q, k, v = (x @ params[name] for name in "qkv")

    def head(q, k, v):
        s = q @ k.T / jnp.sqrt(q.shape[-1])
        s = jnp.where(jnp.tril(jnp.ones(s.shape, bool)), s, -jnp.inf)
        return jax.nn.softmax(s) @ v

    o = jax.vmap(head, in_axes=1, out_axes=1)(*(one.reshape(5, 2, 3) for one in (q, k, v)))
    return jnp.sum(jnp.tanh(o.reshape(5, 6)) * x)


def recurrent(params, xs):
    """scan"""

    def step(h, x):
        h = jnp.tanh(h @ params["u"] + x @ params["w"])
        return h, h

    last, hs = jax.lax.scan(step, jnp.zeros(4), xs)
    return jnp.sum(last**2) + jnp.mean(hs)


def embedded(table, words, w):
    """rows that are looked up, a part that is written, one that is added to"""
    e = table[words]
    e = e.at[0].multiply(2.0).at[1, :2].set(w[:2])
    counts = jnp.zeros((7, 3)).at[words].add(e)
    return jnp.sum(jnp.sin(counts) * table)


def normalised(params, x):
    """jit and checkpoint"""

    @jax.jit
    def norm(x):
        mean = x.mean(-1, keepdims=True)
        return (x - mean) / jnp.sqrt(x.var(-1, keepdims=True) + 1e-5)

    block = jax.checkpoint(lambda x: x + jax.nn.silu(norm(x) @ params["w"]) * params["scale"])
    return jnp.sum(block(block(x)) ** 2)


def twice_where(x):
    """two where: the derivative of what is not chosen is no NaN"""
    safe = jnp.where(x > 0, x, 1.0)
    return jnp.sum(jnp.where(x > 0, jnp.sqrt(safe), 0.0))


def dropped(w, x, key):
    """a random mask"""
    keep = jax.random.bernoulli(key, 0.7, (4, 3))
    return jnp.sum(jnp.where(keep, x @ w / 0.7, 0.0) ** 2)


def decided(x):
    """cond, fori_loop, custom_jvp"""

    @jax.custom_jvp
    def log1pexp(x):
        return jnp.log1p(jnp.exp(x))

    @log1pexp.defjvp
    def _(primals, tangents):
        (x,), (t,) = primals, tangents
        return log1pexp(x), (1 - 1 / (1 + jnp.exp(x))) * t

    y = jax.lax.cond(x[0] > 0, lambda x: x * x, lambda x: -x, x)
    y = jax.lax.fori_loop(0, 3, lambda i, y: y + 0.1 * jnp.cos(y), y)
    return jnp.sum(log1pexp(y))


def mixture(a, b, c):
    """einsum, cumsum, logsumexp, sort, powers, norms"""
    t = jnp.einsum("bij,bjk->bik", a, b) + jnp.einsum("bij,bkj->bik", a, a)[:, :, :3]
    s = jnp.cumsum(t, axis=1)[:, ::-1]
    n = jnp.linalg.norm(s, axis=-1) + jax.scipy.special.logsumexp(s, axis=-1)
    o = jnp.sort(n, axis=-1) * jnp.clip(c, -0.5, 0.5) + jnp.pad(c, ((0, 0), (1, 0)))[:, :-1]
    return jnp.prod(jnp.max(jnp.concatenate([o, o**3], axis=1), axis=1)) + jnp.sum(c**-2)


def networks(dtype: str = "float64") -> dict[str, tuple]:
    """Return what a function is called -> it, and its arguments."""
    w1, b1, w2, b2, x = drawn(0, (4, 5), (5,), (5, 3), (3,), (6, 4), dtype=dtype)
    filters, bias, images = drawn(1, (3, 3, 2, 3), (3,), (2, 8, 8, 2), dtype=dtype)
    q, k, v, words = drawn(2, (6, 6), (6, 6), (6, 6), (5, 6), dtype=dtype)
    u, w, xs = drawn(3, (4, 4), (3, 4), (5, 3), dtype=dtype)
    table, row = drawn(4, (7, 3), (3,), dtype=dtype)
    square, scale = drawn(5, (4, 4), (4,), dtype=dtype)
    a, b, c = drawn(6, (2, 4, 4), (2, 4, 3), (2, 4), dtype=dtype)
    return {
        "perceptron": (perceptron, [Dense(w1, b1), Dense(w2, b2)], x, jnp.array([0, 2, 1, 1, 0, 2])),
        "convolution": (convolution, {"w": filters, "b": bias}, images),
        "attention": (attention, {"q": q, "k": k, "v": v}, words),
        "recurrent": (recurrent, {"u": u, "w": w}, xs),
        "embedded": (embedded, table, jnp.array([1, 4, 4, 0]), row),
        "normalised": (normalised, {"w": square, "scale": scale}, x),
        "twice_where": (twice_where, c),
        "dropped": (dropped, w[:, :3], xs[:4], jax.random.key(3)),
        "decided": (decided, c[0]),
        "mixture": (mixture, a, b, c),
    }
