"""The backward pass of torch, in calls: what goes back through an operation stands at the line that made it.

A node of autograd's has a number, given when its operation runs. Whatever runs while that node goes back is a
call of its own, and its statements have the place where the operation stands.
"""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

import torch
from torch._C._autograd import _get_sequence_nr
from torch.autograd.graph import _engine_run_backward

from bpdebug.sources.script.recorder.recorder import Recorder
from bpdebug.sources.script.recorder.records import Frame
from bpdebug.sources.script.sites import GRADIENT, MODULE, Site, Target

ENGINE = _engine_run_backward.__code__
"""Where torch's way back begins: its frame lies between the person's `backward()` and their hooks."""


class GradientCalls:
    """Knows where the nodes of autograd's were made, by their numbers."""

    def __init__(self, recorder: Recorder) -> None:
        self.recorder = recorder
        self.made: dict[int, Site] = {}  # where an operation stands
        self.modules: dict[int, str] = {}  # where that is in a module: what it is called
        self.sites: dict[int, Site] = {}  # the place of what goes back through it
        self.frames: dict[int, Frame] = {}  # the call that this is

    def runs(self, site: Site) -> None:
        """Note that an operation runs forwards; autograd has made its node already."""
        if not torch.is_grad_enabled():
            return
        number = _get_sequence_nr() - 1
        self.made[number] = site
        call = self.recorder.stack[-1].site
        if call is not None and call.role == MODULE:
            self.modules[number] = f"{call.function}()"

    @contextmanager
    def going_back(self, node: Any, here: Site | None) -> Iterator[Site | None]:
        """Let what runs now be a call of its own, at the place where the node of autograd's was made."""
        number, recorder = node._sequence_nr(), self.recorder
        made = self.made.get(number)
        if made is None or here is None:
            yield here
            return
        if number not in self.sites:
            target = Target(self.modules.get(number) or made.code)
            self.sites[number] = dataclasses.replace(made, role=GRADIENT, targets=(target,))
        frame = self.frames.get(number)
        if frame is None:
            site = dataclasses.replace(here, function=node.name(), role="")
            caller = (here.place.file, here.place.line)
            frame = Frame(len(recorder.frames), site, recorder.stack[-1], caller, recorder.time)
            self.frames[number] = frame
            recorder.frames.append(frame)
        recorder.stack.append(frame)
        try:
            yield self.sites[number]
        finally:
            if recorder.stack[-1] is frame:
                recorder.stack.pop()


def is_in_hook(files: Collection[str]) -> bool:
    """Whether code of some files runs within torch's way back: a hook on a tensor or a module."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and frame.f_code is not ENGINE:
        if frame.f_code.co_filename in files:
            return True
        frame = frame.f_back
    return False
