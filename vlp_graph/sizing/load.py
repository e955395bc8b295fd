"""From a profile, measured service times and a load to replicas and machines."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from vlp_graph.config import Llama, Models, Profile, Whisper
from vlp_graph.config.strict import ProfileError
from vlp_graph.sizing import plan
from vlp_graph.sizing.queueing import Measured, Sized, Station, size

INGRESS = "ingress"
TASK_STATIONS = {
    "chat": "llama",
    "describe": "idefics",
    "answer": "idefics",
    "detect": "grounded_sam",
    "segment": "grounded_sam",
    "count": "grounded_sam",
    "classify": "distilbert",
}
"""The deployment that a task's seconds are counted at, though some tasks ask a second one in passing."""


@dataclass(frozen=True)
class Answer:
    """`sized` is None where no number of replicas answers in time. `ceiling`: turns a second that one machine's cores
    can do at most (infinite where nothing computes on them). `planned`: the plan with these replicas, if it fits."""

    sized: Sized | None
    ceiling: float
    planned: plan.Plan | None
    problem: str | None = None


def stations(profile: Profile, measured: Measured) -> dict[str, Station]:
    """The deployments as the simulation knows them, with the fewest replicas that the profile allows."""
    found = {INGRESS: Station(profile.http.replicas, profile.http.max_ongoing_requests)}
    for name, model in profile.models:
        slots = (
            model.max_num_seqs if isinstance(model, Llama) else 1 if isinstance(model, Whisper) else model.batch.size
        )
        found[name] = Station(model.replicas.min, slots, measured.gains.get(name, 0.0), model.device == "cpu")
    return found


def answer(profile: Profile, measured: Measured, rate: float, slo_s: float) -> Answer:
    """Replicas for `rate` turns a second of which 95 of 100 are answered in `slo_s`."""
    now = stations(profile, measured)
    on_cores = sum(seconds for name, seconds in measured.work().items() if now[name].on_cpu)
    on_gpus = any(model.device == "cuda" for _, model in profile.models)
    ceiling = math.inf if on_gpus or not on_cores else measured.cores / on_cores
    if on_gpus:  # cores come with the machines there; what little runs on them is taken to be free
        now = {name: Station(s.replicas, s.slots, s.gain, on_cpu=False) for name, s in now.items()}
    sized = size(now, measured, rate=rate, slo_s=slo_s, cores=measured.cores)
    if sized is None or not on_gpus:
        return Answer(sized, ceiling, None)
    try:
        return Answer(sized, ceiling, plan.make(_with(profile, sized)))
    except ProfileError as error:
        return Answer(sized, ceiling, None, str(error))


def _with(profile: Profile, sized: Sized) -> Profile:
    """The profile with as many replicas as were found, always."""
    models = {}
    for name, model in profile.models:
        n = sized.replicas[name]
        models[name] = model.model_copy(update={"replicas": model.replicas.model_copy(update={"min": n, "max": n})})
    http = profile.http.model_copy(update={"replicas": sized.replicas[INGRESS]})
    return profile.model_copy(update={"models": Models.model_construct(**models), "http": http})


def seconds(text: str) -> float:
    """`3s`, `1.5`, `800ms`, `2m` as seconds.

    Raises:
        ProfileError: no such length of time.
    """
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*(ms|s|m|min)?", text.strip())
    if not found or not float(found[1]):
        raise ProfileError(f"{text!r} is no length of time: 3s, 800ms, 2m")
    return float(found[1]) * {"ms": 0.001, "m": 60.0, "min": 60.0}.get(found[2] or "s", 1.0)
