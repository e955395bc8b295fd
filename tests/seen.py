"""What a person sees and does on the page, for tests in a browser."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from playwright.sync_api import Locator, Page, expect

ANSWER_WITHIN_MS = 60_000


def attach(page: Page, *pictures: bytes, name: str = "scene.png", media_type: str = "image/png") -> None:
    before = page.locator(".chip.picture").count()
    page.set_input_files("#file", [{"name": name, "mimeType": media_type, "buffer": data} for data in pictures])
    expect(page.locator(".chip.picture")).to_have_count(before + len(pictures))


def say(page: Page, text: str) -> Locator:
    """Type a turn, send it, wait for its answer: the turn."""
    turn = begin(page, text)
    answered(turn)
    return turn


def begin(page: Page, text: str) -> Locator:
    """Type a turn and send it: the turn."""
    page.get_by_label("Message").fill(text)
    page.keyboard.press("Enter")
    return page.locator("article").last


def answered(turn: Locator) -> str:
    """Wait for the answer: its words."""
    expect(turn).to_contain_class("answered", timeout=ANSWER_WITHIN_MS)
    return turn.locator(".words").inner_text()


def masked(turn: Locator, figure: int = 0) -> NDArray[np.bool_]:
    """What is drawn of masks over a picture of the turn, at the centre of each of its pixels: bool [H, W]."""
    drawn = (
        turn.locator(".found")
        .nth(figure)
        .locator(".stage")
        .evaluate(
            """stage => {
            const [canvas, image] = [stage.querySelector("canvas"), stage.querySelector("img")];
            const [across, down] = [image.naturalWidth, image.naturalHeight];
            const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
            let rows = "";
            for (let y = 0; y < down; y++) for (let x = 0; x < across; x++) {
                const column = Math.floor((x + 0.5) * canvas.width / across);
                const row = Math.floor((y + 0.5) * canvas.height / down);
                rows += data[(row * canvas.width + column) * 4 + 3] ? "1" : "0";
            }
            return [across, down, rows];
        }"""
        )
    )
    across, down, rows = drawn
    return np.array([cell == "1" for cell in rows]).reshape(down, across)
