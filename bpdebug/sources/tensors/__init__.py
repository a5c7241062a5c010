"""Tensors in files: what a file declares is checked first, and its numbers are read when they are wanted.

A file may come from a stranger. Nothing in it is unpickled, no name in it leads to another file, and
memory is only asked for after the declared shape, dtype and size have been looked at. Each format is a
module with a function `members`, from an open file to what is in it. Only a scenario that names a file,
and `--mine`, import this folder.
"""
