"""Tracebacks of the person's exceptions, without the frames that the recording has put into them."""

from __future__ import annotations

import sys
from typing import Any

PACKAGE = __name__.partition(".")[0]


def without_own(traceback: Any) -> Any:
    """Return a traceback without the frames of this package."""
    while traceback is not None and _is_own(traceback):
        traceback = traceback.tb_next
    here = traceback
    while here is not None:
        while here.tb_next is not None and _is_own(here.tb_next):
            here.tb_next = here.tb_next.tb_next
        here = here.tb_next
    return traceback


def _is_own(traceback: Any) -> bool:
    return bool(traceback.tb_frame.f_globals.get("__name__", "").startswith(f"{PACKAGE}."))


def caught() -> None:
    """Take our own frames out of the traceback of an exception that was caught."""
    error = sys.exc_info()[1]
    if error is not None:
        error.__traceback__ = without_own(error.__traceback__)
