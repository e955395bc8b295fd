"""API keys: made once, shown once, kept as hashes in one small file that a running server watches.

A key is 256 random bits, so its plain SHA-256 is as good as the key is long: a slow, salted hash slows down who
guesses what people choose, and nobody guesses 256 bits; it would only make each request dear.
"""

from __future__ import annotations

import fcntl
import hashlib
import hmac
import json
import logging
import os
import re
import secrets
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

log = logging.getLogger(__name__)

LONGEST = 512
"""Bytes of a token that are still looked at."""
_PREFIX = "vlp_"
_NAME = re.compile(r"[A-Za-z0-9._-]{1,64}")
_SHA256 = re.compile(r"[0-9a-f]{64}")


class KeyFileError(ValueError):
    """The file of keys cannot be used; the message says what to change."""


@dataclass(frozen=True)
class Key:
    """One key: whose it is, the SHA-256 of its token in hex, and when it was made (ISO 8601, UTC)."""

    name: str
    sha256: str
    created: str


def digest(token: bytes) -> str:
    """The hash under which a token is kept."""
    return hashlib.sha256(token).hexdigest()


def read(path: Path) -> list[Key]:
    """The keys of a file.

    Raises:
        KeyFileError: no such file, or not one that `add` wrote.
    """
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))["keys"]
        keys = [Key(row["name"], row["sha256"], row["created"]) for row in rows]
    except FileNotFoundError:
        raise KeyFileError(f"there is no file of keys {path}; make it with: vlp keys add NAME --file {path}") from None
    except OSError as error:
        raise KeyFileError(f"the file of keys {path} cannot be read: {error.strerror}") from None
    except (ValueError, LookupError, TypeError):
        raise KeyFileError(f"{path} is no file of keys; `vlp keys add` writes one") from None
    if not all(_NAME.fullmatch(str(key.name)) and _SHA256.fullmatch(str(key.sha256)) for key in keys):
        raise KeyFileError(f"{path} is no file of keys: a name or a hash in it is none")
    if len({key.name for key in keys}) < len(keys):
        raise KeyFileError(f"{path} has two keys of one name; remove one")
    return keys


def add(path: Path, name: str) -> str:
    """Makes a key of that name, and the file where there is none; the token, which nobody can tell again.

    Raises:
        KeyFileError: the name is taken or is no name, or the file cannot be used.
    """
    if not _NAME.fullmatch(name):
        raise KeyFileError(f"{name[:100]!r} is no name for a key: 1 to 64 letters, digits, and . _ -")
    with _changing(path):
        keys = read(path) if path.exists() else []
        if any(key.name == name for key in keys):
            raise KeyFileError(f"there is a key named {name!r} already; remove it first, or choose another name")
        token = _PREFIX + secrets.token_urlsafe(32)
        created = datetime.now(UTC).isoformat(timespec="seconds")
        _write(path, [*keys, Key(name, digest(token.encode()), created)])
    return token


def remove(path: Path, name: str) -> None:
    """Takes a key back; a running server refuses it from its next request on.

    Raises:
        KeyFileError: there is none of that name, or the file cannot be used.
    """
    with _changing(path):
        keys = read(path)
        left = [key for key in keys if key.name != name]
        if len(left) == len(keys):
            known = ", ".join(key.name for key in keys) or "none"
            raise KeyFileError(f"there is no key named {name[:100]!r}; known: {known}")
        _write(path, left)


@contextmanager
def _changing(path: Path) -> Iterator[None]:
    """One writer at a time: read, change and write are not torn apart by another's."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        folder = os.open(path.parent, os.O_RDONLY)
    except OSError as error:
        raise KeyFileError(f"keys cannot be kept in {path.parent}: {error.strerror}") from None
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


def _write(path: Path, keys: Sequence[Key]) -> None:
    """In one step, readable by its owner only: a server that looks meanwhile sees the old file or the new one."""
    try:
        number, draft = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # mode 0600
    except OSError as error:
        raise KeyFileError(f"{path} cannot be written: {error.strerror}") from None
    with os.fdopen(number, "w", encoding="utf-8") as file:
        json.dump({"keys": [asdict(key) for key in keys]}, file, indent=2)
    os.replace(draft, path)


class Keys:
    """The keys of a file, read again whenever it has changed."""

    def __init__(self, path: Path) -> None:
        """
        Raises:
            KeyFileError: as `read`.
        """
        self._path = path
        self._seen = self._state()
        self._keys = read(path)

    def name_of(self, token: bytes) -> str | None:
        """Whose key a token is, None where it is nobody's. All keys are compared, each in constant time."""
        self._look()
        if not 0 < len(token) <= LONGEST:
            return None
        given, found = digest(token), None
        for key in self._keys:
            if hmac.compare_digest(given, key.sha256):
                found = key.name
        return found

    def _look(self) -> None:
        state = self._state()
        if state == self._seen:
            return
        self._seen = state
        try:
            self._keys = read(self._path)
        except KeyFileError as error:
            if state is None:  # taken away: nobody's key is known, rather than anybody's
                self._keys = []
            log.error("%s; %d keys stay known", error, len(self._keys))

    def _state(self) -> tuple[int, int, int] | None:
        try:
            now = self._path.stat()
        except OSError:
            return None
        return now.st_mtime_ns, now.st_ino, now.st_size
