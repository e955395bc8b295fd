"""What a connection may send before it is a request. uvicorn, in which Serve's proxy runs, bounds none of it.

With httptools it collects headers, trailers and the URL of any length (60 MB were taken), and a connection that never
finishes its headers stays for ever. Serve has no option for either, so the protocol class that uvicorn would choose is
replaced by one that counts.
"""

from __future__ import annotations

import asyncio
import json
from typing import Any

from uvicorn.protocols.http import auto
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from vlp_graph.errors import HeadersTooLarge, ServingError, TooSlow
from vlp_graph.http.errors import error_body

MOST_BYTES = 128 * 1024
"""Of one head, or between two pieces of a body: chunk extensions, trailers. The application's own limit is lower."""
HEAD_SECONDS = 15.0


def guard_connections() -> None:
    """Servers that are made from here on in this process count, where nobody chose a protocol for them."""
    auto.AutoHTTPProtocol = Counting


class Counting(HttpToolsProtocol):
    """Closes connections whose head is too long, or too long on its way."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._unused = 0
        self._moved_on = False
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._expect_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_timer()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        self._moved_on = False
        self._unused += len(data)
        super().data_received(data)
        if self._moved_on:
            self._unused = 0
        if self._unused > MOST_BYTES and not self.transport.is_closing():
            self._close(HeadersTooLarge("the request's headers are too long; send fewer"))

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._expect_head()

    def on_headers_complete(self) -> None:
        self._stop_timer()
        self._moved_on = True
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._moved_on = True
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._moved_on = True
        super().on_message_complete()

    def _expect_head(self) -> None:
        self._stop_timer()
        self._timer = self.loop.call_later(HEAD_SECONDS, self._late)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _late(self) -> None:
        if self.transport.is_closing():
            return
        if self.cycle is not None and not self.cycle.response_complete:  # the next request waits for this one's end
            self._expect_head()
        elif not self._unused:  # nothing was asked
            self.transport.close()
        else:
            self._close(TooSlow(f"the request's headers did not come within {HEAD_SECONDS:g} s"))

    def _close(self, error: ServingError) -> None:
        """Answers where no answer has begun, and ends the connection."""
        if self.cycle is None or self.cycle.response_complete:
            content = json.dumps(error_body(error)).encode()
            head = b"content-type: application/json\r\nconnection: close\r\ncontent-length: %d\r\n\r\n" % len(content)
            self.transport.write(STATUS_LINE[error.status] + head + content)
        self.transport.close()
