"""What a recorder has recorded, and the calls that it records in."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import NamedTuple

from bpdebug.sources.script.recorder.branches import Test
from bpdebug.sources.script.recorder.function_calls import FunctionCall, GoneBack
from bpdebug.sources.script.recorder.held import Containers
from bpdebug.sources.script.recorder.journal import Journal
from bpdebug.sources.script.recorder.objects import Objects
from bpdebug.sources.script.recorder.records import Frame, Instance, Node
from bpdebug.sources.script.recorder.updates import Update
from bpdebug.sources.script.sites import Site


class Record(NamedTuple):
    """What was recorded; see `bpdebug.sources.script.recording.Recording`, which has the same by name.

    `was_over` says that the iteration was over before the recording ended.
    """

    nodes: list[Node]
    instances: list[Instance]
    updates: list[Update]
    tests: list[Test]
    frames: list[Frame]
    objects: Objects
    journal: Journal
    held: Containers
    functions: Sequence[FunctionCall]
    gone_back: Sequence[GoneBack]
    iteration: int
    replacing: Sequence[Site]
    was_over: bool


class Calls(threading.local):
    """The calls that are under way: each thread has its own, within the script."""

    def __init__(self, script: Frame) -> None:
        self.stack = [script]
