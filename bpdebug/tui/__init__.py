"""The terminal app, and the only room that imports Textual: a thin reader of the debugger."""
