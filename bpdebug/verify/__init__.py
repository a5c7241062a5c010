"""Whether a gradient is right, where it first went wrong, and what was computed instead."""
