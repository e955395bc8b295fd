"""What callers send on its way in, the same for every surface: bodies and media are read beside the event loop, few at
a time, and pictures behind URLs are fetched as the profile allows it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ParamSpec, TypeVar

import anyio
import anyio.to_thread
from starlette.requests import Request

from vlp_graph.config import Http
from vlp_graph.dialogue.turn import Picture
from vlp_graph.http import bodies
from vlp_graph.http.endpoint import JSON
from vlp_graph.http.fetch import Fetcher
from vlp_graph.http.media import decode_data_url, decode_picture
from vlp_graph.http.reply import until_gone

P = ParamSpec("P")
T = TypeVar("T")
Link = tuple[str, str]
"""A picture's URL after the place in the request where it stands."""


class Intake:
    """One for all surfaces of a replica: its limits hold for them together."""

    def __init__(self, http: Http, fetcher: Fetcher | None = None) -> None:
        self.limits, self._fetcher = http.limits, fetcher or Fetcher(http.fetch)
        self._decoding = anyio.CapacityLimiter(http.limits.decodes)

    async def run(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """What `work` returns or raises, in a thread; more than `limits.decodes` of them wait without one, as a picture
        of 25 megapixels takes some 200 MiB meanwhile. It ends even where its caller has left."""
        return await anyio.to_thread.run_sync(lambda: work(*args, **kwargs), limiter=self._decoding)

    async def json(self, request: Request) -> Any:
        """The JSON body of a request.

        Raises:
            UnsupportedMedia: a body of another type.
            InvalidRequest, TooLarge: no JSON, or more of it than is taken.
        """
        bodies.check_type(request, JSON)
        return await self.run(bodies.read_json, await request.body(), limits=self.limits)

    async def fetched(self, request: Request, links: Sequence[Link]) -> dict[str, bytes]:
        """The bytes behind each URL, as long as the caller stays; errors are those of `Fetcher.pictures`."""
        return await until_gone(request.receive, self.fetch(links)) if links else {}

    async def fetch(self, links: Sequence[Link]) -> dict[str, bytes]:
        """As `fetched`, where somebody else watches the caller."""
        return await self._fetcher.pictures(links)

    def picture(self, url: str, fetched: Mapping[str, bytes]) -> Picture:
        """The picture of a data: URL, or of one that was fetched; CPU work, with the errors of `http.media`."""
        return decode_picture(fetched[url], self.limits) if url in fetched else decode_data_url(url, self.limits)
