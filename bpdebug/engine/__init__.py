"""The engine: the tensor language, programs, traces and the debugger; no files, no terminal."""
