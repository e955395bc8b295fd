"""Profiles for clusters: those of the package, and two small ones that take every turn of the renderer."""

from __future__ import annotations

from pathlib import Path

from vlp_graph.config import load, names

ON_CLUSTERS = [name for name in names() if load(name).cluster is not None]
"""Of the package."""

EKS = """\
extends: embedded
name: tiny-eks
description: One model on GPUs, everything on.
cpus: null
http: {replicas: 2}
telemetry: {otlp_endpoint: "http://collector:4318", sampled: 0.5}
models:
  llama: {device: cuda, num_gpus: 0.5, dtype: float16, replicas: {min: 1, max: 5}}
  idefics: {device: cuda, num_gpus: 0.3, dtype: float16, replicas: {min: 1, max: 2}}
cluster:
  instance: g5.2xlarge
  nodes: {min: 1, max: 4, idle_s: 120}
  spot: true
  image: registry:5000/team/vlp-graph
  release: "7"
  redis: redis.data:6379
  upgrade: NewClusterWithIncrementalUpgrade
  gradual: {gateway: istio}
  pod_monitor: true
  public: true
  clients: [10.0.0.0/16]
  instance_profile: vlp-pull
  secrets: {redis: vlp-redis, memory: vlp-memory, hub: vlp-hub}
"""
PLAIN = """\
extends: embedded
name: Plain_GPU
description: As little as a cluster section can say.
cpus: null
models:
  llama: {device: cuda, num_gpus: 1, dtype: float16, replicas: {min: 2, max: 3}}
cluster: {instance: g5.12xlarge}
"""


def written(folder: Path, text: str = EKS) -> str:
    """The path of a file with that text."""
    path = folder / "mine.yaml"
    path.write_text(text, encoding="utf-8")
    load.cache_clear()
    return str(path)
