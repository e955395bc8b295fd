"""The benchmark suite. Timings live here, never in tests."""

import os

from vlp_graph.serving import LOOPBACK

os.environ.update(LOOPBACK)  # read when Ray is imported: so the Ray of `vlp serve` is found
