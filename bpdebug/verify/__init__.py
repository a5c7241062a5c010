"""Is a gradient right, where did it first go wrong, and what was computed instead?"""
