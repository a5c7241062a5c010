"""The tables: an operation of torch's -> what it computes, forwards and backwards, one module a family."""
