"""Where what is debugged comes from: each kind of source in a room of its own."""
