"""The files that belong to a user: the settings, which bpdebug only reads, and a mark that it leaves.

Both lie where the platform keeps such files. Whoever opens the app says which they are; an app that is
told of none reads none and leaves nothing behind.
"""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from platformdirs import PlatformDirs

from bpdebug.errors import ScenarioError
from bpdebug.sources.scenario.reading import read_table


@dataclass(frozen=True, slots=True)
class UserFiles:
    """Where a user's files are.

    Attributes
    ----------
    settings : Path
        The settings; only the user writes them, and they need not be there.
    welcomed : Path
        An empty file that is there once the user has been welcomed.
    """

    settings: Path
    welcomed: Path

    def read_settings(self) -> dict[str, Any]:
        """Return the settings as they are written; an empty table if there is no such file.

        Raises
        ------
        ScenarioError
            If the file cannot be read, or is not TOML.
        """
        return read_table(self.settings, str(self.settings)) if os.path.lexists(self.settings) else {}

    def theme(self) -> str:
        """Return the theme that the settings name, and look at nothing else; empty if there is none."""
        try:
            theme = self.read_settings().get("theme", "")
        except ScenarioError:
            return ""  # what is wrong is said when all of the file is read
        return theme if isinstance(theme, str) else ""

    def welcome(self) -> bool:
        """Whether this user is to be welcomed: true once, as far as the mark can be left."""
        if os.path.lexists(self.welcomed):
            return False
        with suppress(OSError):
            self.welcomed.parent.mkdir(parents=True, exist_ok=True)
            self.welcomed.touch()
        return True


def user_files() -> UserFiles:
    """Return where this platform keeps the files of this user."""
    folders = PlatformDirs("bpdebug", appauthor=False, roaming=True)
    return UserFiles(folders.user_config_path / "settings.toml", folders.user_state_path / "welcomed")
