"""The themes: Textual's colours, and a scale from negative to positive that nobody's eyes mix up.

Numbers are coloured from orange through the background to blue. The ends are those of ColorBrewer's
schemes PuOr and RdBu (Cynthia Brewer, https://colorbrewer2.org), which it lists as safe for the colour-blind:
orange and blue stay apart where red and green do not. On a dark background the dark ends are used, on
a light one the light ends, so that the text of a cell can be read at every strength. The styles name
the ends only, `$positive` and `$negative`, and say how strong each level is.
"""

from __future__ import annotations

from dataclasses import replace

from textual.theme import BUILTIN_THEMES, Theme

ON_DARK = {"negative": "#b35806", "positive": "#2166ac", "not-finite": "#a50026", "frame": "#ffffff 25%"}
ON_LIGHT = {"negative": "#f1a340", "positive": "#67a9cf", "not-finite": "#a50026", "frame": "#000000 25%"}


def themed(name: str, textual_name: str, **variables: str) -> Theme:
    """Return one of Textual's themes, under a name of ours, with the scale and what else is to differ."""
    theme = BUILTIN_THEMES[textual_name]
    ours = ON_DARK if theme.dark else ON_LIGHT
    return replace(theme, name=name, variables={**theme.variables, **ours, **variables})


HIGH_CONTRAST = Theme(
    name="high-contrast",
    primary="#4da6ff",
    secondary="#00d5d5",
    warning="#ffb000",
    error="#ff6b6b",
    success="#3ddc84",
    accent="#ffd400",
    foreground="#ffffff",
    background="#000000",
    surface="#000000",
    panel="#1a1a1a",
    variables={**ON_DARK, "frame": "#a0a0a0", "text-muted": "#d9d9d9"},
)
THEMES: dict[str, Theme] = {
    theme.name: theme
    for theme in (
        themed("dark", "textual-dark"),
        # Textual's own oranges and its green are too pale to be read on this background.
        themed(
            "light",
            "textual-light",
            **{"text-accent": "#754800", "text-warning": "#754800", "text-success": "#1c5f33"},
        ),
        themed("nord", "nord"),
        themed("gruvbox", "gruvbox"),
        HIGH_CONTRAST,
    )
}
"""In the order in which the key goes through them; the first is the default."""
DEFAULT_THEME = next(iter(THEMES))
