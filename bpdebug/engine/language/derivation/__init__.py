"""The backward pass, derived from the forward pass by the rules of the function table."""
