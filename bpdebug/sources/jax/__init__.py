"""What JAX computes for a function, recorded as a script of NumPy's is.

The person's source has its hooks, as ever (see `sources.script`): they see statements, names, calls and
loops. JAX runs without `jit` meanwhile, on real values, and every primitive goes through a trace of ours:
forwards, backwards, and within what the person's own `bwd` computes. Each becomes nodes of the same records,
functions of NumPy's or of the tensor language with their values.

- `internals`: all that JAX keeps to itself and that is used here.
- `arrays`: which node an array stands for.
- `operations`: the tables, a primitive -> what it computes, in functions of NumPy's; `by_jax` computes again
  what they do not have.
- `stand_ins`: NumPy, where an expression is evaluated again.
- `watcher`: the trace; `functions`: the calls of custom functions; `analysis`: one such call.

Only this room and `bpdebug.jax` import JAX.
"""
