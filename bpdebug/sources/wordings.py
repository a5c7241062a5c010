"""How a problem is worded: one table from what the model check finds to what a person reads."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

from pydantic_core import ErrorDetails

from bpdebug.sources.problems import KeyPath, ProblemReport, described, did_you_mean, key_path

Wording = Callable[[Any, Any, dict[str, Any], Sequence[str]], tuple[str, str]]
"""(the key, its value, pydantic's details, the keys known beside it) -> (message, hint)."""


def _missing(key: Any, value: Any, details: dict[str, Any], known: Sequence[str]) -> tuple[str, str]:
    found = ", ".join(key_path((other,)) for other in list(value)[:10]) or "no keys"
    return f"missing key: found {found}, expected also {key}", ""


def _not_a_list(key: Any, value: Any, details: dict[str, Any], known: Sequence[str]) -> tuple[str, str]:
    hint = "write [[layers]] before each layer" if key == "layers" else ""
    return f"wrong value: found {described(value)}, expected a list", hint


def _unknown_key(key: Any, value: Any, details: dict[str, Any], known: Sequence[str]) -> tuple[str, str]:
    expected = f"one of {', '.join(known)}" if len(known) > 1 else known[0]
    return f"unknown key: found {key_path((key,))}, expected {expected}", did_you_mean(key, known)


def _unknown_choice(key: Any, value: Any, details: dict[str, Any], known: Sequence[str]) -> tuple[str, str]:
    choices = re.findall(r"'([^']*)'", details["expected"])
    expected = f"one of {', '.join(choices)}" if len(choices) > 1 else choices[0]
    return f"unknown {key}: found {described(value)}, expected {expected}", did_you_mean(value, choices)


def _expected(what: str, hint: str = "") -> Wording:
    def wording(key: Any, value: Any, details: dict[str, Any], known: Sequence[str]) -> tuple[str, str]:
        return f"wrong value: found {described(value)}, expected {what.format(**details)}", hint

    return wording


def _ready(key: Any, value: Any, details: dict[str, Any], known: Sequence[str]) -> tuple[str, str]:
    return details["message"], details["hint"]


READY = "ready"
"""The type of a finding of our own, which brings its wording with it."""

WORDINGS: dict[str, Wording] = {
    READY: _ready,
    "missing": _missing,
    "extra_forbidden": _unknown_key,
    "literal_error": _unknown_choice,
    "string_type": _expected("text in quotes"),
    "string_too_short": _expected("text that is not empty"),
    "int_type": _expected("a whole number"),
    "float_type": _expected("a number"),
    "finite_number": _expected("a finite number"),
    "greater_than_equal": _expected("{ge} or more"),
    "greater_than": _expected("more than {gt}"),
    "bool_type": _expected("true or false"),
    "less_than_equal": _expected("{le} or less"),
    "less_than": _expected("less than {lt}"),
    "too_short": _expected("{min_length} entry or more"),
    "too_long": _expected("at most {max_length} entries"),
    "list_type": _not_a_list,
    "dict_type": _expected("a table"),
    "model_type": _expected("a table"),
}


def add_finding(report: ProblemReport, path: KeyPath, finding: ErrorDetails, known: Sequence[str]) -> None:
    """Note what pydantic found in the table at `path`; `known` are the keys it may have."""
    where = (*path, *finding["loc"])
    if report.is_full:
        report.add(where, finding["type"])  # it is only counted, and no effort on its wording is worth it
        return
    wording = WORDINGS.get(finding["type"], _expected(finding["msg"]))
    report.add(where, *wording(where[-1], finding["input"], finding.get("ctx", {}), known))
