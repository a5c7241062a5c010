"""A program, what it gave when it ran, and how one moves through that."""
