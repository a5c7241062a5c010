"""Runs modules of CPython's own tests as they are and with hooks, and prints what fails, in its own process.

python -m tests.sources.script.cpythons_tests test_scope test_with
"""

from __future__ import annotations

import contextlib
import importlib.util
import io
import json
import sys
import types
import unittest

from bpdebug.sources.script.instrumentation import instrument
from bpdebug.sources.script.recorder.hooks import Hooks
from bpdebug.sources.script.recorder.recorder import Recorder
from bpdebug.sources.script.running import hooks_in_place


def main(names: list[str]) -> None:
    found = {}
    for name in names:
        spec = importlib.util.find_spec("test") and importlib.util.find_spec(f"test.{name}")
        if spec is None or spec.origin is None:
            continue
        with open(spec.origin, "rb") as file:
            text = file.read()
        before = failures(compile(text, spec.origin, "exec", dont_inherit=True), spec.name)
        recorder = Recorder([])
        recorder.files.add(spec.origin)
        with hooks_in_place(Hooks(recorder).table()):
            after = failures(instrument(text, spec.origin, recorder.sites), spec.name)
        found[name] = before, after
    print(json.dumps(found))


def failures(code: types.CodeType, name: str) -> tuple[int, list[str]]:
    module = types.ModuleType(name)
    module.__file__, module.__package__ = code.co_filename, "test"
    kept, sys.modules[name] = sys.modules.get(name), module
    result = unittest.TestResult()
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        exec(code, module.__dict__)
        unittest.defaultTestLoader.loadTestsFromModule(module).run(result)
    if kept is None:
        del sys.modules[name]
    return result.testsRun, sorted(str(test) for test, _ in (*result.failures, *result.errors))


if __name__ == "__main__":
    main(sys.argv[1:])
