"""`python -m tests.benchmarks` prints every ratio beside its goal."""

from __future__ import annotations

from tests.benchmarks import engine_run, first_frame, headless_start, key_to_display

print("| what | ratio | goal |")
print("| --- | --- | --- |")
for benchmark in (engine_run, first_frame, key_to_display, headless_start):
    for result in benchmark.measure():
        print(f"| {result.what} | {result.ratio:.2f} | ≤ {result.goal} |", flush=True)
