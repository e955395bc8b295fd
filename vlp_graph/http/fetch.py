"""Pictures by URL: off unless the profile lists hosts, and then only what those hosts publish.

A URL in a request makes this server knock at doors for its caller. So the name is resolved once, every address it has
is judged, the connection goes to the judged address (a second look-up could answer differently), and each redirect
is a new URL. Nothing of the environment (proxies, netrc, cookies) takes part.
"""

from __future__ import annotations

import asyncio
import re
import socket
import ssl
from collections.abc import Awaitable, Callable, Iterable
from functools import cached_property

import httpx

from vlp_graph.config import Fetch
from vlp_graph.errors import FetchFailed, ServingError, TooLarge, UrlRefused
from vlp_graph.http.addresses import is_allowed
from vlp_graph.http.limits import MIB

Resolve = Callable[[str, int], Awaitable[list[str]]]

_LONGEST_URL = 2_048
_REDIRECTS = (301, 302, 303, 307, 308)
_HEADERS = {"accept": "image/*", "accept-encoding": "identity", "user-agent": "vlp-graph", "connection": "close"}


async def addresses(host: str, port: int) -> list[str]:
    """All addresses of a name, by the system's resolver.

    Raises:
        OSError: it has none.
    """
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


class Fetcher:
    """Fetches pictures as a profile allows it. `tls` is what certificates are checked against."""

    def __init__(self, config: Fetch, resolve: Resolve = addresses, tls: ssl.SSLContext | None = None) -> None:
        self.config = config
        self._resolve, self._tls = resolve, tls
        self._turn = asyncio.Semaphore(config.at_once)

    async def pictures(self, urls: Iterable[tuple[str, str]]) -> dict[str, bytes]:
        """The bytes behind http(s) URLs, each URL once. `urls` pairs the place in the request with what stands there.

        Raises:
            UrlRefused: a URL, or one that it redirects to, that is not fetched from here.
            FetchFailed: no answer, no picture, not in time.
            TooLarge: more bytes than are taken; reading stopped there. All name the place as `param`.
        """
        wanted = {url: place for place, url in urls}
        if not wanted:
            return {}
        found: dict[str, bytes] = {}
        place = next(iter(wanted.values()))
        try:
            async with asyncio.timeout(self.config.timeout_s), self._turn:
                for url in wanted:
                    place = wanted[url]
                    found[url] = await self._picture(url)
        except TimeoutError:
            text = f"the picture did not come within {self.config.timeout_s:g} s; send it as a data: URL"
            raise FetchFailed(text, param=place) from None
        except ServingError as error:
            error.param = error.param or place
            raise
        return found

    async def _picture(self, url: str) -> bytes:
        """The bytes behind a URL, through its redirects."""
        where = self._checked(url)
        for _ in range(self.config.redirects + 1):
            reply = await self._asked(where)
            try:
                if reply.status_code not in _REDIRECTS:
                    return await self._body(reply)
                before, where = where, self._checked(_next_url(where, reply))
                if before.scheme == "https" != where.scheme:
                    raise UrlRefused("the URL leads from https to http; that is not followed")
            finally:
                await reply.aclose()
        raise FetchFailed(f"the URL leads through more than {self.config.redirects} redirects; send the last one")

    def _checked(self, url: str) -> httpx.URL:
        """
        Raises:
            UrlRefused: not a URL that may be fetched, by its form, host and port.
        """
        if not self.config.hosts:
            raise UrlRefused("only data: URLs are taken; send data:image/jpeg;base64,... with the picture's bytes")
        try:
            parsed = httpx.URL(url)
            host = _host(parsed).lower().rstrip(".")
        except (httpx.InvalidURL, UnicodeError, ValueError, TypeError):
            raise UrlRefused("not a URL that can be read; send https://host/picture.jpg") from None
        if len(url) > _LONGEST_URL or parsed.scheme not in ("http", "https") or not host:
            raise UrlRefused(f"a picture's URL is https://host/path of at most {_LONGEST_URL:,} characters")
        if parsed.userinfo:
            raise UrlRefused("a picture's URL has no user name or password in it")
        if not any(_is_of(host, allowed) for allowed in self.config.hosts):
            raise UrlRefused(f"pictures are not fetched from {host[:100]!r}; send a data: URL")
        if _port(parsed) not in self.config.ports:
            raise UrlRefused(f"pictures are not fetched from port {_port(parsed)}; send a data: URL")
        return parsed.copy_with(host=host, fragment=None)

    async def _asked(self, url: httpx.URL) -> httpx.Response:
        """The reply to a GET of a checked URL, its body not yet read."""
        address = await self._address(url)
        request = httpx.Request(
            "GET",
            url.copy_with(host=address),
            headers={**_HEADERS, "host": url.netloc.decode("ascii")},
            extensions={"sni_hostname": _host(url), "timeout": httpx.Timeout(self.config.timeout_s).as_dict()},
        )
        try:
            return await self._transport.handle_async_request(request)
        except (httpx.TransportError, OSError, ssl.SSLError) as error:
            raise FetchFailed(f"{_host(url)} did not answer ({type(error).__name__}); send a data: URL") from None

    async def _address(self, url: httpx.URL) -> str:
        """The one address to connect to.

        Raises:
            UrlRefused: an address of the name is one that callers are not sent to.
        """
        try:
            found = await self._resolve(_host(url), _port(url))
        except (OSError, UnicodeError):
            found = []
        if not found:
            raise FetchFailed(f"{_host(url)} has no address; check the URL")
        if not all(is_allowed(address, private=self.config.private) for address in found):
            raise UrlRefused(f"{_host(url)} has an address that pictures are not fetched from; send a data: URL")
        return found[0]

    async def _body(self, reply: httpx.Response) -> bytes:
        most = int(self.config.max_mib * MIB)
        too_large = TooLarge(f"the picture at the URL is larger than {self.config.max_mib:g} MiB; send a smaller one")
        if reply.status_code != 200:
            raise FetchFailed(f"the picture's server answered {reply.status_code}; check the URL")
        if reply.headers.get("content-encoding", "identity") != "identity":
            raise FetchFailed("the picture's server compresses what it was asked to send as it is")
        declared = reply.headers.get("content-length", "")
        if declared.isdecimal() and (len(declared) > 15 or int(declared) > most):
            raise too_large
        body = bytearray()
        try:
            async for piece in reply.aiter_raw():
                body += piece
                if len(body) > most:
                    raise too_large
        except httpx.TransportError as error:
            raise FetchFailed(f"the picture broke off on its way ({type(error).__name__}); try again") from None
        return bytes(body)

    @cached_property
    def _transport(self) -> httpx.AsyncHTTPTransport:
        # No kept connections: they are told apart by address, and two names may share one.
        tls = self._tls or httpx.create_ssl_context(trust_env=False)
        return httpx.AsyncHTTPTransport(verify=tls, trust_env=False, limits=httpx.Limits(max_keepalive_connections=0))


def is_link(url: str) -> bool:
    """Whether something stands behind a URL, rather than in it (`data:`)."""
    return re.match(r"\s*[a-z][a-z0-9+.-]*://", url, re.IGNORECASE) is not None


def _next_url(url: httpx.URL, reply: httpx.Response) -> str:
    try:
        return str(url.join(reply.headers.get("location", "")))
    except (httpx.InvalidURL, UnicodeError, ValueError):
        raise UrlRefused("the URL redirects to one that cannot be read") from None


def _host(url: httpx.URL) -> str:
    return url.raw_host.decode("ascii").strip("[]")


def _port(url: httpx.URL) -> int:
    return (443 if url.scheme == "https" else 80) if url.port is None else url.port


def _is_of(host: str, allowed: str) -> bool:
    """Whether a host is the allowed one; `*.example.org` are all below example.org, not itself."""
    return host.endswith(allowed[1:]) if allowed.startswith("*.") else host == allowed
