"""What is common to the libraries that derive gradients, and whose tensors are no arrays of NumPy's.

- `places`: where in the person's code something is computed that no hook of theirs sees.
- `terms`: how a table writes what an operation of a library computes, and the nodes that this becomes.
- `calls`: one call of a function with a backward of its own, as what the check of a person's own code judges;
  `references`: the right gradients, where they cannot be derived from what was recorded.
- `first_bad`: the first NaN or infinity of a recording.

Nothing here imports such a library.
"""
