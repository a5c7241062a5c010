"""What other packages bring, found by their entry points: functions here, layer kinds in the network.

A package names them in its `pyproject.toml`, each under the name that scenarios use:

    [project.entry-points."bpdebug.layers"]
    scale = "my_package:SCALE"

    [project.entry-points."bpdebug.functions"]
    softsign = "my_package:SOFTSIGN"

They are looked for only when a scenario names something unknown, because a look at all installed packages
takes longer than the rest of the start. What is found is tried out before it is used: a broken one is an
error that names it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from importlib.metadata import entry_points
from typing import TypeVar

import numpy as np

from bpdebug.engine.language.functions import FUNCTIONS, Function, Sample
from bpdebug.engine.language.functions.entry import Parse, arrays, parsed_rules
from bpdebug.engine.language.nodes import Call, Name, places
from bpdebug.engine.language.provenance.origins import origin_of
from bpdebug.engine.language.shapes import options_of, shape_of
from bpdebug.errors import BpdebugError

GROUP = "bpdebug.functions"

Found = TypeVar("Found")


class PluginError(BpdebugError):
    """What another package brings cannot be used."""


def load(group: str, name: str, expected: type[Found], try_out: Callable[[Found], None]) -> Found | None:
    """Load what a package brings under a name.

    Parameters
    ----------
    group : str
        The group of entry points.
    name : str
        The name, as a scenario has it.
    expected : type
        What it must be.
    try_out : callable
        Uses it once; whatever it raises, the plugin is broken.

    Returns
    -------
    object or None
        None if no installed package has it.

    Raises
    ------
    PluginError
        If it cannot be loaded, is something else, or does not work.
    """
    entry = next(iter(entry_points(group=group, name=name)), None)
    if entry is None:
        return None
    where = f"the entry point {name} = {entry.value} of {group}"
    try:
        found = entry.load()
    except Exception as error:  # the code of others may raise anything
        raise PluginError(f"{where} cannot be loaded: {type(error).__name__}: {error}") from error
    if not isinstance(found, expected):
        raise PluginError(
            f"{where} is broken: found a {type(found).__name__}, expected a {expected.__name__}"
        )
    if getattr(found, "name", name) != name:
        raise PluginError(f"{where} is broken: found that it calls itself {getattr(found, 'name', '')!r}")
    try:
        try_out(found)
    except Exception as error:
        raise PluginError(f"{where} is broken: {type(error).__name__}: {error}") from error
    return found


@lru_cache
def bring_function(name: str, parse: Parse) -> bool:
    """Put the function of another package into the table; False if there is none.

    Parameters
    ----------
    name : str
        What the function is called.
    parse : callable
        Reads its derivatives.

    Raises
    ------
    PluginError
        If there is one, and it is broken.
    """

    def try_out(function: Function) -> None:
        FUNCTIONS[name] = function  # its derivative may be written in terms of it
        try:
            parsed_rules(function, function.arity, parse)
            for sample in function.samples:
                _try_readings(function, sample)
        except BaseException:
            del FUNCTIONS[name]
            raise

    return load(GROUP, name, Function, try_out) is not None


def _try_readings(function: Function, sample: Sample) -> None:
    """Use every reading of a function once, on a sample."""
    values = dict(zip(places(len(sample.arguments)), arrays(sample), strict=True))
    shapes = {name: value.shape for name, value in values.items()}
    call = Call(function.name, tuple(map(Name, values)), tuple(sample.options.items()))
    result = np.asarray(function.numpy(*values.values(), **options_of(call)))
    expected = shape_of(call, shapes)
    if result.shape != expected:
        raise BpdebugError(f"its result has shape {result.shape}, its form says {expected}")
    operands = [("",) * len(shape) for shape in shapes.values()]
    axes = function.form.axes_of(operands, tuple(shapes.values()), options_of(call))
    if len(axes) != result.ndim:
        raise BpdebugError(f"its result has {result.ndim} axes, its form names {len(axes)}")
    if result.size:
        origin_of("result", call, (0,) * result.ndim, result, values)
