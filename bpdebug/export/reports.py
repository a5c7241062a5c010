"""Reports as text: a table format -> function."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from bpdebug.export.check_report import json_report, junit_report, markdown_report, text_report
from bpdebug.verify.report import Report

CHECK_FORMATS: dict[str, Callable[[Report], Iterator[str]]] = {
    "text": text_report,
    "json": json_report,
    "markdown": markdown_report,
    "junit": junit_report,
}
