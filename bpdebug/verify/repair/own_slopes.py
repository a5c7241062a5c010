"""The functions of a person's that are, element by element, the derivative of another of theirs.

Of `f(z)` and `df(z)` with df = f′ neither is wrong, whatever either is given: where `df(f(z))` stands, it is
that line which is. They are called with a few numbers, and held to central differences.
"""

from __future__ import annotations

import numpy as np

from bpdebug.sources.script import Instance, Node, Recording
from bpdebug.verify.repair.evaluating import value_at
from bpdebug.verify.repair.own_functions import functions_at
from bpdebug.verify.repair.suspects import Suspect

POINTS = ((-1.3, 0.4, 0.9), (1.7, -0.6, 0.2))
"""Where they are compared: away from 0, where many have a corner."""
STEP = 1e-6
SAME = 1e-6


class OwnSlopes:
    """Knows which functions are the derivative of another one.

    Parameters
    ----------
    recording : Recording
        What ran; its functions are called within `callable_again`.
    """

    def __init__(self, recording: Recording) -> None:
        self.recording = recording
        self._known: dict[tuple[str, str], bool] = {}

    def has(self, suspect: Suspect) -> bool:
        """Whether a line stands in such a function."""
        site = suspect.site
        place = site.place.file, site.function
        if site.function and place not in self._known:
            self._known[place] = self._is_slope(suspect.first, site.function_name)
        return self._known.get(place, False)

    def _is_slope(self, within: Instance, name: str) -> bool:
        library, functions = functions_at(self.recording, within)
        own = next((text for text in functions if text.rpartition(".")[2] == name), None)
        others = [text for text in functions if text != own]
        return own is not None and any(self._agree(within, library, own, other) for other in others)

    def _agree(self, within: Instance, library: str, slope: str, function: str) -> bool:
        """Compare them on a matrix, on a row, and on a number: some take only one of these."""
        for points in (POINTS, POINTS[0], POINTS[0][0]):
            values = [np.add(points, by).tolist() for by in (0.0, STEP, -STEP)]
            given = [f"{library}.array({one})" if np.ndim(one) else repr(one) for one in values]
            texts = (f"{slope}({given[0]})", f"{function}({given[1]})", f"{function}({given[2]})")
            try:
                own, above, below = (
                    np.asarray(value_at(self.recording, within, text, _recorded), dtype=float)
                    for text in texts
                )
            except Exception:  # noqa: S112 (their functions may raise on what they are not made for)
                continue
            if own.shape == above.shape == np.shape(points):
                return bool(np.allclose(own, (above - below) / (2 * STEP), SAME, SAME))
        return False


def _recorded(node: Node) -> object:
    return node.value
