"""The hooks, and what they make of what they see."""
