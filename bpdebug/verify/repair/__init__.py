"""Repair: which line of a person's own code is wrong, and what should stand there, proven on fresh values."""
