"""Every layer kind, from the table of kinds: its keys, a scenario with it, and the formulas of that scenario.

The scenario is made from the shapes that the kind itself declares, and loaded as any file is. So what the
manual shows is what the code derives.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from bpdebug.engine.language.printing import statement_text
from bpdebug.engine.network.layers import LAYER_KINDS, LayerKind, Layout, Setting
from bpdebug.engine.network.layers.layout import BATCH, ONES, REST, Multiple, Pattern, length_of
from bpdebug.sources.case import Case
from bpdebug.sources.scenario import load_scenario
from tests.manual.markdown import code, table, written

LENGTHS = {"time": 1, "height": 4, "width": 4, "length": 4, "filter height": 3, "filter width": 3}
"""Where 2 would show little, or too much."""


def kinds() -> str:
    """Write a section for each kind."""
    return "\n\n".join(_section(LAYER_KINDS[name]) for name in LAYER_KINDS)


def _section(kind: LayerKind) -> str:
    text = _scenario_text(kind)
    scenario = loaded(text)
    own = [statement for statement in scenario.program.statements if statement.layer == _number(kind)]
    rows = [(code(statement_text(one)), scenario.program.explanation_of(one)) for one in own]
    layouts = " and ".join(kind.layouts)
    count = f"{_counts(kind.inputs)} in; " if kind.inputs != range(1, 2) else ""
    incoming = "; in rows ".join(dict.fromkeys(_written(kind.input(Layout(name))) for name in kind.layouts))
    parts = [f"### {kind.name}", f"Layout {layouts}; {count}what comes in is {incoming}."]
    keys = [*_parameter_rows(kind), *_given_rows(kind), *_setting_rows(kind)]
    if keys:
        parts.append(table(("key", "value", "default"), keys))
    parts += [f"```toml\n{text}```", table(("statement", "why"), rows)]
    return "\n\n".join(parts)


def _counts(inputs: range) -> str:
    """Write how many tensors may come in."""
    if len(inputs) > 2:
        return f"{inputs[0]} to {inputs[-1]} tensors"
    return f"{' or '.join(map(str, inputs))} tensors"


def _parameter_rows(kind: LayerKind) -> Iterator[tuple[str, str, str]]:
    for parameter in kind.parameters:
        shapes = (_written(parameter.shape(Layout(name))) for name in kind.layouts)
        value = "; in rows ".join(dict.fromkeys(shapes))
        yield code(parameter.name), value, "required" if parameter.required else "none"


def _given_rows(kind: LayerKind) -> Iterator[tuple[str, str, str]]:
    for made in kind.generated:
        if made.refusal:
            yield code(made.name), _written(made.shape(Layout("rows"))), "generated"


def _setting_rows(kind: LayerKind) -> Iterator[tuple[str, str, str]]:
    for setting in kind.settings:
        yield code(setting.name), _setting_words(setting), written(setting.default)


def _setting_words(setting: Setting) -> str:
    """Write what a setting may be."""
    if setting.choices:
        return ", ".join(map(code, setting.choices))
    if isinstance(setting.default, bool):
        return "`true` or `false`"
    whole = isinstance(setting.default, (int, tuple))
    words = {"ge": "from", "gt": "more than", "le": "to", "lt": "less than"}
    limits = " ".join(f"{words[bound]} {limit:,}" for bound, limit in setting.bounds.items())
    number = f"{'whole number' if whole else 'number'} {limits}".strip()
    if isinstance(setting.default, tuple):
        return f"list of {number.replace('number', 'numbers', 1)}"
    return f"{number}, or a list of {setting.axes}" if setting.axes > 1 else number


def _written(pattern: Pattern) -> str:
    """Write a shape in words: `outputs × 1`."""
    names = {REST: "any axes", ONES: "1 × ... × 1"}
    return " × ".join(
        f"{extent.times}·{extent.of}" if isinstance(extent, Multiple) else names.get(extent, str(extent))
        for extent in pattern
    )


def _number(kind: LayerKind) -> int:
    """Return the place of the layer: one that joins tensors stands after a layer beside which it reads."""
    return 1 if 1 in kind.inputs else 2


def _shape(pattern: Pattern, kind: LayerKind) -> list[int]:
    """Return the shape of an example: what has no length of its own has length 2."""
    if pattern == (REST,):
        return [2, 2]
    axes = (
        [2, 2] if pattern == (BATCH, REST) and not kind.looks_up else [2] if pattern == (BATCH, REST) else []
    )
    lengths = {
        extent.of if isinstance(extent, Multiple) else extent: LENGTHS.get(str(extent), 2)
        for extent in pattern
    }
    shape: list[int] = []
    for extent in pattern:
        if extent == REST:
            shape += axes
        elif extent != ONES:
            shape.append(length_of(extent, lengths))
    return shape


def _scenario_text(kind: LayerKind) -> str:
    """Write the smallest scenario with such a layer; its gradient is as large as what the layer gives."""
    head = _head(kind)
    layer = _number(kind)
    result = loaded(head).program.shapes[f"a{layer}"]
    return f"{head}\n[gradient]\nda{layer} = {_random(list(result), 9)}\n"


def _head(kind: LayerKind) -> str:
    layout = Layout(kind.layouts[0])
    lines = [f'title = "A layer of the kind {kind.name}"', f'layout = "{layout.name}"', "", "[inputs]"]
    shape = _shape(kind.input(layout), kind)
    lines += [f"a0 = {[[0, 1], [1, 1]] if kind.looks_up else _random(shape, 1)}"]
    if _number(kind) == 2:
        lines += ["", "[[layers]]", 'name = "branch"', 'kind = "dense"', f"w = {_random([2, 2], 2)}"]
    lines += ["", "[[layers]]", f'kind = "{kind.name}"']
    if _number(kind) == 2:
        lines += ['inputs = ["branch", "input"]']
    for setting in kind.settings:
        if setting.name == "activation" and setting.default == "identity":
            lines += ['activation = "relu"']
    for seed, parameter in enumerate(kind.parameters, 3):
        shape = _shape(parameter.shape(layout), kind)
        lines += [f"{parameter.name} = {_random(shape, seed)}"]
    return "\n".join([*lines, ""])


def _random(shape: list[int], seed: int) -> str:
    return f'{{ random = "normal", shape = {shape}, seed = {seed} }}'


def loaded(text: str) -> Case:
    """Load the text of a scenario."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "example.toml"
        path.write_text(text, encoding="utf-8")
        return load_scenario(path)
