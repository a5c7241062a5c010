"""The person's functions that a correction may call."""

from __future__ import annotations

from bpdebug.verify.repair.own_functions import functions_of


def test_what_only_gives_back_what_it_gets_is_no_activation() -> None:
    names = {"decorated": lambda x: x, "squared": lambda x: x * x, "of_two": lambda x, y: x}
    assert list(functions_of(names, "")) == ["squared"]
