"""A small HTTP client.

The command line, the demo and the tests talk to the graph with it, the way anyone would.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx


class RemoteError(Exception):
    """The server did not answer. `status` is its HTTP status, None if it could not be reached."""

    def __init__(self, status: int | None, message: str) -> None:
        super().__init__(message if status is None else f"{status}: {message}")
        self.status, self.message = status, message


class Client:
    """Talks to one ingress. `timeout_s` is the longest wait for the next byte; `key` the API key, where it wants one.

    Raises:
        ValueError: the key is no key: it holds more than letters, digits and signs.
    """

    def __init__(
        self, base_url: str = "http://127.0.0.1:8000", *, timeout_s: float = 120, key: str | None = None
    ) -> None:
        self.base_url = base_url
        headers = {} if key is None else {"authorization": f"Bearer {_sendable(key)}"}
        self._http = httpx.Client(base_url=base_url, timeout=httpx.Timeout(timeout_s, connect=5), headers=headers)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Gives the connections back."""
        self._http.close()

    def ask(
        self,
        text: str | None = None,
        images: Sequence[Path | bytes] = (),
        audio: Path | bytes | None = None,
        history: Sequence[Mapping[str, Any]] = (),
        session: str | None = None,
    ) -> dict[str, Any]:
        """One turn through `/v1/ask`: the completion, with its `vlp` field.

        Args:
            images: files or their bytes, JPEG, PNG or WebP; the newest last.
            history: earlier messages, each with `role` and `content` in OpenAI's form.
            session: name under which the server remembers turns and pictures.

        Raises:
            RemoteError: the server refused, failed, or could not be reached.
            OSError: a file cannot be read.
        """
        parts: list[tuple[str, tuple[str | None, bytes]]] = [("image", ("image", _bytes(image))) for image in images]
        if audio is not None:
            parts.append(("audio", ("audio", _bytes(audio))))
        if text is not None:
            parts.append(("text", (None, text.encode())))
        if history:
            parts.append(("history", (None, json.dumps([dict(message) for message in history]).encode())))
        if session:
            parts.append(("session", (None, session.encode())))
        return self._send("POST", "/v1/ask", files=parts)

    def detect(self, image: Path | bytes, prompts: Sequence[str], **options: Any) -> dict[str, Any]:
        """Boxes of what phrases name, through `/v1/detect`; `options` are its other fields. Errors as `ask`."""
        body = {"image": _in_base64(image), "prompts": list(prompts), **options}
        return self._send("POST", "/v1/detect", json=body)

    def segment(self, image: Path | bytes, **prompts: Any) -> dict[str, Any]:
        """Masks of what `prompts` (phrases) name, `boxes` frame or `points` show, through `/v1/segment`; its other
        fields as they are. Errors as `ask`."""
        return self._send("POST", "/v1/segment", json={"image": _in_base64(image), **prompts})

    def ready(self) -> dict[str, bool]:
        """Each model by name: loaded and warmed? All of them when the graph is ready.

        Raises:
            RemoteError: nothing answers there yet.
        """
        try:
            reply = self._http.get("/health/ready")
            return dict(reply.json()["models"])
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise self._unreachable(error) from None
        except (ValueError, KeyError, TypeError):
            raise RemoteError(reply.status_code, "this is not a vlp server's readiness") from None

    def _send(self, method: str, path: str, **content: Any) -> dict[str, Any]:
        try:
            reply = self._http.request(method, path, **content)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise self._unreachable(error) from None
        if reply.is_success:
            try:
                return dict(reply.json())
            except (ValueError, TypeError):
                raise RemoteError(reply.status_code, "the reply is not JSON; is this a vlp server?") from None
        raise RemoteError(reply.status_code, _message(reply))

    def _unreachable(self, error: Exception) -> RemoteError:
        if isinstance(error, httpx.TimeoutException) and not isinstance(error, httpx.ConnectTimeout):
            return RemoteError(None, f"{self.base_url} did not answer in time")
        reason = str(error) or type(error).__name__
        return RemoteError(None, f"cannot reach {self.base_url} ({reason}); is `vlp serve` running?")


def _in_base64(source: Path | bytes) -> str:
    return base64.b64encode(_bytes(source)).decode()


def _sendable(key: str) -> str:
    if not (key.isascii() and key.isprintable()):
        raise ValueError("the API key holds what no key does: give it as it was printed")
    return key


def _bytes(source: Path | bytes) -> bytes:
    return source if isinstance(source, bytes) else Path(source).read_bytes()


def _message(reply: httpx.Response) -> str:
    try:
        return str(reply.json()["error"]["message"])
    except (ValueError, KeyError, TypeError):
        return reply.text[:200].strip() or reply.reason_phrase
