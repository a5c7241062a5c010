"""A nanoGPT of 12 blocks, width 256, on 4 texts of 128 characters: recorded, and opened from its file.

Recording is measured against the same without it, in the processor's time, on one thread; opening is reading
the file, and computing all of its tensors once.
"""

from __future__ import annotations

import importlib.util
import math
import statistics
import tempfile
from pathlib import Path

from bpdebug.sources.capture.loading import load_capture
from tests.benchmarks.measure import Figure, processor_seconds

BLOCKS, WIDTH, HEADS, TEXTS, CHARACTERS, SIGNS = 12, 256, 8, 4, 128, 65
WHAT = f"nanoGPT of {BLOCKS} blocks, {TEXTS}×{CHARACTERS}×{WIDTH}"


def measure() -> list[Figure]:
    """Return how many times as long recording takes, and how long opening does."""
    if importlib.util.find_spec("torch") is None:
        return [Figure(f"{WHAT}: torch is not installed, see the extra `bench`", "", "")]
    import torch
    from torch import nn

    import bpdebug.torch

    class Block(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.before, self.between = nn.LayerNorm(WIDTH), nn.LayerNorm(WIDTH)
            self.together, self.out = nn.Linear(WIDTH, 3 * WIDTH), nn.Linear(WIDTH, WIDTH)
            self.wide = nn.Sequential(nn.Linear(WIDTH, 4 * WIDTH), nn.GELU(), nn.Linear(4 * WIDTH, WIDTH))

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            parts = self.together(self.before(x)).split(WIDTH, dim=2)
            q, k, v = (one.view(*x.shape[:2], HEADS, -1).transpose(1, 2) for one in parts)
            scores = q @ k.transpose(-2, -1) / math.sqrt(WIDTH // HEADS)
            weights = scores.masked_fill(later, -math.inf).softmax(dim=-1)
            x = x + self.out((weights @ v).transpose(1, 2).reshape(x.shape))
            return x + self.wide(self.between(x))

    torch.set_num_threads(1)
    torch.manual_seed(0)
    later = torch.triu(torch.ones(CHARACTERS, CHARACTERS), 1) == 1
    signs, places = nn.Embedding(SIGNS, WIDTH), nn.Embedding(CHARACTERS, WIDTH)
    last = nn.Sequential(nn.LayerNorm(WIDTH), nn.Linear(WIDTH, SIGNS, bias=False))
    net = nn.Sequential(*(Block() for _ in range(BLOCKS)), last)
    text, next_one = (torch.randint(0, SIGNS, (TEXTS, CHARACTERS)) for _ in range(2))

    def loss() -> torch.Tensor:
        scores = net(signs(text) + places(torch.arange(CHARACTERS)))
        return nn.functional.cross_entropy(scores.view(-1, SIGNS), next_one.view(-1))

    def step() -> None:
        for parameter in net.parameters():
            parameter.grad = None
        loss().backward()  # type: ignore[no-untyped-call]

    def recorded() -> None:
        with bpdebug.torch.record():
            step()

    pairs = [(processor_seconds(recorded), processor_seconds(step)) for _ in range(6)][1:]
    found = statistics.median(ours / theirs for ours, theirs in pairs)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "net.bpd")
        bpdebug.torch.capture(loss).save(path)
        opening = processor_seconds(lambda: load_capture(path).history().trace(1))
    return [
        Figure(f"recording a {WHAT} / running it", f"{found:.1f}", "≤ 4"),
        Figure("opening what was recorded", f"{opening:.1f} s", "≤ 3 s"),
    ]
