"""How much a file, a line or a script may ask for: whatever it says, bpdebug stays within these bounds.

Files, scripts and expressions may come from a stranger. What they would take is estimated before it is
done, and what goes beyond a limit is refused with a message that names it. Together the limits keep bpdebug
within a gibibyte beside the tensors of a file, and within some ten seconds until it answers. Only what writes
every number as text, `trace`, goes on for as long as there are numbers: megabytes in a second.
"""

from __future__ import annotations

from typing import NamedTuple


class Limits(NamedTuple):
    """The limits; a message names each as it is called here.

    Attributes
    ----------
    tensor_elements : int
        One tensor: twice the weights of a 4096 × 4096 layer, a quarter of a gibibyte in float64.
    tensor_axes : int
        No layer has tensors with more axes than a few; NumPy itself ends at 64.
    run_elements : int
        All tensors of a run together, as each is kept to go back to, and what its largest statement holds on
        the way: a gibibyte in float64. A capture in float32 may hold twice as many.
    run_products : int
        All multiplications of a run, with what takes as long: some ten seconds.
    expression_elements : int
        All that one expression computes, on the way too.
    expression_products : int
        All multiplications of one expression: some seconds.
    expression_characters, expression_depth : int
        The text of one expression. Every reading of its tree is a recursion of its depth.
    statements : int
        The statements of a program, those of the backward pass and of the updates too.
    layers, layer_inputs, time_steps, microbatches, iterations : int
        What the tables of a scenario ask for.
    program_characters : int
        The text of a `program`: to read and derive one that is longer takes more than some seconds.
    file_bytes : int
        A scenario: the parser needs up to a hundred times its size. 200,000 elements fit, and more can be
        random.
    capture_bytes : int
        The statements of a capture, as text that bpdebug has written: some 25,000 of them.
    key_parts : int
        The parts of one key of a file, `a.b.c`: the parser looks at all the parts before, for each.
    json_bytes, csv_line_bytes : int
        Arrays as text.
    npy_header_bytes, npz_directory_bytes, safetensors_header_bytes : int
        What an array file says of itself before its numbers.
    command_characters, script_characters : int
        One command, and a script of commands.
    """

    tensor_elements: int = 2**25
    tensor_axes: int = 8
    run_elements: int = 2**27
    run_products: int = 2**35
    expression_elements: int = 2**27
    expression_products: int = 2**34
    expression_characters: int = 4000
    expression_depth: int = 100
    statements: int = 100_000
    layers: int = 10_000
    layer_inputs: int = 32
    time_steps: int = 256
    microbatches: int = 64
    iterations: int = 10**9
    program_characters: int = 2**21
    file_bytes: int = 4 * 2**20
    capture_bytes: int = 8 * 2**20
    key_parts: int = 32
    json_bytes: int = 64 * 2**20
    csv_line_bytes: int = 4 * 2**20
    npy_header_bytes: int = 2**16
    npz_directory_bytes: int = 4 * 2**20
    safetensors_header_bytes: int = 4 * 2**20
    command_characters: int = 10_000
    script_characters: int = 2**20


LIMITS = Limits()


def at_most(name: str, unit: str = "") -> str:
    """Write a limit as messages do, with its name: `at most 4,000 characters (the limit ...)`."""
    most = getattr(LIMITS, name)
    number = f"{most:,}" if most >= 10_000 else str(most)
    return f"{f'at most {number} {unit}'.strip()} (the limit {name})"
