"""Which tensor is meant by `dW2`, `delta1`, `grad_w2` or `fc1.weight.grad`: the names of common code.

Case and separators do not count, and a layer's number may be left out where only one tensor can be meant:

    w2        W2  W_2  weights2                  dw2   dW2  dW_2  dL_dW2  grad_w2  W2.grad  nabla_w2
    a0        X  input  a_prev1                  da0   dX  dinput  d_prev1  dA_prev1
    z1        Z1  Z_1                            dz1   dZ1  delta1  δ1  dL/dz1

    w_ih2     weight_ih_l0 of the first recurrent layer    dw_ih2    dW_ih  lstm.weight_ih_l0.grad

Layers are counted from 1 here. Lists count from 0 (`nabla_w[0]`), some number the units between which weights
lie (`weights_0_1`), and where the input is layer 1 the first delta is `delta2`. So where names of one kind go
on from another number, and there are as many of them as there are layers, they are the layers' in order.

Names of modules, such as `layers.0.weight.grad`, count layers in ways of their own: 0, 1, 2 in a list,
0, 2, 4 where activations are modules too, often 1, 2, 3 in names such as `fc1`. So they are understood
where there are as many numbered modules as layers with such a parameter, in the order of their numbers.

What could mean two things is not guessed: `d1` is a δ in one code and a dropout mask in another.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping

from bpdebug.engine.program.block import Block
from bpdebug.engine.program.program import Program

ROLES: Mapping[str, tuple[str, ...]] = {
    "a_prev": ("aprev", "prev"),
    "w": ("w", "weight", "weights", "theta"),
    "b": ("b", "bias", "biases"),
    **{f"w_{source}": (f"w{source}", f"weight{source}", f"weights{source}") for source in ("ih", "hh")},
    **{f"b_{source}": (f"b{source}", f"bias{source}", f"biases{source}") for source in ("ih", "hh")},
    "prediction": ("prediction", "pred", "yhat"),
}
"""What a layer's tensor is called in common code, before the layer's number; else by its role."""
RECURRENT = frozenset({"w_ih", "w_hh", "b_ih", "b_hh"})
"""The parameters whose names in PyTorch end with a count of the recurrent layers: `weight_ih_l0`."""
DATA = ("x", "input", "inputs")
"""What goes into the first layer."""
GRADIENTS = (
    *("d{}", "g{}", "grad{}", "{}grad", "grads{}", "gradient{}", "{}gradient", "gradients{}", "nabla{}"),
    *("dld{}", "djd{}", "ded{}", "dcd{}", "dlossd{}", "dcostd{}"),
)
"""How the gradient of a tensor is written."""
DELTA = "delta"
DELTAS = (DELTA, "del", "layerdelta", "ldelta")
"""The gradient of a layer's z, before or around its number."""

_SYMBOLS = str.maketrans({"∂": "d", "∇": "nabla", "δ": DELTA})
_MODULE = re.compile(
    r"(?P<stem>|.*[^0-9])(?P<number>[0-9]{1,9})\.(?P<parameter>weight|bias)\.grad", re.IGNORECASE
)
_RECURRENT = re.compile(
    r"(?P<stem>.*\.)(?P<parameter>(?:weight|bias)_(?:ih|hh)_l[0-9]{1,9}\.grad)", re.IGNORECASE
)
_NUMBERED = re.compile(r"(?P<stem>.*?)(?P<number>[0-9]{1,9})(?P<rest>[^0-9]*)", re.DOTALL)
_BETWEEN = re.compile(r"(?P<stem>.*[^0-9])(?P<number>[0-9]{1,9})[^0-9]+(?P<next>[0-9]{1,9})", re.DOTALL)
_MODULE_PARAMETERS = {"weight": "w", "bias": "b"}


def understood(theirs: Collection[str], program: Program) -> dict[str, str]:
    """Return what names of the user's code mean: theirs -> ours, without those that are not understood.

    Parameters
    ----------
    theirs : collection of str
        All names that the user gives: those of modules are read together.
    program : Program
        The program whose tensors are meant.
    """
    if all(name in program.shapes or name in program.unused for name in theirs):
        return {name: name for name in theirs}  # all spellings of a long program take a second
    aliases = spellings(program)
    modules = {**_modules(theirs, program), **_recurrent(theirs, aliases)}
    meanings = {name: _meaning(name, aliases, program) or modules.get(name, "") for name in theirs}
    meanings |= _counted(meanings, program)
    return {name: ours for name, ours in meanings.items() if ours}


def spelling(name: str) -> str:
    """Return a name without what does not count: case, separators, and the form of its symbols."""
    plain = unicodedata.normalize("NFKC", name).lower().translate(_SYMBOLS)
    return re.sub(r"[\W_]+", "", plain)


def spellings(program: Program) -> dict[str, str]:
    """Return every spelling that is understood for a program's tensors: spelling -> our name.

    A spelling that would mean two tensors is not among them.
    """
    meanings = defaultdict(set)
    gradient_of = {**program.index.gradient_of, **{name: unused for unused, name in program.unused.items()}}
    for word, name in _words(program):
        meanings[word].add(name)
        gradient = gradient_of.get(name)
        if gradient:
            for form in GRADIENTS:
                meanings[form.format(word)].add(gradient)
    for layer in program.blocks:
        gradient = gradient_of.get(layer.tensors.get("z", ""))
        if gradient:
            for number in _numbers(layer):
                for word in DELTAS[:2]:
                    meanings[f"{word}{number}"].add(gradient)
    return {word: names.pop() for word, names in meanings.items() if len(names) == 1}


def _words(program: Program) -> Iterator[tuple[str, str]]:
    for name in program.shapes:
        yield spelling(name), name
    for layer in program.blocks:
        for role, name in layer.tensors.items():
            for word in ROLES.get(role, (role,)):
                for number in _numbers(layer):
                    yield f"{word}{number}", name
    recurrent = [layer for layer in program.blocks if "w_hh" in layer.tensors]
    for count, layer in enumerate(recurrent):
        for role in RECURRENT & layer.tensors.keys():
            for word in ROLES[role]:
                yield f"{word}l{count}", layer.tensors[role]
    if program.blocks and "a_prev" in program.blocks[0].tensors:
        for word in DATA:
            yield word, program.blocks[0].tensors["a_prev"]


def _numbers(layer: Block) -> tuple[str, str]:
    return str(layer.number), ""


def _meaning(name: str, aliases: Mapping[str, str], program: Program) -> str:
    return name if name in program.shapes or name in program.unused else aliases.get(spelling(name), "")


def _counted(meanings: Mapping[str, str], program: Program) -> dict[str, str]:
    """Read names that count layers from another number than 1: all of a kind, if one means nothing yet."""
    kinds: defaultdict[tuple[str, str], dict[int, str]] = defaultdict(dict)
    for name in meanings:
        between = _BETWEEN.fullmatch(name)
        if between and int(between["next"]) == int(between["number"]) + 1:
            kinds[between["stem"], "-"][int(between["number"])] = name
        elif numbered := _NUMBERED.fullmatch(name):
            kinds[numbered["stem"], numbered["rest"]][int(numbered["number"])] = name
    in_order = _in_order(program) if kinds else {}
    found: dict[str, str] = {}
    counts: dict[str, dict[int, int]] = {}
    others: list[tuple[str, dict[int, str], dict[int, str]]] = []
    for (stem, rest), names in kinds.items():
        tensors, numbers = in_order.get(spelling(stem + rest), {}), sorted(names)
        is_run = bool(tensors) and numbers == [*range(numbers[0], numbers[0] + len(tensors))]
        if not is_run:
            others.append((rest, names, tensors))
        elif not all(meanings[name] for name in names.values()):
            found |= {names[number]: tensor for number, tensor in zip(numbers, tensors.values(), strict=True)}
            if _is_of_parameters(tensors, program):
                counts[rest] = dict(zip(numbers, tensors, strict=True))
    # A list of biases in which one is missing counts the layers as that of the weights does.
    for rest, names, tensors in others:
        layers = counts.get(rest, {})
        if _is_of_parameters(tensors, program) and all(layers.get(number) in tensors for number in names):
            found |= {name: tensors[layers[number]] for number, name in names.items()}
    return found


def _is_of_parameters(tensors: Mapping[int, str], program: Program) -> bool:
    tensor_of, given = program.index.tensor_of, program.inputs.keys() - program.batch_axes.keys()
    return bool(tensors) and all(tensor_of.get(name, name) in given for name in tensors.values())


def _in_order(program: Program) -> dict[str, dict[int, str]]:
    """Return the tensors that layers have under a name without its number, by the layers' own numbers."""
    found: defaultdict[str, dict[int, str]] = defaultdict(dict)
    gradient_of = program.index.gradient_of
    for layer in program.blocks:
        for role, name in layer.tensors.items():
            gradient = gradient_of.get(name)
            for word in ROLES.get(role, (role,)):
                found[word][layer.number] = name
                for form in GRADIENTS if gradient else ():
                    found[form.format(word)][layer.number] = gradient or ""
            for word in DELTAS if role == "z" and gradient else ():
                found[word][layer.number] = gradient or ""
    return found


def _modules(theirs: Collection[str], program: Program) -> dict[str, str]:
    """Read the names of modules, each parameter by itself: not every layer need have a bias."""
    meanings: dict[str, str] = {}
    layers: dict[int, int] = {}
    for word, role in _MODULE_PARAMETERS.items():
        found = {name: match for name in theirs if (match := _MODULE.fullmatch(name))}
        found = {name: match for name, match in found.items() if match["parameter"].lower() == word}
        gradients = {
            layer.number: program.index.gradient_of.get(layer.tensors[role], "")
            for layer in program.blocks
            if role in layer.tensors
        }
        stems = {match["stem"] for match in found.values()}
        numbers = sorted({int(match["number"]) for match in found.values()})
        if len(stems) != 1 or len(numbers) != len(found) or not all(gradients.values()):
            continue
        if len(numbers) == len(gradients):
            layers = dict(zip(numbers, gradients, strict=True))
        if all(layers.get(number) in gradients for number in numbers):
            meanings |= {name: gradients[layers[int(match["number"])]] for name, match in found.items()}
    return meanings


def _recurrent(theirs: Collection[str], aliases: Mapping[str, str]) -> dict[str, str]:
    """Read the names of a recurrent module's parameters; of two modules, each counts its own layers."""
    found = {name: match for name in theirs if (match := _RECURRENT.fullmatch(name))}
    if len({match["stem"] for match in found.values()}) != 1:
        return {}
    meanings = {name: aliases.get(spelling(match["parameter"]), "") for name, match in found.items()}
    return {name: ours for name, ours in meanings.items() if ours}
