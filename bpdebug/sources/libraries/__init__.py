"""What is common to the libraries that derive gradients, and whose tensors are no arrays of NumPy's.

- `running_sites`: where in the person's code something is computed that no hook of theirs sees.
- `terms`: how a table writes what an operation of a library computes, and the nodes that this becomes.
- `calls`: one call of a function with a backward of its own, as what the check of a person's own code judges;
  `exact`: the standard of that; `references`: the right gradients, where the recorded forward gives none.
- `first_bad`: the first NaN or infinity of a recording.

Nothing here imports such a library.
"""
