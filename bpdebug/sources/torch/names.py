"""What parameters and modules are called, by the variable that leads to them: `net[0].weight`."""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterator, Mapping
from types import FrameType
from typing import Any

import torch


class ParameterNames:
    """Looks the names of parameters and modules up, in the variables of the person's code."""

    def __init__(self) -> None:
        self.known: dict[int, tuple[Any, str]] = {}  # the object is kept: its identity is not given again
        self.gone_through: set[int] = set()  # modules, with all that is in them

    def of(self, tensor: torch.Tensor, files: Collection[str]) -> str:
        """Return what a parameter is called; empty where no variable leads to it."""
        return self._found(tensor, files)

    def of_module(self, module: torch.nn.Module, files: Collection[str]) -> str:
        """Return what a module is called; empty where no variable leads to it."""
        return self._found(module, files)

    def _found(self, value: Any, files: Collection[str]) -> str:
        if id(value) not in self.known:
            if isinstance(value, torch.nn.Module | torch.nn.Parameter):
                self.gone_through.clear()  # it may have come to a module since
            self._look(files)
        found = self.known.get(id(value))
        return found[1] if found is not None and found[0] is value else ""

    def _look(self, files: Collection[str]) -> None:
        """Go through the variables of all calls that run, the outermost first: it knows the whole."""
        frames = [*_frames(files)][::-1]
        for variables in (*(frame.f_globals for frame in frames), *(frame.f_locals for frame in frames)):
            for name, value in list(variables.items()):
                if isinstance(value, torch.nn.Module):
                    self._take(value, name)
                elif isinstance(value, torch.Tensor) and not name.startswith("_"):
                    self._take_one(value, name)
                elif isinstance(value, list | tuple | dict) and len(value) <= 100:
                    self._take_parts(value, name)

    def _take_parts(self, container: Any, name: str) -> None:
        parts = container.items() if isinstance(container, Mapping) else enumerate(container)
        for key, value in parts:
            if isinstance(value, torch.nn.Module):
                self._take(value, f"{name}[{key!r}]")
            elif isinstance(value, torch.Tensor):
                self._take_one(value, f"{name}[{key!r}]")

    def _take(self, module: torch.nn.Module, name: str) -> None:
        if id(module) in self.gone_through:
            return
        self.gone_through.add(id(module))
        for path, inner in module.named_modules():
            self._take_one(inner, joined(name, path))
        for path, tensor in (*module.named_parameters(), *module.named_buffers()):
            self._take_one(tensor, joined(name, path))

    def _take_one(self, value: Any, name: str) -> None:
        held = self.known.get(id(value))
        if held is None or held[0] is not value:
            self.known[id(value)] = (value, name)


def joined(name: str, path: str) -> str:
    """Return a path within a module as it is written in Python: `net[0].weight`."""
    for part in path.split(".") if path else ():
        name += f"[{part}]" if part.isdigit() else f".{part}"
    return name


def _frames(files: Collection[str]) -> Iterator[FrameType]:
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        # What an object that is being made calls its parts is not what they will be called.
        if frame.f_code.co_filename in files and frame.f_code.co_name != "__init__":
            yield frame
        frame = frame.f_back
