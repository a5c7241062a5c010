"""Where an element comes from: the elements that feed it, and the arithmetic between them."""
