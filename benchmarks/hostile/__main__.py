"""`python -m benchmarks.hostile --url URL --requests 10000 --minutes 60 --pid PID`: nothing gets through.

First the corpus, each attack against the answer that it has to get, then attacks below HTTP, then generated ones
until there were `--requests` or `--minutes` are over. Ends with 1 where an answer was wrong, a 5xx was not deliberate
(503 and 504 in the error's shape are) or a request hung. What was found is written as it is found; `--resume` goes on
from there with other generated requests.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import Counter
from concurrent.futures import Future, ThreadPoolExecutor, wait
from pathlib import Path
from threading import Lock
from typing import Any

import httpx
from rich.console import Console

from benchmarks.hostile.attacks import Attack, corpus
from benchmarks.hostile.generated import described, mutated
from benchmarks.hostile.watch import own_mib
from benchmarks.hostile.wire import slow_wires, wires

RESULTS = Path(__file__).parent.parent / "results" / "hostile.json"
DELIBERATE = {503: ("model_unavailable", "overloaded"), 504: ("deadline_exceeded",)}
MOST_KEPT = 50
BODY_S, HEAD_S = 30.0, 15.0
"""What the embedded profile and the proxy give a body and a head to come in."""


class Report:
    """What came back so far. Threads add to it."""

    def __init__(self, path: Path, resume: dict[str, Any] | None) -> None:
        before = resume or {}
        self.path, self._lock = path, Lock()
        self.statuses: Counter[str] = Counter(before.get("statuses", {}))
        self.kinds: Counter[str] = Counter(before.get("kinds", {}))
        self.seconds = float(before.get("seconds", 0))
        self.wrong: list[dict[str, Any]] = before.get("wrong", [])
        self.faults: list[dict[str, Any]] = before.get("faults", [])
        self.hangs: list[dict[str, Any]] = before.get("hangs", [])
        self.slowest: dict[str, Any] = before.get("slowest", {"seconds": 0})
        self.memory: dict[str, Any] = before.get("memory", {})

    @property
    def requests(self) -> int:
        return sum(self.kinds.values())

    def add(self, kind: str, name: str, status: int | str, seconds: float, **found: dict[str, Any] | None) -> None:
        """One answer; `found` puts it into the lists of what is wrong."""
        with self._lock:
            self.kinds[kind] += 1
            self.statuses[str(status)] += 1
            if seconds > self.slowest["seconds"]:
                self.slowest = {"seconds": round(seconds, 2), "name": name, "status": status}
            for where, what in found.items():
                if what is not None and len(getattr(self, where)) < MOST_KEPT:
                    getattr(self, where).append({"name": name, **what})

    def save(self, seconds: float) -> None:
        with self._lock:
            told = {
                "requests": self.requests,
                "seconds": round(self.seconds + seconds, 1),
                "kinds": dict(self.kinds),
                "statuses": dict(sorted(self.statuses.items())),
                "wrong": self.wrong,
                "faults": self.faults,
                "hangs": self.hangs,
                "slowest": self.slowest,
                "memory": self.memory,
            }
            self.path.write_text(json.dumps(told, indent=1) + "\n")


def shoot(client: httpx.Client, attack: Attack, report: Report, kind: str) -> None:
    """Sends one attack and judges its answer."""
    start = time.monotonic()
    try:
        reply = attack.send(client)
    except httpx.TimeoutException:
        hang = {"seconds": round(time.monotonic() - start, 1), "body": attack.content[:200].decode("latin-1")}
        report.add(kind, attack.name, "hang", time.monotonic() - start, hangs=hang)
        return
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:  # refused on this side, or closed on the other
        report.add(kind, attack.name, type(error).__name__, time.monotonic() - start)
        return
    code = code_of(reply)
    given = {"status": reply.status_code, "code": code, "id": reply.headers.get("x-request-id")}
    is_fault = reply.status_code >= 500 and code not in DELIBERATE.get(reply.status_code, ())
    fault = {**given, "body": attack.content[:500].decode("latin-1")} if is_fault else None
    is_wrong = attack.status and not attack.is_right(reply.status_code, code)
    wrong = {**given, "wanted": [attack.status, attack.code]} if is_wrong else None
    report.add(kind, attack.name, reply.status_code, time.monotonic() - start, faults=fault, wrong=wrong)


def code_of(reply: httpx.Response) -> str | None:
    """The code of an error, None for what is none."""
    try:
        code: str | None = reply.json()["error"]["code"]
        return code
    except (ValueError, LookupError, TypeError):
        return None


class Shooter:
    """Some attacks at a time, until enough or the time is over."""

    def __init__(self, options: argparse.Namespace, report: Report) -> None:
        headers = {"authorization": f"Bearer {options.key}"} if options.key else {}
        self.client = httpx.Client(base_url=options.url, timeout=options.limit, headers=headers, trust_env=False)
        self.report, self.most = report, options.requests
        self.start = time.monotonic()
        self.end = self.start + options.minutes * 60
        self._pool = ThreadPoolExecutor(options.clients)
        self._running: set[Future[None]] = set()
        self._room = options.clients * 2
        self._saved = self.start

    def offer(self, attack: Attack, kind: str) -> bool:
        """Takes an attack as soon as there is room; False when no more are wanted."""
        if len(self._running) >= self._room:
            done, self._running = wait(self._running, return_when="FIRST_COMPLETED")
            for future in done:
                future.result()
        self._running.add(self._pool.submit(shoot, self.client, attack, self.report, kind))
        if time.monotonic() - self._saved > 10:
            self._saved = time.monotonic()
            self.report.save(self._saved - self.start)
        return bool(self.report.requests + len(self._running) < self.most and time.monotonic() < self.end)

    def finish(self) -> None:
        self._pool.shutdown(wait=True)
        for future in self._running:
            future.result()


def run(options: argparse.Namespace) -> Report:
    resume = json.loads(options.out.read_text()) if options.resume and options.out.exists() else None
    report = Report(options.out, resume)
    seed = options.seed + report.requests
    if options.pid and "before" not in report.memory:
        report.memory["before"] = own_mib(options.pid)
    shooter = Shooter(options, report)
    document = shooter.client.get("/openapi.json").raise_for_status().json()
    if resume is None:
        for attack in corpus():
            shooter.offer(attack, "corpus")
        _below(options, report)
    left = max(0, options.requests - report.requests)
    described(document, seed, left // 2, lambda attack: shooter.offer(attack, "described"))
    for attack in mutated(seed):
        if report.requests >= options.requests or not shooter.offer(attack, "spoilt"):
            break
    shooter.finish()
    if options.pid:
        report.memory["after"] = own_mib(options.pid)
    report.save(time.monotonic() - shooter.start)
    return report


def _below(options: argparse.Namespace, report: Report) -> None:
    for wire in [*wires(), *(slow_wires(BODY_S, HEAD_S) if options.slow else [])]:
        start = time.monotonic()
        try:
            status = wire.send(options.url, limit_s=options.limit, key=options.key)
        except TimeoutError:
            report.add("wire", wire.name, "hang", time.monotonic() - start, hangs={"seconds": options.limit})
            continue
        wrong = None if status in wire.statuses else {"status": status, "wanted": list(wire.statuses)}
        fault = {"status": status} if status >= 500 else None
        report.add("wire", wire.name, status, time.monotonic() - start, wrong=wrong, faults=fault)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", default="http://127.0.0.1:8000")
    parser.add_argument("--key", help="API key, where the server wants one")
    parser.add_argument("--requests", type=int, default=10_000)
    parser.add_argument("--minutes", type=float, default=60, help="end by then, whatever is left")
    parser.add_argument("--clients", type=int, default=4, help="requests at a time")
    parser.add_argument("--limit", type=float, default=100, help="seconds after which a request counts as hung")
    parser.add_argument("--pid", type=int, help="the server's process: its memory is compared before and after")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--slow", action="store_true", help="connections that trickle, too: two minutes more")
    parser.add_argument("--resume", action="store_true", help="go on from what --out holds")
    parser.add_argument("--out", type=Path, default=RESULTS)
    report = run(parser.parse_args())
    console = Console()
    console.print(f"{report.requests} requests: {dict(sorted(report.statuses.items()))}")
    for name in ("wrong", "faults", "hangs"):
        console.print(f"{name}: {len(getattr(report, name))}", *getattr(report, name)[:10], sep="\n  ")
    console.print("slowest:", report.slowest)
    for when, held in report.memory.items():
        console.print(f"memory {when}: {sum(held.values()):.0f} MiB")
    return 1 if report.wrong or report.faults or report.hangs else 0


if __name__ == "__main__":
    sys.exit(main())
