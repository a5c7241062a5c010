"""Every command, scenario and script that the manual shows is tried out, page by page."""

from __future__ import annotations

import shlex
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import typer.main

from bpdebug import cli
from bpdebug.sources.scenario import load_scenario, shipped_scenarios
from tests.manual.examples import (
    Block,
    base_scenario,
    blocks,
    commands,
    inline_commands,
    is_shown,
    run_python,
    toml,
    with_part,
)
from tests.manual.pages import DOCS, PAGES
from tests.sources.tensors.writing import write_safetensors
from tests.tiers import deep

EXPRESSIONS = ("squareplus", "SCALE = LayerKind")
"""Python that stands for a part of a module; `tests/test_readme.py` puts it into one."""
OF_LIBRARIES = {DOCS / "pytorch.md": "torch", DOCS / "jax.md": "jax"}
"""Pages that show what needs a library, and which."""
LONG = {*OF_LIBRARIES, DOCS / "own-code.md"}
"""Pages whose scripts take seconds."""
OTHER_TOML = ("[keys]", "[project.entry-points")
"""TOML that is no scenario: settings, which `tests/test_readme.py` reads, and another package's own."""

Run = Callable[[str], tuple[int, str]]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    def run(line: str) -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", shlex.split(line))
        capsys.readouterr()
        status = cli.run_command_line()
        printed, problems = capsys.readouterr()
        return status, printed + problems

    return run


@pytest.mark.parametrize(
    "page", [deep(page) if page in LONG else page for page in PAGES], ids=lambda page: page.stem
)
def test_what_a_page_shows_is_what_happens(
    page: Path, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if page in OF_LIBRARIES:
        pytest.importorskip(OF_LIBRARIES[page])
    monkeypatch.chdir(tmp_path)
    for block in blocks(page.read_text(encoding="utf-8")):
        if block.file:
            Path(block.file).write_text(block.text, encoding="utf-8")
        elif block.language == "console":
            for command in commands(block):
                _, printed = run(command.line)
                assert is_shown(printed, command.shown), f"$ {command.line}\n{printed}"
        elif block.language == "toml":
            try_scenario(block, tmp_path)
        elif block.language == "python" and not any(mark in block.text for mark in EXPRESSIONS):
            run_python(block.text, tmp_path)
        else:
            assert block.language in ("python", "text"), block.text


def try_scenario(block: Block, folder: Path) -> None:
    if any(mark in block.text for mark in OTHER_TOML):
        return
    table = tomllib.loads(block.text)
    if "title" not in table:
        table = with_part(tomllib.loads(base_scenario(DOCS)), table)
    for layer in table.get("layers", []):
        weights = layer.get("w")
        if isinstance(weights, dict) and "file" in weights:
            write_safetensors(folder / weights["file"], {weights["key"]: ("F64", np.ones((4, 3)))})
    path = folder / "shown.toml"
    path.write_text(toml(table), encoding="utf-8")
    load_scenario(path)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_command_in_the_text_is_one(page: Path) -> None:
    """Names in capitals stand for anything; `open` can be left out."""
    subcommands = typer.main.get_command(cli.app).commands
    shipped = {path.stem for path in shipped_scenarios()}
    for line in inline_commands(page.read_text(encoding="utf-8")):
        words = shlex.split(line.split(" | ")[0].replace("\\|", "|"))[1:]
        name = words.pop(0) if words and words[0] in subcommands else "open"
        options = {option for parameter in subcommands[name].params for option in parameter.opts}
        options |= {"--version", "--help", "--install-completion", "--show-completion"}
        assert {word for word in words if word.startswith("--")} <= options, line
        for word in words[:1]:
            is_scenario = word in shipped or word.endswith((".toml", ".py")) or word.isupper()
            assert is_scenario or word.startswith("-"), line


def test_a_change_of_what_is_shown_is_noticed() -> None:
    printed = "loss = 0.5\ndz2  right         largest relative error 1e-16\nend\n"
    assert is_shown(printed, printed)
    assert is_shown(printed, "loss = 0.5\n...\nend\n")
    assert is_shown(printed, printed.replace("1e-16", "3e-16"))
    assert not is_shown(printed, printed.replace("0.5", "0.6"))
    assert not is_shown(printed, printed.replace("end\n", ""))
