"""One of the `[[layers]]` of a file: its table, checked by itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from bpdebug.engine.language.forms import Shape
from bpdebug.engine.language.functions import ACTIVATIONS
from bpdebug.engine.network import plugins
from bpdebug.engine.network.layers import LAYER_KINDS, LayerKind
from bpdebug.engine.network.layers.kind import Value
from bpdebug.sources.problems import ProblemReport
from bpdebug.sources.scenario.graph import LayerNode
from bpdebug.sources.scenario.model import check, check_kind, layer_model
from bpdebug.sources.scenario.tensors import AnyTensor


class LayerEntry(NamedTuple):
    """One of the file's `[[layers]]`, as far as it is sound.

    Attributes
    ----------
    place : LayerNode
        What it says about its place in the network, its number and kind among that.
    settings : mapping
        The values of its settings.
    tensors : mapping
        Its own parameters, by their roles.
    given : mapping
        What else it is given, in place of what would be generated, by its role.
    """

    place: LayerNode
    settings: Mapping[str, Value]
    tensors: Mapping[str, AnyTensor]
    given: Mapping[str, AnyTensor]

    @property
    def number(self) -> int:
        """Its place in the file, from 1."""
        return self.place.number

    @property
    def kind(self) -> LayerKind:
        """Its kind: `dense`, `conv2d`."""
        return self.place.kind

    @property
    def title(self) -> str:
        """What a listing calls the layer."""
        title = self.kind.title(self.settings)
        return f"{self.place.name}: {title}" if self.place.name else title

    @property
    def shapes(self) -> dict[str, Shape]:
        """The shapes of its tensors."""
        return {name: tensor.shape for name, tensor in self.tensors.items()}


def read_layer(number: int, table: Mapping[str, Any], report: ProblemReport) -> LayerEntry | None:
    """Check the table of one layer; None is returned where its kind or its place is not known.

    Parameters
    ----------
    number : int
        The place of the layer in the file, from 1.
    table : mapping
        What the file says of it.
    report : ProblemReport
        Takes what is wrong.
    """
    path = ("layers", number - 1)
    name = table.get("kind")
    if isinstance(name, str) and name not in LAYER_KINDS:
        try:
            plugins.bring_layer_kind(name)
        except plugins.PluginError as error:
            report.add((*path, "kind"), str(error))
            return None
    kind = check_kind(LAYER_KINDS, table, path, report, ACTIVATIONS)
    if kind is None:
        return None
    activation = table.get("activation")
    has_none = kind.unrolled is None and all(setting.name != "activation" for setting in kind.settings)
    if has_none and activation in ACTIVATIONS:
        message = f"no activation within a layer {kind.name}: found {activation}, expected a layer of its own"
        report.add((*path, "activation"), message, f'after this one, [[layers]] with kind = "{activation}"')
        table = {key: value for key, value in table.items() if key != "activation"}
    values = check(layer_model(kind.name, "share" in table), table, path, report)
    if any(key in table and values[key] is None for key in ("inputs", "share")):
        return None
    settings = {setting.name: values[setting.name] for setting in kind.settings}
    tensors = {
        parameter.name: values[parameter.name] for parameter in kind.parameters if values.get(parameter.name)
    }
    place = LayerNode(number, kind, values["name"] or "", values["inputs"], values["share"] or "")
    given = {made.name: values[made.name] for made in kind.generated if values.get(made.name)}
    return LayerEntry(place, settings, tensors, given)
