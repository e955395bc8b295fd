"""Attacks below HTTP: bytes that no client library sends, and connections that take their time.

A server may answer them or close the connection; what it must not do is answer 5xx or hang.
"""

from __future__ import annotations

import re
import socket
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

CLOSED = 0
"""In place of a status: the connection was closed without an answer."""
_HOST = b"Host: x\r\n"
_JSON = b"content-type: application/json\r\n"


@dataclass(frozen=True)
class Wire:
    """Bytes to send one after another, `pause` seconds apart, and the statuses one of which has to come back."""

    name: str
    pieces: Sequence[bytes]
    statuses: tuple[int, ...]
    pause: float = 0.0

    def send(self, url: str, *, limit_s: float, key: str | None = None) -> int:
        """The status of the first answer. `key` is sent along where the bytes are a request.

        Raises:
            TimeoutError: neither an answer nor an end came.
        """
        at, end = urlsplit(url), time.monotonic() + limit_s
        with socket.create_connection((at.hostname or "127.0.0.1", at.port or 80), timeout=5) as connection:
            reply = b""
            try:
                for piece in self.pieces:
                    connection.sendall(piece.replace(_HOST, _HOST + f"x-api-key: {key}\r\n".encode()) if key else piece)
                    if self.pause:
                        connection.settimeout(self.pause)
                        try:
                            reply = connection.recv(4096)
                            break
                        except TimeoutError:
                            continue
                while not reply and time.monotonic() < end:
                    connection.settimeout(max(0.1, end - time.monotonic()))
                    reply = connection.recv(4096)
                    break
            except (ConnectionError, BrokenPipeError):
                return self._late_reply(connection)
        found = re.match(rb"HTTP/1\.[01] (\d{3})", reply)
        return int(found[1]) if found else CLOSED

    def _late_reply(self, connection: socket.socket) -> int:
        """What had been answered before the connection was closed under us."""
        try:
            found = re.match(rb"HTTP/1\.[01] (\d{3})", connection.recv(4096))
        except OSError:
            return CLOSED
        return int(found[1]) if found else CLOSED


def wires() -> Iterator[Wire]:
    """All of them. None waits longer than the server's own limits."""
    yield from _garbage()
    yield from _lengths()
    yield from _chunks()
    yield from _floods()
    yield from _upgrades()


_GET = b"GET /health/live HTTP/1.1\r\nHost: x\r\n"
_POST = b"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\n" + _JSON
_CHUNKED = _POST + b"transfer-encoding: chunked\r\n\r\n"
_REFUSED = (400, CLOSED)
_FLOOD = b"a" * 65_536


def _garbage() -> Iterator[Wire]:
    yield Wire("garbage", [b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" * 9], _REFUSED)
    yield Wire("HTTP/0.9", [b"GET /nothing\r\n\r\n"], (400, 401, 404, CLOSED))
    yield Wire("HTTP/9.9", [b"GET / HTTP/9.9\r\n\r\n"], (400, 404, CLOSED))
    yield Wire("a method of 10 KB", [b"A" * 10_000 + b" / HTTP/1.1\r\n\r\n"], _REFUSED)
    yield Wire("a NUL in a header", [_GET + b"x: a\0b\r\n\r\n"], _REFUSED)
    yield Wire("a header without a colon", [_GET + b"what\r\n\r\n"], _REFUSED)
    yield Wire("a folded header", [_GET + b"x-request-id: a\r\n b\r\n\r\n"], (200, 400, CLOSED))
    yield Wire("two at once", [_GET + b"\r\n" + _GET + b"\r\n"], (200,))
    yield Wire("bare line feeds", [_GET.replace(b"\r\n", b"\n") + b"\n"], (200, 400, CLOSED))


def _lengths() -> Iterator[Wire]:
    yield Wire("two lengths", [_POST + b"content-length: 2\r\ncontent-length: 3\r\n\r\n{}x"], _REFUSED)
    yield Wire("a negative length", [_POST + b"content-length: -1\r\n\r\n{}"], _REFUSED)
    yield Wire("a length that is a word", [_POST + b"content-length: many\r\n\r\n{}"], _REFUSED)
    digits = b"content-length: " + b"9" * 5_000 + b"\r\n\r\n"
    yield Wire("a length of 5,000 digits", [_POST + digits], (400, 413, CLOSED))
    yield Wire("a terabyte declared", [_POST + b"content-length: 1000000000000\r\n\r\n{"], (413,))


def _chunks() -> Iterator[Wire]:
    smuggled = b"content-length: 4\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n" + _GET + b"\r\n"
    yield Wire("length and chunks", [_POST + smuggled], _REFUSED)
    yield Wire("chunks twice", [_POST + b"transfer-encoding: chunked, chunked\r\n\r\n0\r\n\r\n"], _REFUSED)
    yield Wire("a chunk size that is none", [_CHUNKED + b"zz\r\n"], _REFUSED)
    yield Wire("a chunk size beyond all", [_CHUNKED + b"f" * 40 + b"\r\n"], _REFUSED)


def _floods() -> Iterator[Wire]:
    yield Wire("44 MB in chunks", [_CHUNKED, *[b"10000\r\n" + _FLOOD + b"\r\n"] * 700], (413, CLOSED))
    yield Wire("a chunk extension without end", [_CHUNKED + b"1;", *[_FLOOD] * 9], (408, 431, CLOSED))
    yield Wire("a trailer without end", [_CHUNKED + b"2\r\n{}\r\n0\r\nx: ", *[_FLOOD] * 9], (400, 431, CLOSED))
    yield Wire("a header of 20 MB", [_GET + b"x: ", *[_FLOOD] * 300], (431, CLOSED))
    yield Wire("a URL of 20 MB", [b"GET /", *[_FLOOD] * 300], (431, CLOSED))
    yield Wire("100,000 headers", [_GET, *[b"x: y\r\n" * 1_000] * 100], (431, CLOSED))


def _upgrades() -> Iterator[Wire]:
    socket = b"connection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n"
    socket += b"sec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
    yield Wire("a websocket", [b"GET /v1/chat/completions HTTP/1.1\r\nHost: x\r\n" + socket], (400, 403, 404))
    yield Wire("an unknown upgrade", [_GET + b"connection: upgrade\r\nupgrade: h2c\r\n\r\n"], (200, 400))


def slow_wires(body_s: float, head_s: float) -> Iterator[Wire]:
    """Connections that trickle for longer than a body and a head may take."""
    post = _POST + b"content-length: 5000\r\n\r\n"
    count = int(body_s / 0.5) + 20
    yield Wire("a body byte by byte", [post, *[b" "] * count], (408,), pause=0.5)
    yield Wire("a body that never comes", [post], (408,))
    count = int(head_s / 0.5) + 20
    yield Wire("headers byte by byte", [b"GET / HTTP/1.1\r\nx: ", *[b"a"] * count], (408, CLOSED), pause=0.5)
    yield Wire("a connection that says nothing", [b""], (CLOSED,))
