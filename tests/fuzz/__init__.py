"""Whatever a stranger writes: each module here feeds one of the things that bpdebug reads.

Each target is a property on hypothesis: a few examples in the fast tier, many new ones in the deep one, and
as many as one likes by `python -m tests.fuzz`. That is steered by the code that is reached where `atheris` is
installed, and so the deep tier feeds them all for a while (`test_steered`).
Text is spoilt in two ways, letter by letter and piece by piece, as most spoilt texts are refused at once.

| module | what is read |
| --- | --- |
| `test_expressions` | expressions and commands |
| `test_scenarios` | scenarios |
| `test_mine` | the values and formulas of a user |
| `test_array_files` | array files |
| `test_scripts` | a person's own code |
| `test_captures` | captures |
| `test_settings` | the settings |
"""
