"""The page in Chromium on the running graph: a dialogue typed, spoken and followed up, as a person has it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser import chromium
from tests.integration.conftest import Graph
from tests.integration.test_openai import scene_with_one
from tests.seen import answered, attach, masked, say
from tests.unit.http.scripted import SAMPLE
from vlp_graph.nano.dialogues import says, says_number
from vlp_graph.nano.metrics import mask_iou
from vlp_graph.nano.speech import SAMPLE_RATE, speak, wav

SCENE, NAME = scene_with_one()
QUESTION = f"Is there a {NAME} in the picture?"


@pytest.fixture(scope="module")
def spoken_seconds(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, float]:
    """What Chromium's microphone hears: the question, with a pause before and after it."""
    pause = np.zeros(SAMPLE_RATE * 3 // 4, np.float32)
    samples = np.concatenate([pause, speak(QUESTION), pause])
    file = tmp_path_factory.mktemp("microphone") / "question.wav"
    file.write_bytes(wav(samples))
    return file, len(samples) / SAMPLE_RATE


@pytest.fixture(scope="module")
def browser(spoken_seconds: tuple[Path, float]) -> Iterator[Browser]:
    file, _ = spoken_seconds
    microphone = f"--use-file-for-fake-audio-capture={file}%noloop"
    with chromium("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream", microphone) as started:
        yield started


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context(viewport={"width": 1280, "height": 900}, permissions=["microphone"])
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext, graph: Graph) -> Page:
    page = context.new_page()
    page.goto(graph.url)
    expect(page.locator("#status")).to_have_text("All models are up", timeout=20_000)
    return page


def test_a_dialogue_typed_spoken_and_followed_up(page: Page, spoken_seconds: tuple[Path, float]) -> None:
    (thing,) = SCENE.find(NAME)
    attach(page, SCENE.png())
    outlined = say(page, f"outline the {NAME}")
    assert NAME in outlined.locator(".words").inner_text()
    assert mask_iou(masked(outlined), thing.mask) > 0.85
    expect(outlined.locator(".label")).to_contain_text([NAME])
    outlined.get_by_label(NAME).uncheck()
    assert not masked(outlined).any()
    expect(outlined.locator(".boxes rect:visible")).to_have_count(0)

    page.get_by_role("button", name="Speak").click()
    page.wait_for_timeout(spoken_seconds[1] * 1000)
    page.get_by_role("button", name="Stop recording").click()
    page.get_by_role("button", name="Send").click()
    spoken = page.locator("article").last
    expect(spoken).to_have_attribute("aria-label", "Turn 2")
    assert says(answered(spoken), "yes")
    assert NAME in spoken.locator(".heard").inner_text().lower()

    again = say(page, "outline it")
    assert mask_iou(masked(again), thing.mask) > 0.85
    expect(again.locator(".tag")).to_have_text(NAME)


def test_the_sample_s_questions_are_answered(page: Page) -> None:
    page.get_by_role("button", name="Outline the red star").click()
    outlined = page.locator("article").last
    assert "red star" in answered(outlined)
    assert mask_iou(masked(outlined), SAMPLE.find("red star")[0].mask) > 0.85
    page.get_by_role("button", name="New dialogue").click()
    page.get_by_role("button", name="How many circles are there?").click()
    assert says_number(answered(page.locator("article").last), 3)
    page.get_by_role("button", name="New dialogue").click()
    page.get_by_role("button", name="Find the hearts and the blue things").click()
    found = page.locator("article").last
    answered(found)
    expect(found.locator(".boxes rect")).to_have_count(3)


def test_a_refusal_is_shown_as_the_graph_words_it(page: Page) -> None:
    page.get_by_label("Message").fill("outline the purple heart")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert").last).to_contain_text("the dialogue has none", timeout=60_000)
    expect(page.get_by_label("Message")).to_have_value("outline the purple heart")
