"""Shared by all tests: nothing here may load a model or start a server that no test asks for."""

from __future__ import annotations

from tests.browser import browser
from tests.postgres import postgres

__all__ = ["browser", "postgres"]
