"""The screen as an image in the current folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from textual.app import App
from textual.screen import Screen

from bpdebug.sources.files import written_whole


async def save_screenshot(screen: Screen[Any], scenario: str, step: int) -> None:
    """Save a screen as an SVG image, without the messages that may lie over it, and say where it is."""
    screen.app.clear_notifications()
    await screen.query("Toast").remove()
    screen.call_after_refresh(save, screen.app, scenario, step)


def save(app: App[Any], scenario: str, step: int) -> None:
    """Save what an app shows."""
    try:
        path = write_new(Path.cwd(), f"bpdebug-{scenario}-{step}", ".svg", app.export_screenshot())
    except OSError as error:
        message = f"{error.filename or 'this folder'}: cannot be written: {error.strerror}"
        app.notify(message, title="No screenshot", severity="error", markup=False)
    else:
        app.notify(str(path), title="Screenshot saved", markup=False)


def write_new(folder: Path, stem: str, suffix: str, text: str) -> Path:
    """Write a text to a file that is not there yet; where the name is taken, a number is added.

    Raises
    ------
    OSError
        If it cannot be written.
    """
    number = 1
    while True:
        path = folder / (f"{stem}{suffix}" if number == 1 else f"{stem}-{number}{suffix}")
        try:
            with written_whole(path) as file:
                file.write(text.encode())
        except FileExistsError:
            number += 1
        else:
            return path
