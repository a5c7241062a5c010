"""How tightly what is written binds, as in Python: a sum less than a product, a call tightest of all."""

OR, AND, NOT, COMPARISON = 1, 2, 3, 5
SUM, PRODUCT, SIGN, POWER, ATTRIBUTE = 10, 20, 30, 40, 50
CALL = 100
"""What never needs parentheses: a name, `f(x)`."""
