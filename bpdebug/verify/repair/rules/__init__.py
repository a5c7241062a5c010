"""Rules: what may have been meant at a node of an expression, by kinds of mistakes."""
