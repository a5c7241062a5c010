"""The current line of a person's own code among those around it, over the debugger until a key closes it."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import ModalScreen

from bpdebug.engine.language.nodes import Source
from bpdebug.tui.widgets.source_view import SourceView


class SourceScreen(ModalScreen[None]):
    """Shows the file of a statement.

    Parameters
    ----------
    source : Source
        Where the statement stands.
    text : str
        The file.
    """

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,w,q", "dismiss", "close")]

    def __init__(self, source: Source, text: str) -> None:
        super().__init__()
        self.source = source
        self.text = text

    def compose(self) -> ComposeResult:
        """Lay the file over the whole screen."""
        yield SourceView(self.source.file, self.text, self.source.line, self.source.end_line)
