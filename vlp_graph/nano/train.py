"""`python -m vlp_graph.nano.train MODEL`: make one of the shipped checkpoints again."""

from __future__ import annotations

import argparse
from importlib import import_module
from pathlib import Path

CHECKPOINTS = Path(__file__).parent / "checkpoints"
RECIPES = {
    "grounding-dino": "grounding_dino",
    "sam": "sam",
    "idefics": "idefics",
    "distilbert-intent": "intent",
    "distilbert-form": "form",
    "smollm2-planner": "planner",
}
"""Name of each checkpoint folder and the recipe module that makes it."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", choices=RECIPES)
    parser.add_argument("--out", type=Path, help="folder to write (default: where the embedded profile reads it)")
    parser.add_argument("--minutes", type=float, help="CPU minutes (default: the recipe's own)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--start", type=Path, help="checkpoint to go on from (not: sam, distilbert-intent, distilbert-form)"
    )
    options = parser.parse_args()
    out = options.out or CHECKPOINTS / options.model
    out.mkdir(parents=True, exist_ok=True)
    recipe = import_module(f"vlp_graph.nano.recipes.{RECIPES[options.model]}")
    extra = {"start": options.start} if options.start else {}
    recipe.train(out, minutes=options.minutes, seed=options.seed, **extra)
    print({key: round(value, 4) for key, value in recipe.evaluate(out).items()})


if __name__ == "__main__":
    main()
