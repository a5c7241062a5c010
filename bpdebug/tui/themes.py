"""The themes: Textual's colours, and a scale from negative to positive that nobody's eyes mix up.

Numbers are coloured from orange through the background to blue. The ends are those of ColorBrewer's
schemes PuOr and RdBu (Cynthia Brewer, https://colorbrewer2.org), which it lists as safe for the colour-blind:
orange and blue stay apart where red and green do not. On a dark background the dark ends are used, on
a light one the light ends, so that the text of a cell can be read at every strength. The styles name
the ends only, `$positive` and `$negative`, and say how strong each level is.

A terminal of 16 colours shows the nearest that it has, often one that hides the text on it: there, the themes
are made of those 16, a dark one and a light one, and the strong half of the scale has a colour.
"""

from __future__ import annotations

from dataclasses import replace

from textual.theme import BUILTIN_THEMES, Theme

ON_DARK = {"negative": "#b35806", "positive": "#2166ac", "not-finite": "#a50026", "frame": "#ffffff 25%"}
ON_LIGHT = {"negative": "#f1a340", "positive": "#67a9cf", "not-finite": "#a50026", "frame": "#000000 40%"}

# ANSI's colours as Rich knows them, so that nothing is rounded to another. No text lies on yellow or brown,
# which terminals draw in many ways.
SIXTEEN_DARK = Theme(
    name="16 colours, dark",
    primary="#5555ff",
    secondary="#55ffff",
    warning="#ffff55",
    error="#ff5555",
    success="#55ff55",
    accent="#ffff55",
    foreground="#ffffff",
    background="#000000",
    surface="#000000",
    panel="#000000",
    variables={
        "negative": "#aa0000",
        "positive": "#0000aa",
        "not-finite": "#aa00aa",
        "frame": "#555555",
        "text-primary": "#55ffff",
        "text-secondary": "#55ffff",
        "text-accent": "#ffff55",
        "text-warning": "#ffff55",
        "text-error": "#ff5555",
        "text-success": "#55ff55",
        "text-muted": "#aaaaaa",
    },
)
SIXTEEN_LIGHT = Theme(
    name="16 colours, light",
    dark=False,
    primary="#0000aa",
    secondary="#0000aa",
    warning="#aa00aa",
    error="#aa0000",
    success="#0000aa",
    accent="#aa00aa",
    foreground="#000000",
    background="#ffffff",
    surface="#ffffff",
    panel="#ffffff",
    variables={
        "negative": "#ffff55",
        "positive": "#55ffff",
        "not-finite": "#ff5555",
        "frame": "#aaaaaa",
        "text-primary": "#0000aa",
        "text-secondary": "#0000aa",
        "text-accent": "#aa00aa",
        "text-warning": "#aa00aa",
        "text-error": "#aa0000",
        "text-success": "#0000aa",
        "text-muted": "#555555",
    },
)


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
        # On a projector, grey on grey is gone: the background is white. Textual's own oranges and its green
        # are too pale to be read on it.
        replace(
            themed(
                "light",
                "textual-light",
                **{"text-accent": "#754800", "text-warning": "#754800", "text-success": "#1c5f33"},
            ),
            background="#ffffff",
            surface="#ffffff",
            panel="#e4e8ec",
        ),
        themed("nord", "nord"),
        themed("gruvbox", "gruvbox"),
        HIGH_CONTRAST,
    )
}
"""In the order in which the key goes through them; the first is the default."""
DEFAULT_THEME = next(iter(THEMES))


def themes_in(colour_system: str | None) -> list[Theme]:
    """Return the themes of the table, as a terminal can show them.

    Parameters
    ----------
    colour_system : str or None
        What Rich calls the colours that the terminal has: `standard` and `windows` are 16.
    """
    if colour_system not in ("standard", "windows"):
        return [*THEMES.values()]
    return [
        replace(SIXTEEN_DARK if theme.dark else SIXTEEN_LIGHT, name=name) for name, theme in THEMES.items()
    ]
