"""What is deployed and where, in the names that all rendered files share."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import version
from pathlib import Path

from vlp_graph.config import Cluster, Profile, ProfileError, load
from vlp_graph.render.text import dumped

WEIGHTS = "/weights"
"""Where the volume of weights is mounted, in every container."""
USER, GROUP = 1000, 100
"""Who runs in the container; as in Ray's own images."""
GATED = ("meta-llama/",)
"""Owners on the model hub whose weights want a token."""
_LONGEST_NAME = 41
"""Of a RayService: KubeRay makes names of Services from it."""


@dataclass(frozen=True)
class Target:
    """A profile as it is named, and what follows from it."""

    named: str
    """by name or path, as `load` takes it"""

    @cached_property
    def profile(self) -> Profile:
        return load(self.named)

    @cached_property
    def cluster(self) -> Cluster:
        """
        Raises:
            ProfileError: the profile has none.
        """
        if self.profile.cluster is None:
            raise ProfileError(
                f"{self.named}: this profile has no cluster section, which says on which machines it runs: add "
                "`cluster:` with at least `instance:` (docs/cluster.md)"
            )
        return self.profile.cluster

    @cached_property
    def name(self) -> str:
        """Of everything that is made on the cluster: `vlp-PROFILE`, a DNS label.

        Raises:
            ProfileError: the profile's name makes none.
        """
        name = f"vlp-{re.sub(r'[^a-z0-9]+', '-', self.profile.name.lower()).strip('-')}"
        if len(name) > _LONGEST_NAME:
            raise ProfileError(f"{self.named}: name: {name!r} is longer than {_LONGEST_NAME} characters: shorten name")
        return name

    @property
    def is_file(self) -> bool:
        """Whether the profile is a file of the user's, which has to be brought to the cluster."""
        return bool(Path(self.named).suffix)

    @cached_property
    def content(self) -> str:
        """The profile in one piece, without what it extends, as YAML that loads as the same."""
        return dumped(self.profile.model_dump(mode="json", exclude_unset=True))

    def on(self, folder: str) -> str:
        """How the cluster names the profile: by its name, or as a file in `folder`."""
        return f"{folder}/{Path(self.named).stem}.yaml" if self.is_file else self.named

    @cached_property
    def image(self) -> str:
        release = f"-{self.cluster.release}" if self.cluster.release else ""
        return f"{self.cluster.image}:{ray_version()}{release}"

    def check(self) -> None:
        """
        Raises:
            ProfileError: a secret without which the graph would not start there, or lose what it keeps.
        """
        secrets, models = self.cluster.secrets, self.profile.models
        shared = secrets.memory or self.profile.memory.url
        if self.profile.http.replicas > 1 and not shared:
            raise ProfileError(
                f"{self.named}: http.replicas is {self.profile.http.replicas}: sessions need a database that they "
                "share; cluster.secrets.memory has to name the secret with its url"
            )
        sources = [model.source for _, model in models]
        gated = [source for source in sources if source.startswith(GATED)]
        if gated and not secrets.hub:
            raise ProfileError(
                f"{self.named}: {gated[0]} is gated: cluster.secrets.hub has to name the secret with the hub's token"
            )


def ray_version() -> str:
    """The version of Ray that is installed here: the image's tag, and what the cluster is told."""
    return version("ray")
