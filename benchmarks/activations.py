"""`python -m benchmarks.activations`: what a pass of the vision models takes of memory, beside what `vlp plan` says.

Published architectures with random weights, float32, on the CPU: how large tensors are does not depend on their
values. Each model runs in a process of its own; the memory that it has at most while a pass runs, less what it had
before, is sampled every five milliseconds.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from vlp_graph.sizing.architectures import architecture
from vlp_graph.sizing.memory import GIB, detector_gib, outliner_gib

CASES = ("facebook/sam-vit-base", "IDEA-Research/grounding-dino-tiny")


def peak_gib(work: Callable[[], Any]) -> float:
    """Memory that `work` takes on top, at most."""
    import psutil
    import torch

    process, done, peak = psutil.Process(), threading.Event(), [0]

    def watch() -> None:
        while not done.wait(0.005):
            peak[0] = max(peak[0], process.memory_info().rss)

    before = process.memory_info().rss
    watcher = threading.Thread(target=watch)
    watcher.start()
    with torch.inference_mode():
        work()
    done.set()
    watcher.join()
    return float(peak[0] - before) / GIB


def measure(source: str) -> list[dict[str, Any]]:
    """For each size of a pass the estimate and what was measured, in GiB."""
    import torch
    import transformers

    torch.set_num_threads(1)
    built = architecture(source)
    if built.family == "sam":
        from vlp_graph.engines.torchvision_shim import ensure_torchvision

        ensure_torchvision()
        from segment_anything import sam_model_registry

        encoder = sam_model_registry["vit_b"]().eval().image_encoder
        picture = torch.randn(1, 3, 1024, 1024)
        measured = [("one picture", outliner_gib(built, "float32"), peak_gib(lambda: encoder(picture)))]
    else:
        config: Any = transformers.AutoConfig.for_model(**dict(built.config))
        model = transformers.GroundingDinoForObjectDetection(config).eval()
        measured = []
        for phrases in (1, 2):
            ids = torch.tensor([[101, 4937, 1012, 102]] * phrases)
            inputs = {"input_ids": ids, "attention_mask": torch.ones_like(ids)}
            inputs["pixel_values"] = torch.randn(phrases, 3, *built.picture)
            words = f"{phrases} phrase" + ("s" if phrases > 1 else "")
            measured.append((words, detector_gib(built, phrases, "float32"), peak_gib(partial(model, **inputs))))
    return [{"model": source, "pass": words, "estimate_gib": e, "measured_gib": m} for words, e, m in measured]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--save", type=Path)
    parser.add_argument("--only", choices=CASES, help="this model, as JSON")
    options = parser.parse_args()
    if options.only:
        print(json.dumps(measure(options.only)))
        return
    rows = []
    for source in CASES:
        command = [sys.executable, "-m", "benchmarks.activations", "--only", source]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
        rows += json.loads(done.stdout.splitlines()[-1])
    table = Table("model", "pass", "estimate GiB", "measured GiB", "ratio")
    for row in rows:
        estimate, measured = row["estimate_gib"], row["measured_gib"]
        table.add_row(row["model"], row["pass"], *(f"{x:.2f}" for x in (estimate, measured, estimate / measured)))
    Console().print(table)
    if options.save:
        options.save.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
