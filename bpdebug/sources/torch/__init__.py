"""A script whose values torch computes, recorded as one of NumPy's is.

The person's source has its hooks, as ever (see `sources.script`): they see statements, names, calls and
loops. What torch computes below is seen by torch's own hook, a mode that gets every operation, forwards and
backwards. Each becomes nodes of the same records, functions of NumPy's or of the tensor language with their
values. So everything that reads a recording - statements, analysis, edits, replay - reads these.

- `tensors`: which node a tensor stands for.
- `operations`: the tables, an operation of torch's -> what it computes, in functions of NumPy's; `by_torch`
  computes again what they do not have.
- `watcher`: the mode; `calls`: the modules of torch's as calls.

Only this room and `bpdebug.torch` import torch.
"""
