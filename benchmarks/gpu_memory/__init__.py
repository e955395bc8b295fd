"""`python -m benchmarks.gpu_memory PROFILE`: memory that each model of a profile takes, beside what `vlp plan` says.

Each model in a process of its own: its full architecture with random weights (or its own, where they are on this disk),
through the engine that the deployment loads, with the profile's options; then its largest batch, once. On a GPU what
torch, vLLM and the driver tell; with `--device cpu` resident memory.
"""
