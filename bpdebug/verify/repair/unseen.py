"""A gradient that a kernel wrote: no line of it can be mended, but its values say what was computed.

The right formula is edited until it gives them, as for gradients that come from a file.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from bpdebug.engine.language.nodes import Expression, Name, names, replace
from bpdebug.engine.language.printing import numpy_text
from bpdebug.engine.program.program import Program
from bpdebug.sources.script import Node
from bpdebug.sources.script.analysis.analysis import Analysis
from bpdebug.sources.script.analysis.parameters import TrainedParameter
from bpdebug.sources.script.recorder.function_calls import UnseenWrite
from bpdebug.sources.script.recorder.records import same
from bpdebug.verify.diagnosis import Bench, explanations
from bpdebug.verify.repair.places import source_of
from bpdebug.verify.repair.report import Elements, Finding, ScriptReport

HANDS_ON = (same, np.copy, np.reshape)
LONGEST = 120
"""So many characters are read with ease."""
RTOL = 1e-4
"""How well a formula must give the values: a kernel computes with few bits."""


def written_unseen(analysis: Analysis, report: ScriptReport) -> Iterator[Finding]:
    """Yield the wrong gradients that no line of a call computes, with what was computed instead, if known."""
    found = {name for one in report.findings if not is_handed_on(one) for name in one.also_wrong}
    for parameter in analysis.parameters:
        node = parameter.pieces[0].chain[0].node if parameter.pieces else None
        tensor = ""
        while node is not None and node.function in HANDS_ON:
            tensor = tensor or (node.site.code if node.site is not None else "")
            node = node.operands[0]
        is_wrong = report.verdicts.get(parameter.name) == "wrong" and parameter.name not in found
        if is_wrong and node is not None and isinstance(node.function, UnseenWrite) and node.site:
            yield _finding(analysis, parameter, node, tensor)


def is_handed_on(finding: Finding) -> bool:
    """Whether a finding has a formula in the place of a name that is only handed on: `return dx`."""
    return finding.is_derived and finding.source.code.isidentifier()


def _finding(analysis: Analysis, parameter: TrainedParameter, node: Node, tensor: str) -> Finding:
    assert node.site is not None
    said = f"the gradient of {parameter.name} that is written here, by what nobody sees into, is wrong"
    source = source_of(node.site, node)
    right = analysis.gradients.get(parameter.old.id)
    elements = None
    if right is not None and np.shape(right) == np.shape(node.value) and np.size(right):
        place = np.unravel_index(int(np.argmax(np.abs(node.value - right))), np.shape(right))
        elements = Elements(tuple(map(int, place)), float(node.value[place]), float(np.asarray(right)[place]))
    computed = _computed(analysis, parameter, node)
    return Finding(
        source,
        "wrong",
        tensor,
        parameter.name,
        said + computed,
        elements=elements,
        also_wrong=(parameter.name,),
    )


def _computed(analysis: Analysis, parameter: TrainedParameter, node: Node) -> str:
    """Say by which formula the values are to be had, and which is right; nothing where no edit gives them."""
    assert analysis.loss is not None
    reference = analysis.loss.reference
    gradient = reference.program.index.gradient_of.get(reference.forward.names.get(parameter.old.id, ""))
    statement = next((one for one in reference.program.statements if one.name == gradient), None)
    if statement is None or node.shape != parameter.old.shape:
        return ""
    mine = np.asarray(node.value, dtype=float)
    values = {name: np.asarray(value) for name, value in reference.values().items()}
    found = explanations(Bench(reference.program), statement, mine, values, (), RTOL).candidates
    if not found:
        return ""
    yours, right = (_over_inputs(reference.program, one) for one in (found[0].expression, found[0].right))
    return f": it is {yours}, and should be {right}"


def _over_inputs(program: Program, expression: Expression) -> str:
    """Write a formula over what went into the call, while that is short: nothing else has a name."""
    text = numpy_text(expression)
    while True:
        inner = [name for name in names(expression) if name in program.positions]
        definitions: dict[Expression, Expression] = {
            Name(name): program.statements[program.positions[name] - 1].expression for name in inner
        }
        expression = replace(expression, definitions) if inner else expression
        if not inner or len(numpy_text(expression)) > LONGEST:
            return text
        text = numpy_text(expression)
