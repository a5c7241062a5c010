"""A recorded case in two files, `net.bpd` and `net.bpd.safetensors`, to be opened where nothing of it runs.

The first is TOML: the source text, and every statement as data. The second has the tensors that are given.
To open them takes neither torch nor the person's code, and a stranger's files can run nothing: an expression
is a list that begins with the name of a function of the tensor language.
"""
