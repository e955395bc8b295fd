"""Pictures by URL: from listed hosts only, never from inside, at most so much and so long."""

from __future__ import annotations

import asyncio
import datetime
import json
import ssl
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.unit.http.conftest import PlainDialogue
from vlp_graph.config import Fetch, Profile
from vlp_graph.errors import FetchFailed, ServingError, TooLarge, UrlRefused
from vlp_graph.http.addresses import is_allowed
from vlp_graph.http.app import build_app
from vlp_graph.http.backends import Backends
from vlp_graph.http.chat.routes import Completions
from vlp_graph.http.fetch import Fetcher
from vlp_graph.http.intake import Intake
from vlp_graph.http.turns import Turns

HOST = "pictures.example.org"
PLACE = "messages.0.content.0.image_url.url"


class Store(ThreadingHTTPServer):
    """A server of pictures on loopback; `asked` has the path and the headers of each request, `most` how many were
    there at once for `/counted`."""

    daemon_threads = True

    def __init__(self, picture: bytes) -> None:
        super().__init__(("127.0.0.1", 0), Shelf)
        self.picture = picture
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.slow = threading.Event()
        self.inside = self.most = 0
        self.lock = threading.Lock()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that leave are what is tested."""


class Shelf(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Store

    def log_message(self, *_: object) -> None:
        """Quiet."""

    def do_GET(self) -> None:
        self.server.asked.append((self.path, {k.lower(): v for k, v in self.headers.items()}))
        getattr(self, "get_" + self.path.strip("/").split("?")[0].split("/")[0])()

    def give(self, status: int = 200, body: bytes = b"", **headers: str) -> None:
        self.send_response(status)
        headers = {"content-length": str(len(body)), **{k.replace("_", "-"): v for k, v in headers.items()}}
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def get_good(self) -> None:
        self.give(body=self.server.picture)

    def get_missing(self) -> None:
        self.give(404)

    def get_to(self) -> None:
        self.give(302, location=self.path.removeprefix("/to/"))

    def get_loop(self) -> None:
        self.give(302, location="/loop")

    def get_nowhere(self) -> None:
        self.give(302)

    def get_declared(self) -> None:
        self.give(content_length="10000000000")

    def get_packed(self) -> None:
        self.give(body=b"\x1f\x8b", content_encoding="gzip")

    def get_cut(self) -> None:
        self.give(body=b"abc", content_length="100")
        self.close_connection = True

    def get_endless(self) -> None:
        self.give(transfer_encoding="chunked", content_length="0")
        for _ in range(100):
            self.wfile.write(b"10000\r\n" + bytes(65_536) + b"\r\n")

    def get_slow(self) -> None:
        self.send_response(200)
        self.send_header("content-length", "1000")
        self.end_headers()
        while not self.server.slow.wait(0.02):
            self.wfile.write(b"a")
            self.wfile.flush()

    def get_counted(self) -> None:
        with self.server.lock:
            self.server.inside += 1
            self.server.most = max(self.server.most, self.server.inside)
        self.server.slow.wait(0.1)
        with self.server.lock:
            self.server.inside -= 1
        self.give(body=self.server.picture)

    def get_silent(self) -> None:
        self.server.slow.wait(10)


@pytest.fixture
def store(make_png: Callable[..., bytes]) -> Iterator[Store]:
    server = Store(make_png())
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield server
    server.slow.set()
    server.shutdown()
    server.server_close()


def resolving(*answers: list[str]) -> Any:
    """A resolver that gives these answers one after another, the last for ever."""
    left = list(answers)

    async def resolve(host: str, port: int) -> list[str]:
        resolve.asked.append(host)  # type: ignore[attr-defined]
        found = left.pop(0) if len(left) > 1 else left[0]
        if not found:
            raise OSError("no such name")
        return found

    resolve.asked = []  # type: ignore[attr-defined]
    return resolve


def config(store: Store, **more: Any) -> Fetch:
    base = {"hosts": (HOST, "*.example.net"), "ports": (80, store.server_port), "private": True, "timeout_s": 5}
    return Fetch(**{**base, **more})


def url(store: Store, path: str = "good", host: str = HOST) -> str:
    return f"http://{host}:{store.server_port}/{path}"


def fetch(config: Fetch, url: str, resolve: Any = None, tls: ssl.SSLContext | None = None) -> bytes:
    fetcher = Fetcher(config, resolve or resolving(["127.0.0.1"]), tls)
    return asyncio.run(fetcher.pictures([(PLACE, url)]))[url]


def refusal(config: Fetch, url: str, resolve: Any = None) -> ServingError:
    with pytest.raises(ServingError) as caught:
        fetch(config, url, resolve)
    assert caught.value.param == PLACE
    return caught.value


class TestGood:
    def test_the_picture_comes(self, store: Store) -> None:
        assert fetch(config(store), url(store)) == store.picture
        ((path, headers),) = store.asked
        assert path == "/good"
        assert headers["host"] == f"{HOST}:{store.server_port}"
        assert headers["accept-encoding"] == "identity"
        assert not {"cookie", "authorization", "proxy-authorization"} & set(headers)

    def test_through_redirects(self, store: Store) -> None:
        there = f"to//to/{url(store, host='cdn.example.net')}"
        assert fetch(config(store), url(store, there)) == store.picture
        assert [headers["host"].partition(":")[0] for _, headers in store.asked] == [HOST, HOST, "cdn.example.net"]

    def test_names_in_any_spelling(self, store: Store) -> None:
        assert fetch(config(store), url(store, host=HOST.upper())) == store.picture
        assert fetch(config(store), url(store, host=HOST + ".")) == store.picture
        unicode = config(store, hosts=("xn--bcher-kva.example",))
        assert fetch(unicode, url(store, host="bücher.example")) == store.picture

    def test_each_url_once(self, store: Store) -> None:
        fetcher = Fetcher(config(store), resolving(["127.0.0.1"]))
        found = asyncio.run(fetcher.pictures([("a", url(store)), ("b", url(store)), ("c", url(store, "good?2"))]))
        assert list(found) == [url(store), url(store, "good?2")]
        assert len(store.asked) == 2

    def test_the_environment_takes_no_part(self, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, "http://127.0.0.1:9")
        assert fetch(config(store), url(store)) == store.picture


class TestRefused:
    def test_off_unless_hosts_are_listed(self, store: Store) -> None:
        error = refusal(Fetch(), "https://pictures.example.org/x.png")
        assert isinstance(error, UrlRefused)
        assert "data:" in error.message

    @pytest.mark.parametrize(
        "where",
        [
            "http://169.254.169.254/latest",
            "http://[fd00:ec2::254]/latest",
            "http://127.0.0.1:8265/",
            "http://localhost/",
            "http://0.0.0.0/",
            "http://[::ffff:127.0.0.1]/",
            "http://2130706433/",
            "http://0x7f.1/",
            "http://017700000001/",
            "http://10.0.0.1/",
            "http://evil.org/",
            f"http://evil.org/{HOST}",
            f"http://evil.org#{HOST}",
            f"http://evil.org?{HOST}",
            f"http://{HOST}.evil.org/",
            f"http://evil{HOST}/",
            "http://example.net/",
            "http://evilexample.net/",
            f"http://{HOST}@evil.org/",
            f"http://{HOST}:80@evil.org/",
            f"http://user:pass@{HOST}/",
            f"http://user@{HOST}/",
            f"http://{HOST}\\@evil.org/",
            f"http://evil.org\\@{HOST}/",
            f"ftp://{HOST}/",
            f"gopher://{HOST}/",
            "file:///etc/passwd",
            f"file://{HOST}/etc/passwd",
            f"http://{HOST}:6379/",
            f"http://{HOST}:8265/",
            f"http://{HOST}:0/",
            f"https://{HOST}/",
            f"http://{HOST}:99999/",
            f"http://{HOST}:-1/",
            "http:///x",
            "http://",
            "http://[::1/",
            f"  http://{HOST}/",
            f"http://{HOST}/\r\nx: y",
            f"http://{HOST}/{'a' * 3_000}",
            "http://\u24dfictures.example.org.evil/",
        ],
    )
    def test_by_its_form(self, store: Store, where: str) -> None:
        resolve = resolving(["127.0.0.1"])
        assert isinstance(refusal(config(store), where, resolve), UrlRefused)
        assert resolve.asked == []
        assert store.asked == []

    @pytest.mark.parametrize(
        "address", ["127.0.0.1", "::1", "10.1.2.3", "169.254.169.254", "::ffff:127.0.0.1", "fd00:ec2::254", "0.0.0.0"]
    )
    def test_a_listed_name_with_an_address_inside(self, store: Store, address: str) -> None:
        public = config(store, private=False)
        assert isinstance(refusal(public, url(store), resolving([address])), UrlRefused)
        assert isinstance(refusal(public, url(store), resolving(["93.184.215.14", address])), UrlRefused)
        assert store.asked == []

    def test_metadata_stays_shut_where_private_addresses_are_open(self, store: Store) -> None:
        for address in ("169.254.169.254", "fd00:ec2::254", "fe80::1", "0.0.0.0", "224.0.0.1"):
            assert isinstance(refusal(config(store), url(store), resolving([address])), UrlRefused)

    def test_the_address_that_was_judged_is_the_one_that_is_asked(self, store: Store) -> None:
        resolve = resolving(["127.0.0.1"], ["169.254.169.254"])
        assert fetch(config(store), url(store), resolve) == store.picture
        assert resolve.asked == [HOST]

    def test_each_redirect_is_judged_anew(self, store: Store) -> None:
        for there in (
            "http://evil.org/x",
            "http://127.0.0.1/x",
            "file:///etc/passwd",
            f"http://a@{HOST}/",
            "//evil.org",
        ):
            assert isinstance(refusal(config(store), url(store, f"to/{there}")), UrlRefused)
        assert isinstance(
            refusal(config(store), url(store, f"to/{url(store)}"), resolving(["127.0.0.1"], ["169.254.169.254"])),
            UrlRefused,
        )
        assert "/good" not in [path for path, _ in store.asked]

    def test_redirects_end(self, store: Store) -> None:
        assert isinstance(refusal(config(store, redirects=2), url(store, "loop")), FetchFailed)
        assert len(store.asked) == 3


class TestFailed:
    @pytest.mark.parametrize("path", ["missing", "packed", "cut"])
    def test_no_picture(self, store: Store, path: str) -> None:
        error = refusal(config(store), url(store, path))
        assert isinstance(error, FetchFailed)
        assert (error.status, error.code) == (422, "fetch_failed")

    def test_a_redirect_to_nothing_ends(self, store: Store) -> None:
        assert isinstance(refusal(config(store), url(store, "nowhere")), FetchFailed)

    def test_a_declared_length_is_enough(self, store: Store) -> None:
        assert isinstance(refusal(config(store), url(store, "declared")), TooLarge)

    def test_bytes_are_counted(self, store: Store) -> None:
        assert isinstance(refusal(config(store, max_mib=0.5), url(store, "endless")), TooLarge)

    @pytest.mark.parametrize("path", ["slow", "silent"])
    def test_time_is_counted_from_beginning_to_end(self, store: Store, path: str) -> None:
        error = refusal(config(store, timeout_s=0.4), url(store, path))
        assert isinstance(error, FetchFailed)
        assert "0.4 s" in error.message

    def test_few_requests_fetch_at_once(self, store: Store) -> None:
        fetcher = Fetcher(config(store, at_once=2), resolving(["127.0.0.1"]))

        async def all_of_them() -> list[Any]:
            work = [fetcher.pictures([(PLACE, url(store, f"counted?{n}"))]) for n in range(6)]
            return await asyncio.gather(*work)

        assert len(asyncio.run(all_of_them())) == 6
        assert store.most == 2

    def test_nobody_there(self, store: Store) -> None:
        assert isinstance(refusal(config(store), url(store), resolving([])), FetchFailed)
        closed = config(store, ports=(9,))
        assert isinstance(refusal(closed, f"http://{HOST}:9/x"), FetchFailed)


class TestTls:
    @pytest.fixture
    def secure(self, store: Store, tmp_path: Path) -> ssl.SSLContext:
        """Puts a certificate for HOST on the store, and trusts it."""
        key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HOST)])
        now = datetime.datetime.now(datetime.UTC)
        certificate = (
            x509.CertificateBuilder(
                name, name, key.public_key(), 1, now - datetime.timedelta(1), now + datetime.timedelta(1)
            )
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(HOST)]), critical=False)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .sign(key, hashes.SHA256())
        )
        pem = certificate.public_bytes(serialization.Encoding.PEM)
        secret = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        (tmp_path / "store.pem").write_bytes(secret + pem)
        server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        server.load_cert_chain(tmp_path / "store.pem")
        store.socket = server.wrap_socket(store.socket, server_side=True)
        return ssl.create_default_context(cadata=pem.decode())

    def test_the_certificate_is_of_the_name_not_of_the_address(self, store: Store, secure: ssl.SSLContext) -> None:
        there = url(store).replace("http:", "https:")
        assert fetch(config(store), there, tls=secure) == store.picture
        with pytest.raises(FetchFailed):
            fetch(config(store), there.replace(HOST, "other.example.net"), tls=secure)
        with pytest.raises(FetchFailed):
            fetch(config(store), there)

    def test_not_from_https_down_to_http(self, store: Store, secure: ssl.SSLContext) -> None:
        there = url(store, f"to/{url(store)}").replace("http:", "https:", 1)
        with pytest.raises(UrlRefused, match="https to http"):
            fetch(config(store), there, tls=secure)


@pytest.mark.parametrize(
    ("address", "public", "private"),
    [
        ("93.184.215.14", True, True),
        ("2606:2800:220:1::1", True, True),
        ("127.0.0.1", False, True),
        ("::1", False, True),
        ("10.0.0.1", False, True),
        ("172.16.0.1", False, True),
        ("192.168.1.1", False, True),
        ("fd12::1", False, True),
        ("100.64.0.1", False, False),
        ("0.0.0.0", False, False),
        ("::", False, False),
        ("255.255.255.255", False, False),
        ("169.254.169.254", False, False),
        ("fe80::1%eth0", False, False),
        ("fd00:ec2::254", False, False),
        ("224.0.0.1", False, False),
        ("ff02::1", False, False),
        ("240.0.0.1", False, False),
        ("192.0.2.1", False, True),
        ("::ffff:127.0.0.1", False, True),
        ("::ffff:169.254.169.254", False, False),
        ("::ffff:93.184.215.14", True, True),
        ("::127.0.0.1", False, False),
        ("2002:7f00:1::", False, True),
        ("2002:a9fe:a9fe::", False, False),
        ("64:ff9b::7f00:1", False, True),
        ("64:ff9b::a9fe:a9fe", False, False),
        ("64:ff9b::5db8:d70e", True, True),
        ("fec0::1", False, False),
        ("4000::1", False, False),
        ("words", False, False),
    ],
)
def test_addresses(address: str, public: bool, private: bool) -> None:
    assert is_allowed(address, private=False) is public
    assert is_allowed(address, private=True) is private


@pytest.mark.parametrize(
    "host", ["*", "**.example.org", "a.*.org", "https://example.org", "example.org/", "EXAMPLE.org"]
)
def test_hosts_are_names(host: str) -> None:
    with pytest.raises(ValueError, match="hosts"):
        Fetch(hosts=(host,))


def test_from_the_request_to_the_dialogue(
    store: Store, dialogue: PlainDialogue, backends: Backends, profile: Profile, monkeypatch: pytest.MonkeyPatch
) -> None:
    from starlette.applications import Starlette
    from starlette.testclient import TestClient

    from vlp_graph.http.errors import on_serving_error

    fetcher = Fetcher(config(store), resolving(["127.0.0.1"]))
    intake = Intake(profile.http, fetcher)
    turns = Turns(dialogue, intake)
    endpoints = [*turns.endpoints(), *Completions(turns, backends, profile, intake).endpoints()]
    routes = [endpoint.route() for endpoint in endpoints]
    client = TestClient(Starlette(routes=routes, exception_handlers={ServingError: on_serving_error}))

    def parts(path: str) -> list[dict[str, Any]]:
        return [{"type": "text", "text": "?"}, {"type": "image_url", "image_url": {"url": url(store, path)}}]

    body = {"model": "vlp", "messages": [{"role": "user", "content": parts("good")}]}
    assert client.post("/v1/chat/completions", json=body).status_code == 200
    assert dialogue.turns[0].pictures[0].pixels.shape == (2, 3, 3)
    history = json.dumps([{"role": "user", "content": parts("good")}])
    assert client.post("/v1/ask", files=[("text", (None, "?")), ("history", (None, history))]).status_code == 200
    assert len(dialogue.turns[1].pictures) == 1
    body["messages"] = [{"role": "user", "content": parts("missing")}]
    error = client.post("/v1/chat/completions", json=body).json()["error"]
    assert error["code"] == "fetch_failed"
    assert error["param"] == "messages.0.content.1.image_url.url"


def test_too_many_are_refused_before_any_is_fetched(store: Store, client: Any) -> None:
    picture = {"type": "image_url", "image_url": {"url": url(store)}}
    body = {"model": "vlp", "messages": [{"role": "user", "content": [{"type": "text", "text": "?"}, *[picture] * 4]}]}
    assert client.post("/v1/chat/completions", json=body).status_code == 413
    assert store.asked == []


def test_the_application_fetches_as_its_profile_says(
    store: Store, dialogue: PlainDialogue, backends: Backends, profile: Profile
) -> None:
    from starlette.testclient import TestClient

    fetch = Fetch(hosts=("127.0.0.1",), ports=(store.server_port,), private=True)
    http = profile.http.model_copy(update={"fetch": fetch})
    client = TestClient(build_app(dialogue, backends, profile.model_copy(update={"http": http})))
    there = httpx.URL(f"http://127.0.0.1:{store.server_port}/good")
    parts = [{"type": "text", "text": "?"}, {"type": "image_url", "image_url": {"url": str(there)}}]
    body = {"model": "vlp", "messages": [{"role": "user", "content": parts}]}
    assert client.post("/v1/chat/completions", json=body).status_code == 200
    assert len(dialogue.turns[0].pictures) == 1
