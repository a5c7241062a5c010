"""Functions with a `custom_vjp` of our own, right as they are, and mistakes that are planted in their `bwd`.

Each mistake is a small change of one expression (see `tests.torch.planted`). What it changes nothing of is no
mistake, and is left out.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from textwrap import dedent
from typing import Any

from tests.torch.planted import Planted, changes, with_other

FUNCTIONS = {
    "affine": """
        def affine_fwd(params, x):
            return x @ params["w"] + params["b"], (params, x)
        def affine_bwd(kept, dy):
            params, x = kept
            dw = x.T @ dy
            db = jnp.sum(dy, axis=0)
            dx = dy @ params["w"].T
            return {"w": dw, "b": db}, dx
    """,
    "scaled_silu": """
        def scaled_silu_fwd(x, beta):
            s = jax.nn.sigmoid(beta * x)
            return x * s, (x, beta, s)
        def scaled_silu_bwd(kept, dy):
            x, beta, s = kept
            slope = s * (1 - s)
            dx = dy * (s + beta * x * slope)
            dbeta = jnp.sum(dy * x * x * slope)
            return dx, dbeta
    """,
    "standardize": """
        def standardize_fwd(x, gamma, beta):
            mean = jnp.mean(x, axis=-1, keepdims=True)
            rstd = jax.lax.rsqrt(jnp.var(x, axis=-1, keepdims=True) + 1e-5)
            xhat = (x - mean) * rstd
            return xhat * gamma + beta, (xhat, rstd, gamma)
        def standardize_bwd(kept, dy):
            xhat, rstd, gamma = kept
            dgamma = jnp.sum(dy * xhat, axis=0)
            dbeta = jnp.sum(dy, axis=0)
            dxhat = dy * gamma
            inner = jnp.mean(dxhat * xhat, axis=-1, keepdims=True)
            dx = rstd * (dxhat - jnp.mean(dxhat, axis=-1, keepdims=True) - xhat * inner)
            return dx, dgamma, dbeta
    """,
    "labelled": """
        def labelled_fwd(logits, labels):
            logp = jax.nn.log_softmax(logits)
            rows = jnp.arange(logits.shape[0])
            return -jnp.mean(logp[rows, labels]), (logp, labels)
        def labelled_bwd(kept, dy):
            logp, labels = kept
            p = jnp.exp(logp)
            hot = jax.nn.one_hot(labels, p.shape[1], dtype=p.dtype)
            dlogits = dy * (p - hot) / p.shape[0]
            return dlogits, None
    """,
    "gated": """
        def gated_fwd(x, w, v):
            a = x @ w
            b = x @ v
            t = jnp.tanh(a)
            return t * b, (x, w, v, b, t)
        def gated_bwd(kept, dy):
            x, w, v, b, t = kept
            da = dy * b * (1 - t ** 2)
            db = dy * t
            dx = da @ w.T + db @ v.T
            dw = x.T @ da
            dv = x.T @ db
            return dx, dw, dv
    """,
    "attend": """
        def attend_fwd(q, k, v):
            s = q @ k.T / 2.0
            s = jnp.where(jnp.tril(jnp.ones(s.shape, bool), 1), s, -jnp.inf)
            p = jax.nn.softmax(s, axis=-1)
            return p @ v, (q, k, v, p)
        def attend_bwd(kept, do):
            q, k, v, p = kept
            dv = p.T @ do
            dp = do @ v.T
            ds = p * (dp - jnp.sum(dp * p, axis=-1, keepdims=True))
            dq = ds @ k / 2.0
            dk = ds.T @ q / 2.0
            return dq, dk, dv
    """,
    "turned": """
        def turned_fwd(x, angle):
            a, b = x[:, :2], x[:, 2:]
            c, s = jnp.cos(angle), jnp.sin(angle)
            return jnp.concatenate([a * c - b * s, a * s + b * c], axis=1), (a, b, c, s)
        def turned_bwd(kept, dy):
            a, b, c, s = kept
            d1, d2 = dy[:, :2], dy[:, 2:]
            da = d1 * c + d2 * s
            db = d2 * c - d1 * s
            dangle = jnp.sum(d2 * (a * c - b * s) - d1 * (a * s + b * c), axis=0)
            return jnp.concatenate([da, db], axis=1), dangle
    """,
    "unit": """
        def unit_fwd(x):
            n = jnp.sqrt(jnp.sum(x * x, axis=1, keepdims=True))
            y = x / n
            return y, (y, n)
        def unit_bwd(kept, dy):
            y, n = kept
            along = jnp.sum(dy * y, axis=1, keepdims=True)
            dx = (dy - y * along) / n
            return (dx,)
    """,
    "pseudo_huber": """
        def pseudo_huber_fwd(x, y):
            d = x - y
            r = jnp.sqrt(1 + d ** 2)
            return jnp.mean(r - 1), (d, r)
        def pseudo_huber_bwd(kept, g):
            d, r = kept
            dx = g * d / r / d.size
            return dx, -dx
    """,
    "mixed": """
        def mixed_fwd(x, w, h):
            z = jax.nn.sigmoid(x @ w)
            return z * h + (1 - z) * x, (x, w, h, z)
        def mixed_bwd(kept, dy):
            x, w, h, z = kept
            dz = dy * (h - x)
            ds = dz * z * (1 - z)
            dh = dy * z
            dw = x.T @ ds
            dx = dy * (1 - z) + ds @ w.T
            return dx, dw, dh
    """,
}
"""What a function is called -> its `fwd` and its `bwd`."""
INPUTS = {
    "affine": ({"w": (4, 3), "b": (3,)}, (5, 4)),
    "scaled_silu": ((5, 4), ()),
    "standardize": ((5, 4), (4,), (4,)),
    "labelled": ((5, 4), "labels"),
    "gated": ((5, 4), (4, 3), (4, 3)),
    "attend": ((5, 4), (6, 4), (6, 3)),
    "turned": ((5, 4), (2,)),
    "unit": ((5, 4),),
    "pseudo_huber": ((5, 4), (5, 4)),
    "mixed": ((5, 4), (4, 4), (5, 4)),
}
"""The shapes of its inputs."""


def text_of(name: str) -> str:
    """Return a function as a text."""
    rules = dedent(FUNCTIONS[name]).strip()
    arguments = rules.partition("(")[2].partition(")")[0]
    return (
        "import jax\nimport jax.numpy as jnp\n\n\n"
        f"@jax.custom_vjp\ndef {name}({arguments}):\n    return {name}_fwd({arguments})[0]\n\n\n"
        f"{rules}\n\n\n{name}.defvjp({name}_fwd, {name}_bwd)\n"
    )


def mistakes(name: str) -> Iterator[Planted]:
    """Yield a function with each of the mistakes in it."""
    text = text_of(name)
    tree = ast.parse(text)
    backward = next(
        one for one in tree.body if isinstance(one, ast.FunctionDef) and one.name.endswith("_bwd")
    )
    seen = {ast.unparse(tree)}
    for statement in backward.body[1:]:
        if isinstance(statement, ast.Assign | ast.Return) and statement.value is not None:
            for node in ast.walk(statement.value):
                is_module = isinstance(node, ast.Name) and node.id in ("jax", "jnp")
                for changed in () if is_module else changes(node):
                    new = with_other(text, node, changed)
                    if new not in seen:
                        seen.add(new)
                        yield Planted(name, new, statement.lineno, ast.unparse(changed))


def inputs(name: str, seed: int = 3, dtype: str = "float64") -> list:
    """Return inputs of a function, drawn with a seed."""
    import jax
    import jax.numpy as jnp
    import numpy as np

    random = np.random.default_rng(seed)

    def drawn(shape: object) -> object:
        if shape == "labels":
            return jnp.asarray(random.integers(0, 4, 5))
        return jnp.asarray(random.normal(size=shape), dtype)

    return [jax.tree.map(drawn, one, is_leaf=lambda part: isinstance(part, tuple)) for one in INPUTS[name]]


def changes_nothing(function: Any, right: Any, given: list) -> bool:
    """Whether a mistake changes no gradient, or cannot even be run: JAX's own say so."""
    import jax
    import numpy as np

    leaves, tree = jax.tree.flatten(given)
    places = [place for place, leaf in enumerate(leaves) if leaf.dtype.kind == "f"]

    def gradients(one: Any) -> list:
        def total(floats: list) -> Any:
            values = list(leaves)
            for place, value in zip(places, floats, strict=True):
                values[place] = value
            out = one(*jax.tree.unflatten(tree, values))
            return (out * np.random.default_rng(9).normal(size=out.shape)).sum()

        return jax.grad(total)([leaves[place] for place in places])

    try:
        own = gradients(function)
    except (TypeError, ValueError, AttributeError):
        return True
    pairs = zip(own, gradients(right), strict=True)
    return all(np.allclose(mine, theirs, 1e-9, 1e-12) for mine, theirs in pairs)
