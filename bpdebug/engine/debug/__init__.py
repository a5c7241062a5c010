"""The debugger: a position in a run, what moves it, and where it stops."""
