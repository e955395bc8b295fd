"""The profile: everything that differs between a laptop and a cluster, as one frozen tree.

A profile is a strict YAML file; a typo is an error that names the line and the nearest right key. Resource numbers
that follow from others (vLLM's memory share, placement bundles) are derived where they are used, never written twice.
The environment is read in this package and nowhere else.
"""

from vlp_graph.config.cluster import Cluster
from vlp_graph.config.environment import api_key, cache_dir, mark_served
from vlp_graph.config.loading import load, names, place, served
from vlp_graph.config.models import Batch, DistilBert, GroundedSam, Idefics, Llama, Model, Models, Replicas, Whisper
from vlp_graph.config.profile import Profile
from vlp_graph.config.service import Dialogue, Fetch, Http, Limits, Memory, Telemetry, Tgi
from vlp_graph.config.strict import ProfileError

__all__ = [
    "Batch",
    "Cluster",
    "Dialogue",
    "DistilBert",
    "Fetch",
    "GroundedSam",
    "Http",
    "Idefics",
    "Limits",
    "Llama",
    "Memory",
    "Model",
    "Models",
    "Profile",
    "ProfileError",
    "Replicas",
    "Telemetry",
    "Tgi",
    "Whisper",
    "api_key",
    "cache_dir",
    "load",
    "mark_served",
    "names",
    "place",
    "served",
]
