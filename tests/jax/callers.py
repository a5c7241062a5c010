"""What calls functions with a `custom_vjp`, in the ways of JAX; see `test_backward`."""

from __future__ import annotations

import jax
import jax.numpy as jnp

from tests.jax import functions


def compiled(x):
    return jax.jit(functions.square)(x)


def batched(x):
    return jax.vmap(functions.square)(x)


def checkpointed(x):
    return jax.checkpoint(lambda x: jnp.sin(functions.square(x)))(x)


def in_a_loop(x):
    return jax.lax.scan(lambda c, row: (c + functions.square(row), None), jnp.zeros(x.shape[1]), x)[0]


def chosen(x):
    return jax.lax.cond(jnp.sum(x) > 0, functions.square, functions.exponential, x)


def leaky(x):
    return jax.nn.relu(functions.square(x)) + jax.nn.silu(x)
