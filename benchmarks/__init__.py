"""The benchmark suite. Timings live here, never in tests."""

import os

from vlp_graph.serving import FLAGS

for name, value in FLAGS.items():  # Ray reads them when it is imported: so it finds a cluster that is on loopback only
    os.environ.setdefault(name, value)
