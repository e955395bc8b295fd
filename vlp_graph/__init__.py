"""vlp-graph: dialogue-guided visual language processing as one Ray Serve graph.

Importing this package is cheap on purpose: torch, vLLM, transformers and Ray are only imported
by the engine or deployment that needs them, when it loads.
"""

__version__ = "0.1.0"
