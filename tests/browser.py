"""Chromium without a screen, driven by Playwright: Debian's, for Playwright's own is a download from elsewhere."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, sync_playwright


def _program() -> str:
    """Chromium's path, installed from Debian's packages where it is missing."""
    if shutil.which("chromium") is None and os.geteuid() == 0 and shutil.which("apt-get"):
        subprocess.run(["apt-get", "update"], check=False, capture_output=True, timeout=300)
        install = ["apt-get", "install", "-y", "--no-install-recommends", "chromium", "fonts-inter-variable"]
        subprocess.run(install, check=False, capture_output=True, timeout=600)
    found = shutil.which("chromium")
    if found is None:
        pytest.skip("no Chromium here, and none could be installed")
    return found


@contextmanager
def chromium(*options: str) -> Iterator[Browser]:
    """A browser of our own. Chromium's sandbox does not run as root."""
    arguments: Sequence[str] = ["--no-sandbox", *options] if os.geteuid() == 0 else options
    program = _program()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=list(arguments))
        try:
            yield browser
        finally:
            browser.close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """For one module: while Playwright runs, no other test of this thread can have an event loop."""
    with chromium("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream") as started:
        yield started
