"""What the tensor viewer shows, as plain data and pure functions; its screen and widgets draw it."""
