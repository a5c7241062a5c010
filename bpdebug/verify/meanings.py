"""What a person's tensors mean, by their names and their values.

Many programs keep gradients under the names of the parameters: `grads["W1"]`, or the `fc1.weight` of a
dictionary. So a tensor under a parameter's name and of its shape, or in another layout, is the parameter
where it has its values, and else its gradient.
"""

from __future__ import annotations

from collections.abc import Mapping

from bpdebug.engine.language.functions.entry import Array
from bpdebug.engine.program.program import Program
from bpdebug.verify.comparison import Tolerance, agrees
from bpdebug.verify.likely_names import as_laid_out
from bpdebug.verify.spellings import understood

GRAD = ".grad"
"""What PyTorch adds to the name of a parameter to get at its gradient."""


def meanings_of(arrays: Mapping[str, Array], program: Program, values: Mapping[str, Array]) -> dict[str, str]:
    """Return what a person's tensors mean: theirs -> ours, without those that are not understood.

    Parameters
    ----------
    arrays : mapping
        The person's tensors, by their names in the person's code.
    program : Program
        The program whose tensors are meant.
    values : mapping
        The values of its inputs, the parameters among them.
    """
    meanings = understood(arrays, program)
    unknown = [name for name in arrays if name not in meanings]
    of_gradients = understood([name + GRAD for name in unknown], program)
    for name in unknown:
        parameter = program.index.tensor_of.get(of_gradients.get(name + GRAD, ""))
        if parameter in program.parameters and any(as_laid_out(arrays[name], program.shapes[parameter])):
            meanings[name] = parameter
    taken = {*meanings.values()}
    for name, ours in meanings.items():
        gradient = program.index.gradient_of.get(ours, "")
        if ours not in program.parameters or not gradient or gradient in taken:
            continue
        found = as_laid_out(arrays[name], program.shapes[ours])
        if {agrees(array, values[ours], Tolerance()) for _, array in found} == {False}:
            meanings[name] = gradient
    return meanings
