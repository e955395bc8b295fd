"""Attacks by the thousand: requests that schemathesis makes from the server's own description, most of them against it,
and the corpus with bytes flipped, cut out and doubled."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import hypothesis
import requests
import schemathesis
from hypothesis import HealthCheck, Phase
from hypothesis import strategies as st
from schemathesis import GenerationMode

from benchmarks.hostile.attacks import Attack, corpus

_AGAINST = 0.9
"""Of the generated requests: those that break the description. The others cost the models' time."""
_LARGEST = 200_000
"""Bytes of an attack that is still worth mutating."""


def described(document: dict[str, Any], seed: int, count: int, send: Callable[[Attack], bool]) -> None:
    """Sends `count` requests made from an OpenAPI document, spread over its operations; ends when `send` says False."""
    schema: Any = schemathesis.openapi.from_dict(document)
    operations = [found.ok() for found in schema.get_all_operations()]
    kinds = {GenerationMode.NEGATIVE: _AGAINST, GenerationMode.POSITIVE: 1 - _AGAINST}
    for number, operation in enumerate(operations):
        for mode, share in kinds.items():
            many = max(1, round(count * share / len(operations)))
            try:
                strategy = operation.as_strategy(generation_mode=mode)
                if not _run(strategy, seed * 1_000 + number, many, send):
                    return
            except hypothesis.errors.HypothesisException:  # nothing to break: a GET without parameters
                continue


def _run(strategy: st.SearchStrategy[Any], seed: int, count: int, send: Callable[[Attack], bool]) -> bool:
    goes_on = True

    @hypothesis.seed(seed)
    @hypothesis.settings(
        max_examples=count,
        phases=[Phase.generate],
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @hypothesis.given(case=strategy)
    def each(case: Any) -> None:
        nonlocal goes_on
        if goes_on:
            goes_on = send(_as_attack(case))

    each()
    return goes_on


def _as_attack(case: Any) -> Attack:
    """What schemathesis would send, as bytes: its own client adds nothing to them."""
    made: Any = requests.Request(**case.as_transport_kwargs(base_url="http://x")).prepare()
    body = made.body or b""
    at = urlsplit(made.url)
    path = at.path + (f"?{at.query}" if at.query else "")
    left_out = ("content-length", "host", "user-agent", "connection")
    headers = tuple((k, _bytes(v)) for k, v in made.headers.items() if k.lower() not in left_out)
    name = f"{case.method} {case.operation.path}"
    return Attack(name, 0, None, path, made.method, _bytes(body), headers)


def _bytes(value: str | bytes) -> bytes:
    return value if isinstance(value, bytes) else value.encode("utf-8", "surrogatepass")


def mutated(seed: int) -> Iterator[Attack]:
    """The corpus for ever, each time with other faults in its bytes."""
    luck = random.Random(seed)
    known = [attack for attack in corpus() if 0 < len(attack.content) < _LARGEST]
    while True:
        attack = luck.choice(known)
        content = bytearray(attack.content)
        for _ in range(luck.randint(1, 8)):
            _spoil(content, luck)
        yield Attack(f"spoilt: {attack.name}", 0, None, attack.path, attack.method, bytes(content), attack.headers)


def _spoil(content: bytearray, luck: random.Random) -> None:
    at = luck.randrange(len(content) + 1)
    match luck.randrange(5):
        case 0 if at < len(content):
            content[at] ^= 1 << luck.randrange(8)
        case 1:
            del content[at : at + luck.randint(1, 64)]
        case 2:
            content[at:at] = content[at : at + luck.randint(1, 64)]
        case 3:
            content[at:at] = luck.randbytes(luck.randint(1, 16))
        case _:
            content[at : at + 4] = luck.choice([b"\xff\xff\xff\xff", b"\0\0\0\0", b"\x7f\xff\xff\xff", b'"}]{["'])
