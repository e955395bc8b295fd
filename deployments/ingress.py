"""The ingress: HTTP in front, the dialogue inside, handles to the models behind.

It runs no model and imports none, so that a replica is small and starts fast.
"""

from __future__ import annotations

import asyncio
from typing import Any

from ray import serve
from ray.serve.handle import DeploymentHandle

from deployments import logs
from deployments.backends import backends_over
from deployments.handles import models_over
from deployments.metrics import Counted, RequestsCounted
from deployments.scrape import NodeMetrics
from deployments.tracing import Traced
from vlp_graph.config import Profile
from vlp_graph.dialogue.dialogue import Dialogue
from vlp_graph.dialogue.memory import Remembering, Store
from vlp_graph.http.app import build_app

READY_WITHIN_S = 5.0


class _ReplicaApp:
    """Serve wants the ASGI app when the class is defined; ours needs the replica's handles.

    Start-up comes before the replica can be reached, so the lifespan protocol is answered here.
    """

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            while (message := await receive())["type"] != "lifespan.shutdown":
                await send({"type": f"{message['type']}.complete"})
            await send({"type": "lifespan.shutdown.complete"})
            return
        ingress: Any = serve.get_replica_context().servable_object
        await ingress.application(scope, receive, send)


@serve.deployment(name="Ingress")
@serve.ingress(_ReplicaApp())
class Ingress:
    """Composes the five model deployments into one dialogue over HTTP."""

    def __init__(
        self,
        profile: Profile,
        llama: DeploymentHandle[Any],
        idefics: DeploymentHandle[Any],
        grounded_sam: DeploymentHandle[Any],
        whisper: DeploymentHandle[Any],
        distilbert: DeploymentHandle[Any],
    ) -> None:
        logs.set_up()
        self._handles = {
            "llama": llama,
            "idefics": idefics,
            "grounded_sam": grounded_sam,
            "whisper": whisper,
            "distilbert": distilbert,
        }
        planner = profile.models.llama.planner is not None
        models = models_over(self._handles, planner=planner, ready=self._ready)
        dialogue = Remembering(Dialogue(models, profile.dialogue), Store(profile.memory))
        self.application = build_app(
            Traced(Counted(dialogue)),
            backends_over(self._handles),
            profile,
            scrape=NodeMetrics().scrape,
            watchers=[RequestsCounted()],
        )

    async def _ready(self) -> dict[str, bool]:
        """For each model whether a replica of it is up, loaded and warmed."""
        answers = await asyncio.gather(*map(self._is_ready, self._handles.values()))
        return dict(zip(self._handles, answers, strict=True))

    async def _is_ready(self, handle: DeploymentHandle[Any]) -> bool:
        response = handle.check_health.remote()
        try:
            await asyncio.wait_for(_result(response), READY_WITHIN_S)
        except Exception:  # whatever keeps a replica from answering: it is not ready
            response.cancel()  # type: ignore[no-untyped-call]
            return False
        return True


async def _result(response: Any) -> Any:
    return await response
