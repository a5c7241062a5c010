"""A recording becomes a program of the tensor language, a statement for each value the person's code made."""
