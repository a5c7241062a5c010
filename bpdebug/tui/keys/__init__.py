"""Keys: each screen's table of actions, and what a user's settings make of it."""
