"""The whole of a profile."""

from __future__ import annotations

from pydantic import Field, model_validator

from vlp_graph.config.cluster import Cluster
from vlp_graph.config.models import Models
from vlp_graph.config.service import Dialogue, Http, Memory, Telemetry
from vlp_graph.config.strict import Misplaced, Strict


class Profile(Strict):
    """One kind of place to run."""

    name: str = Field(min_length=1)
    """as the file is called"""
    description: str
    """the place in a sentence"""
    cpus: float | None = Field(default=None, gt=0)
    """cores that Ray is told there are; none: what the machine has"""
    http: Http = Http()
    dialogue: Dialogue = Dialogue()
    memory: Memory = Memory()
    telemetry: Telemetry = Telemetry()
    models: Models
    cluster: Cluster | None = None

    @property
    def request_s(self) -> float:
        """Seconds after which Serve's proxy gives a request up: later than whoever works on it."""
        return max(self.dialogue.turn_s, self.http.answer_s) + 30

    @model_validator(mode="after")
    def _fits_what_ray_is_told(self) -> Profile:
        wanted = self.http.num_cpus * self.http.replicas
        wanted += sum(m.num_cpus * m.ranks * m.replicas.max for _, m in self.models)
        if self.cpus is not None and wanted > self.cpus + 1e-6:
            raise Misplaced(
                f"replicas may use {wanted:g} CPUs together, cpus says {self.cpus:g}: raise cpus or lower num_cpus",
                "cpus",
            )
        return self
