"""`python -m benchmarks NAME …`, the same as `vlp bench NAME …`."""

from __future__ import annotations

import sys

from vlp_graph.cli import app

if __name__ == "__main__":
    app(["bench", *sys.argv[1:]])
