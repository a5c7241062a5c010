"""Functions with a `custom_vjp`, and what goes wrong in them or looks as if it did; see `test_backward`."""

from __future__ import annotations

from functools import partial

import jax
import jax.numpy as jnp


@jax.custom_vjp
def square(x):
    """wrong"""
    return x * x


def square_fwd(x):
    return x * x, x


def square_bwd(x, g):
    dx = g * x
    return (dx,)


square.defvjp(square_fwd, square_bwd)


@jax.custom_vjp
def exponential(x):
    """right"""
    return jnp.exp(x)


def exponential_fwd(x):
    y = jnp.exp(x)
    return y, y


def exponential_bwd(y, g):
    return (g * y,)


exponential.defvjp(exponential_fwd, exponential_bwd)


@partial(jax.custom_vjp, nondiff_argnums=(0, 2))
def applied(function, x, power):
    """wrong; with arguments that no gradient is asked for of"""
    return function(x) ** power


def applied_fwd(function, x, power):
    y = function(x)
    return y**power, (x, y)


def applied_bwd(function, power, kept, g):
    x, y = kept
    dy = g * y ** (power - 1)
    return (dy * jnp.cos(x),)


applied.defvjp(applied_fwd, applied_bwd)


@jax.custom_vjp
def picked(params, places, x):
    """right; trees, integers, None"""
    return params["scale"] * x[places], jnp.sum(x) * params["shift"][0]


def picked_fwd(params, places, x):
    return picked(params, places, x), (params, places, x)


def picked_bwd(kept, incoming):
    params, places, x = kept
    g, total = incoming
    dscale = jnp.sum(g * x[places])
    dshift = [total * jnp.sum(x), None]
    dx = jnp.zeros_like(x).at[places].add(g * params["scale"]) + total * params["shift"][0]
    return {"scale": dscale, "shift": dshift}, None, dx


picked.defvjp(picked_fwd, picked_bwd)


@jax.custom_vjp
def unaware(x, w):
    """wrong; with symbolic zeros"""
    return x * w, jnp.sin(x)


def unaware_fwd(x, w):
    return (x.value * w.value, jnp.sin(x.value)), (x.value, w.value)


def unaware_bwd(kept, incoming):
    x, w = kept
    g, s = incoming
    dx = g * w
    dw = g
    if not isinstance(s, jax.custom_derivatives.SymbolicZero):
        dx = dx + s * jnp.cos(x)
    return dx, dw


unaware.defvjp(unaware_fwd, unaware_bwd, symbolic_zeros=True)


@jax.custom_vjp
def shaped(x, w):
    """returns a shape that is not that of the input"""
    return x * w


shaped.defvjp(lambda x, w: (x * w, (x, w)), lambda kept, g: (g * kept[1], g * kept[0]))


@jax.custom_vjp
def short(x, w):
    """returns one value for two arguments"""
    return x * w


def short_bwd(kept, g):
    return (g * kept[1],)


short.defvjp(lambda x, w: (x * w, (x, w)), short_bwd)


@jax.custom_vjp
def missing(x, w):
    """returns None for an argument that has a gradient"""
    return x * w


def missing_bwd(kept, g):
    return g * kept[1], None


missing.defvjp(lambda x, w: (x * w, (x, w)), missing_bwd)


@jax.custom_vjp
def rounded(x):
    """straight through: meant"""
    return jnp.round(x)


rounded.defvjp(lambda x: (jnp.round(x), None), lambda kept, g: (g,))


@jax.custom_vjp
def loop(x):
    """wrong; a loop over the time, and a loop that only forward differentiation goes through"""
    return loop_fwd(x)[0]


def loop_fwd(x):
    def step(state, row):
        state = jnp.tanh(state + row)
        return state, state

    last, states = jax.lax.scan(step, jnp.zeros(x.shape[1]), x)
    return last, states


def loop_bwd(states, g):
    rows = []
    for state in states[::-1]:
        g = g * (1 - state)
        rows.append(g)
    return (jnp.stack(rows[::-1]),)


loop.defvjp(loop_fwd, loop_bwd)


@jax.custom_vjp
def outside(x):
    """wrong; computed outside JAX"""
    return outside_fwd(x)[0]


def outside_fwd(x):
    kind = jax.ShapeDtypeStruct(x.shape, x.dtype)
    return jax.pure_callback(lambda value: value**3, kind, x), x


def outside_bwd(x, g):
    dx = 3 * g * x
    return (dx,)


outside.defvjp(outside_fwd, outside_bwd)


@jax.custom_vjp
def other(x):
    """fwd gives another value than the function"""
    return jnp.sin(x)


def other_fwd(x):
    return jnp.sin(x) + 1, x


def other_bwd(x, g):
    return (g * jnp.cos(x),)


other.defvjp(other_fwd, other_bwd)


def scaled(factor):
    """a closure; wrong"""

    @jax.custom_vjp
    def times(x):
        return factor * x * x

    def times_fwd(x):
        return factor * x * x, x

    def times_bwd(x, g):
        dx = g * x * factor
        return (dx,)

    times.defvjp(times_fwd, times_bwd)
    return times
