"""Which files there are."""

from __future__ import annotations

from enum import StrEnum


class What(StrEnum):
    """What can be rendered."""

    SERVE = "serve"
    ENV = "env"
    RAYSERVICE = "rayservice"
    MANIFESTS = "manifests"
    RAY_UP = "ray-up"
    KARPENTER = "karpenter"
    EKSCTL = "eksctl"
