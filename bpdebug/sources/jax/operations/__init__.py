"""The tables: a primitive of JAX's -> what it computes, one module a family."""
