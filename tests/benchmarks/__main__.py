"""`python -m tests.benchmarks` prints every figure beside its goal."""

from __future__ import annotations

from tests.benchmarks import (
    backward_check,
    capture,
    convolution,
    diagnosis,
    engine_run,
    false_blame,
    first_frame,
    gradient_check,
    headless_start,
    key_to_display,
    long_program,
    long_program_app,
    recording,
    stops,
    tensor_viewer,
    training_step,
    transformer,
)

print("| what | measured | goal |")
print("| --- | --- | --- |")
BENCHMARKS = (
    engine_run,
    convolution,
    transformer,
    capture,
    backward_check,
    first_frame,
    key_to_display,
    tensor_viewer,
    headless_start,
    gradient_check,
    diagnosis,
    false_blame,
    long_program,
    long_program_app,
    recording,
    stops,
    training_step,
)
for benchmark in BENCHMARKS:
    for line in benchmark.measure():
        print(f"| {line.what} | {line.found} | {line.goal} |", flush=True)
