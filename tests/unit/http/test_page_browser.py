"""The page in Chromium, over a real socket, against a dialogue that follows a script."""

from __future__ import annotations

import base64
import io
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page, expect
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from tests.seen import answered, attach, begin, masked, say
from tests.unit.http.scripted import HOSTILE, SAMPLE, Script, Scripted, found, served
from vlp_graph.config import Limits, load
from vlp_graph.dialogue.plan import Task
from vlp_graph.dialogue.turn import Instance, Result
from vlp_graph.errors import ModelUnavailable, Overloaded, Unprocessable
from vlp_graph.http.app import build_app
from vlp_graph.http.backends import Backends
from vlp_graph.masks import encode
from vlp_graph.nano.metrics import mask_iou
from vlp_graph.nano.world import Thing, arrange

OTHER = arrange(np.random.default_rng(5), 200, 280, [Thing("cross", "orange", "large", (0.5, 0.5))])
STAR = found(SAMPLE, "red star")
CIRCLES = found(SAMPLE, "circles")
MANY = "outline the star and the circles, and is the heart purple?"


def _segment(phrase: str, instances: list[Instance], image: int = 0) -> Script:
    task = Task(id="t1", task="segment", image=image, phrases=[phrase])
    result = Result(id="t1", task="segment", image=image, status="ok", seconds=0.5, instances=instances)
    return Script([task], [result], f"I outlined the {phrase}.")


def _scripts() -> dict[str, Script]:
    tasks = [
        Task(id="t1", task="segment", image=0, phrases=["red star", "circles"]),
        Task(id="t2", task="count", image=0, phrases=["circles"], needs=["t1"]),
        Task(id="t3", task="answer", image=0, question="Is the heart purple?"),
    ]
    results = [
        Result(id="t3", task="answer", image=0, status="failed", seconds=2, error="IDEFICS was late"),
        Result(id="t1", task="segment", image=0, status="ok", seconds=0.75, instances=STAR + CIRCLES),
        Result(id="t2", task="count", image=0, status="ok", seconds=0.02, count=3),
    ]
    chat = Script(
        [Task(id="t1", task="chat")], [Result(id="t1", task="chat", status="ok", seconds=1)], "Good day to you."
    )
    return {
        MANY: Script(tasks, results, "There are 3 circles.", thought="First the outlines."),
        "Outline the red star": _segment("red star", STAR),
        "outline it": _segment("red star", STAR),
        "outline the cross": _segment("orange cross", found(OTHER, "orange cross"), image=1),
        "(spoken)": Script(chat.tasks, chat.results, "Good day.", transcript="Hello there."),
        "hello": chat,
    }


class KeyAsked:
    """Answers 401 to a turn without the key."""

    def __init__(self, app: ASGIApp) -> None:
        self.app, self.key, self.given = app, "", list[str]()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = dict(scope.get("headers", []))
        if scope.get("path") == "/v1/chat/completions":
            self.given.append(headers.get(b"authorization", b"").decode())
            if self.key and self.given[-1] != f"Bearer {self.key}":
                error = {"message": "send the API key as Authorization: Bearer", "type": "authentication_error"}
                await JSONResponse({"error": error}, 401)(scope, receive, send)
                return
        await self.app(scope, receive, send)


@dataclass
class Site:
    """The page's address, the dialogue behind it, and the door before it."""

    url: str
    dialogue: Scripted
    door: KeyAsked


@pytest.fixture
def limits() -> Limits:
    return Limits()


@pytest.fixture
def site(limits: Limits, backends: Backends) -> Iterator[Site]:
    dialogue, profile = Scripted(_scripts()), load("embedded")
    profile = profile.model_copy(update={"http": profile.http.model_copy(update={"limits": limits})})
    app = build_app(dialogue, backends, profile)
    door = KeyAsked(app)
    with served(door) as url:
        yield Site(url, dialogue, door)
        dialogue.gate.set()


@pytest.fixture
def context(browser: Browser, site: Site) -> Iterator[BrowserContext]:
    context = browser.new_context(viewport={"width": 1200, "height": 900}, permissions=["camera", "microphone"])
    context.set_default_timeout(15_000)
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext, site: Site) -> Iterator[Page]:
    """The page, opened; nothing may go wrong on it that it does not show."""
    page = context.new_page()
    troubles: list[str] = []
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.on("console", lambda m: troubles.append(m.text) if re.search("Content Security|Trusted|CSP", m.text) else None)
    page.goto(site.url)
    expect(page.locator(".welcome")).to_be_visible()
    yield page
    assert troubles == []


def _states(page: Page) -> dict[str, str]:
    rows = page.locator(".tasks > li").evaluate_all("rows => rows.map(r => [r.dataset.task, r.dataset.state])")
    return dict(rows)


# --- a turn ----------------------------------------------------------------------------------------------


def test_tasks_are_seen_as_they_start_and_end(page: Page, site: Site) -> None:
    site.dialogue.gate.clear()
    attach(page, SAMPLE.png())
    turn = begin(page, MANY)
    expect(turn.locator(".tasks > li")).to_have_count(3)
    expect(turn.locator(".thought")).to_have_text("First the outlines.")
    expect(turn.locator(".intent")).to_have_text("segment 98 %")
    assert _states(page) == {"t1": "running", "t2": "waiting", "t3": "running"}
    expect(turn.locator("[data-task=t2] .time")).to_have_text("after outline")
    expect(turn).to_have_attribute("aria-busy", "true")
    site.dialogue.gate.set()
    assert answered(turn) == "There are 3 circles."
    assert _states(page) == {"t1": "ok", "t2": "ok", "t3": "failed"}
    expect(turn.locator("[data-task=t1] .time")).to_have_text("0.75 s")
    expect(turn.locator("[data-task=t1] .tag")).to_have_text(["red star", "circles"])
    expect(turn.locator("[data-task=t2]")).to_contain_text("3 counted")
    expect(turn.locator("[data-task=t3]")).to_contain_text("IDEFICS was late")
    expect(turn.locator(".doing")).to_have_text("1 of 3 tasks not done, 0.42 s")
    expect(page.locator("#announcer")).to_have_text("There are 3 circles.")
    assert turn.get_attribute("aria-busy") is None


def test_masks_and_boxes_lie_on_the_objects(page: Page) -> None:
    attach(page, SAMPLE.png())
    turn = say(page, MANY)
    truth = np.any([o.mask for name in ("red star", "circles") for o in SAMPLE.find(name)], axis=0)
    assert mask_iou(masked(turn), truth) > 0.97
    image = turn.locator(".found .stage img").bounding_box()
    star = turn.locator(".boxes rect").first.bounding_box()
    assert image is not None
    assert star is not None
    scale = image["width"] / SAMPLE.width
    shown = [(star["x"] - image["x"]) / scale, (star["y"] - image["y"]) / scale, star["width"] / scale]
    x0, y0, x1, _ = STAR[0].box
    assert shown == pytest.approx([x0, y0, x1 - x0], abs=2)
    expect(turn.locator(".label")).to_have_text(["red star 97 %", *["circles 97 %"] * 3])


def test_the_legend_switches_things_off(page: Page) -> None:
    attach(page, SAMPLE.png())
    turn = say(page, MANY)
    star, circles = SAMPLE.find("red star")[0].mask, np.any([o.mask for o in SAMPLE.find("circles")], axis=0)
    turn.get_by_label("red star").uncheck()
    assert not (masked(turn) & star).any()
    assert mask_iou(masked(turn), circles) > 0.97
    expect(turn.locator(".boxes rect").first).to_be_hidden()
    expect(turn.locator(".label").first).to_be_hidden()
    turn.get_by_label("circles").uncheck()
    assert not masked(turn).any()
    expect(turn.locator(".boxes rect:visible")).to_have_count(0)
    turn.locator(".several li input").nth(1).check()
    assert mask_iou(masked(turn), SAMPLE.find("circles")[1].mask) > 0.95
    assert turn.get_by_label("circles").evaluate("input => input.indeterminate")


def test_layers_are_switched_by_themselves(page: Page) -> None:
    attach(page, SAMPLE.png())
    turn = say(page, MANY)
    masks = turn.get_by_role("button", name="Masks")
    masks.click()
    expect(masks).to_have_attribute("aria-pressed", "false")
    assert not masked(turn).any()
    expect(turn.locator(".boxes rect:visible")).to_have_count(4)
    turn.get_by_role("button", name="Boxes").click()
    expect(turn.locator(".boxes rect:visible")).to_have_count(0)
    expect(turn.locator(".label:visible")).to_have_count(4)
    turn.get_by_role("button", name="Labels").click()
    expect(turn.locator(".label:visible")).to_have_count(0)
    masks.click()
    assert masked(turn).any()


def test_a_follow_up_needs_no_second_upload(page: Page, site: Site) -> None:
    attach(page, SAMPLE.png())
    say(page, "hello")
    turn = say(page, "outline it")
    first, second = site.dialogue.turns
    assert [p.pixels.shape for p in first.pictures] == [SAMPLE.image.shape]
    assert np.array_equal(first.pictures[0].pixels, SAMPLE.image), "the file goes as it is"
    assert second.pictures == ()
    assert first.session == second.session
    assert re.fullmatch("page-[0-9a-f]{32}", first.session or "")
    assert mask_iou(masked(turn), SAMPLE.find("red star")[0].mask) > 0.97


def test_a_result_is_drawn_on_its_own_picture(page: Page) -> None:
    attach(page, SAMPLE.png())
    say(page, "hello")
    attach(page, OTHER.png())
    turn = say(page, "outline the cross")
    assert masked(turn).shape == (280, 200)
    assert mask_iou(masked(turn), OTHER.objects[0].mask) > 0.97
    expect(turn.locator(".tasks")).to_contain_text("Picture 2")


def test_a_picture_that_is_not_here_is_said(page: Page) -> None:
    turn = say(page, "outline it")
    expect(turn.locator(".lost")).to_contain_text("does not have")
    assert turn.locator(".found").count() == 0


def test_the_sample_is_asked_about(page: Page, site: Site) -> None:
    page.get_by_role("button", name="Outline the red star").click()
    turn = page.locator("article").last
    assert answered(turn) == "I outlined the red star."
    assert site.dialogue.turns[0].pictures[0].pixels.shape == SAMPLE.image.shape
    assert mask_iou(masked(turn), SAMPLE.find("red star")[0].mask) > 0.97


def test_the_answer_is_there_as_json(page: Page, context: BrowserContext) -> None:
    attach(page, SAMPLE.png())
    turn = say(page, "Outline the red star")
    with page.expect_download() as started:
        turn.get_by_role("button", name="Download JSON").click()
    saved = json.loads(started.value.path().read_text())
    assert started.value.suggested_filename == "answer.json"
    assert saved["choices"][0]["message"]["content"] == "I outlined the red star."
    assert saved["vlp"]["results"][0]["instances"][0]["mask"] == encode(SAMPLE.find("red star")[0].mask)
    assert saved["usage"]["total_tokens"] == 7
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    turn.get_by_role("button", name="Copy JSON").click()
    expect(turn.get_by_role("button", name="Copied")).to_be_visible()
    assert json.loads(page.evaluate("navigator.clipboard.readText()")) == saved


# --- what is sent ----------------------------------------------------------------------------------------


def test_a_recording(page: Page, site: Site) -> None:
    page.get_by_role("button", name="Speak").click()
    expect(page.locator("#recording")).to_be_visible()
    page.wait_for_timeout(1200)
    page.get_by_role("button", name="Stop recording").click()
    expect(page.locator(".chip.speech")).to_be_visible()
    page.keyboard.press("Enter")
    turn = page.locator("article").last
    assert answered(turn) == "Good day."
    expect(turn.locator(".heard")).to_have_text("Hello there.")
    speech = site.dialogue.turns[0].speech
    assert speech is not None
    assert 0.8 < len(speech) / 16_000 < 4
    assert np.abs(speech).max() > 0.05, "Chromium's device beeps"


def test_the_camera(page: Page, site: Site) -> None:
    page.get_by_role("button", name="Take a picture").click()
    page.get_by_role("button", name="Take picture", exact=True).click()
    expect(page.locator(".chip.picture")).to_have_count(1)
    say(page, "hello")
    (picture,) = site.dialogue.turns[0].pictures
    assert min(picture.pixels.shape[:2]) >= 240
    assert picture.pixels.std() > 10, "Chromium's device shows a pattern"


_SLOW_CAMERA = """
const play = HTMLMediaElement.prototype.play;
HTMLMediaElement.prototype.play = async function () {
    await new Promise(done => setTimeout(done, 1000));
    return play.call(this);
};
"""


def test_a_camera_that_starts_slowly(context: BrowserContext, page: Page, site: Site) -> None:
    context.add_init_script(_SLOW_CAMERA)
    page.reload()
    page.get_by_role("button", name="Take a picture").click()
    take = page.get_by_role("button", name="Take picture", exact=True)
    expect(take).to_be_disabled()
    page.get_by_role("dialog").get_by_role("button", name="Close").click()
    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(page.locator(".chip.picture")).to_have_count(0)
    page.get_by_role("button", name="Take a picture").click()
    take.click()
    expect(page.locator(".chip.picture")).to_have_count(1)
    say(page, "hello")
    (picture,) = site.dialogue.turns[0].pictures
    assert picture.pixels.std() > 10, "Chromium's device shows a pattern"


_GIVE = """([kind, name, data]) => {
    const bytes = Uint8Array.from(atob(data), c => c.charCodeAt(0));
    const transfer = new DataTransfer();
    transfer.items.add(new File([bytes], name, { type: "image/png" }));
    const init = { bubbles: true, cancelable: true };
    const event = kind === "paste" ? new ClipboardEvent("paste", { ...init, clipboardData: transfer })
                                   : new DragEvent(kind, { ...init, dataTransfer: transfer });
    document.getElementById("message").dispatchEvent(event);
}"""


def test_pictures_are_pasted_and_dropped(page: Page, site: Site) -> None:
    data = base64.b64encode(SAMPLE.png()).decode()
    page.evaluate(_GIVE, ["paste", "pasted.png", data])
    expect(page.locator(".chip.picture")).to_have_count(1)
    page.evaluate(_GIVE, ["dragover", "dropped.png", data])
    expect(page.locator("#drop")).to_be_visible()
    page.evaluate(_GIVE, ["drop", "dropped.png", data])
    expect(page.locator("#drop")).to_be_hidden()
    expect(page.locator(".chip.picture")).to_have_count(2)
    page.get_by_role("button", name="Remove pasted.png").click()
    say(page, "hello")
    assert len(site.dialogue.turns[0].pictures) == 1


def test_other_formats_are_encoded_anew(page: Page, site: Site) -> None:
    file = io.BytesIO()
    Image.fromarray(SAMPLE.image).save(file, "GIF")
    attach(page, file.getvalue(), name="scene.gif", media_type="image/gif")
    say(page, "hello")
    (picture,) = site.dialogue.turns[0].pictures
    assert picture.pixels.shape == SAMPLE.image.shape
    assert np.abs(picture.pixels.astype(float) - SAMPLE.image).mean() < 12


def test_what_is_no_picture_is_refused_in_words(page: Page) -> None:
    page.set_input_files("#file", [{"name": "notes.txt", "mimeType": "text/plain", "buffer": b"hello"}])
    expect(page.locator("#note")).to_have_text(
        "notes.txt is no picture that this browser can read. Choose a JPEG, PNG or WebP file."
    )
    attach(page, SAMPLE.png())
    page.get_by_role("button", name="Send").click()
    expect(page.locator("#note")).to_have_text("Say what you want to know about the picture.")


@pytest.mark.parametrize("limits", [Limits(body_mib=0.0625, pictures=2, pixels=60_000)])
def test_the_server_s_limits_are_kept_to(page: Page, site: Site) -> None:
    attach(page, SAMPLE.png())
    say(page, "hello")
    height, width, _ = site.dialogue.turns[0].pictures[0].pixels.shape
    assert 55_000 < width * height <= 60_000, "made smaller, in its own shape"
    assert width / height == pytest.approx(4 / 3, abs=0.02)
    file = io.BytesIO()
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (240, 240, 3), np.uint8)).save(file, "JPEG", quality=95)
    noise = file.getvalue()
    page.set_input_files("#file", [{"name": "noise.jpg", "mimeType": "image/jpeg", "buffer": noise}] * 3)
    expect(page.locator("#note")).to_contain_text("At most 2 pictures go with one turn")
    turn = begin(page, "hello")
    expect(turn.get_by_role("alert")).to_contain_text("the server takes 0.1 MiB. Send fewer pictures")
    assert len(site.door.given) == 1, "nothing was sent"


def test_enter_sends_and_shift_enter_does_not(page: Page, site: Site) -> None:
    field = page.get_by_label("Message")
    field.fill("one")
    page.keyboard.press("Shift+Enter")
    page.keyboard.type("two")
    expect(field).to_have_value("one\ntwo")
    assert site.dialogue.turns == []
    say(page, "hello")
    assert site.dialogue.turns[0].text == "hello"
    expect(field).to_have_value("")


# --- what goes wrong -------------------------------------------------------------------------------------


def test_an_error_says_what_to_change_and_the_turn_comes_back(page: Page, site: Site) -> None:
    site.dialogue.error = Unprocessable("the picture is too dark: send a lighter one", param="messages.0.content")
    attach(page, SAMPLE.png())
    turn = begin(page, "Outline the red star")
    error = turn.get_by_role("alert")
    expect(error).to_contain_text("the picture is too dark: send a lighter one")
    expect(error.locator("code")).to_have_text("messages.0.content")
    expect(page.get_by_label("Message")).to_have_value("Outline the red star")
    expect(page.locator(".chip.picture")).to_have_count(1)
    site.dialogue.error = None
    turn.get_by_role("button", name="Try again").click()
    assert answered(page.locator("article").last) == "I outlined the red star."
    expect(page.locator("article")).to_have_count(1)
    expect(page.locator(".chip.picture")).to_have_count(0)


def test_retry_after_is_kept_to(page: Page, site: Site) -> None:
    site.dialogue.error = ModelUnavailable("no replica of Llama is up")
    turn = begin(page, "hello")
    expect(turn.get_by_role("alert")).to_contain_text("A model is not up just now")
    again = turn.get_by_role("button", name=re.compile("Try again in [45] s"))
    expect(again).to_be_disabled()
    site.dialogue.error = None
    turn.get_by_role("button", name="Try again", exact=True).click(timeout=8000)
    assert answered(page.locator("article").last) == "Good day to you."


def test_an_error_in_the_middle_of_the_words(page: Page, site: Site) -> None:
    site.dialogue.error, site.dialogue.late = Overloaded("all replicas are busy"), True
    turn = begin(page, "hello")
    expect(turn.get_by_role("alert")).to_contain_text("all replicas are busy")
    assert turn.locator(".words").inner_text() == "Good"
    assert page.locator("#sessions li").count() == 0


def test_a_server_that_is_gone(page: Page, context: BrowserContext) -> None:
    context.set_offline(True)
    turn = begin(page, "hello")
    expect(turn.get_by_role("alert")).to_contain_text("The server cannot be reached")


def test_stop_ends_the_work_on_the_server(page: Page, site: Site) -> None:
    site.dialogue.gate.clear()
    attach(page, SAMPLE.png())
    turn = begin(page, MANY)
    expect(turn.locator(".tasks > li")).to_have_count(3)
    page.get_by_role("button", name="Stop").click()
    assert site.dialogue.closed.wait(5), "the dialogue was left"
    expect(turn).to_contain_class("stopped")
    expect(turn).to_contain_text("The server keeps nothing of this turn")
    assert set(_states(page).values()) == {"skipped"}
    expect(page.get_by_label("Message")).to_have_value(MANY)
    expect(page.locator(".chip.picture")).to_have_count(1)
    site.dialogue.gate.set()
    page.get_by_role("button", name="Send").click()
    assert answered(page.locator("article").last) == "There are 3 circles."


def test_escape_stops(page: Page, site: Site) -> None:
    site.dialogue.gate.clear()
    turn = begin(page, MANY)
    expect(turn.locator(".tasks > li")).to_have_count(3)
    page.keyboard.press("Escape")
    expect(turn).to_contain_class("stopped")
    assert site.dialogue.closed.wait(5)


def test_the_key_is_asked_for_and_kept_for_the_tab(page: Page, context: BrowserContext, site: Site) -> None:
    site.door.key = "s3cret"
    turn = begin(page, "hello")
    expect(turn.get_by_role("alert")).to_contain_text("The server asks for an API key")
    turn.get_by_label("API key").fill("wrong")
    page.keyboard.press("Enter")
    expect(page.get_by_label("API key")).to_have_value("")
    page.get_by_label("API key").fill("s3cret")
    page.get_by_role("button", name="Use it and try again").click()
    assert answered(page.locator("article").last) == "Good day to you."
    assert site.door.given == ["", "Bearer wrong", "Bearer s3cret"]
    page.reload()
    say(page, "hello")
    assert site.door.given[-1] == "Bearer s3cret"
    assert "s3cret" not in page.evaluate("JSON.stringify(localStorage)")
    page.get_by_role("button", name="Forget the API key").click()
    begin(page, "hello")
    expect(page.get_by_role("alert")).to_contain_text("API key")


# --- hostile text ----------------------------------------------------------------------------------------


def test_hostile_text_stays_text(page: Page, site: Site) -> None:
    box = STAR[0].model_copy(update={"phrase": HOSTILE})
    result = Result(
        id="t1", task="segment", image=0, status="ok", seconds=1, instances=[box], text=HOSTILE, doubt=HOSTILE
    )
    task = Task(id="t1", task="segment", image=0, phrases=[HOSTILE], question=HOSTILE, labels=[HOSTILE, "b"])
    site.dialogue.scripts[HOSTILE] = Script([task], [result], HOSTILE, thought=HOSTILE)
    attach(page, SAMPLE.png(), name=f"{HOSTILE}.png")
    turn = say(page, HOSTILE)
    assert turn.locator(".words").inner_text() == HOSTILE
    expect(turn.locator(".toggle .name")).to_have_text(HOSTILE)
    expect(page.locator("#title")).to_have_text(HOSTILE)
    site.dialogue.error = Unprocessable(HOSTILE, param=HOSTILE)
    begin(page, "hello")
    expect(page.get_by_role("alert")).to_contain_text(HOSTILE)
    page.reload()
    expect(page.locator("#sessions .open")).to_have_text(HOSTILE)
    assert page.locator("img[src=x], #thread script").count() == 0
    assert page.evaluate("window.hacked === undefined")


def test_the_policy_holds(context: BrowserContext, site: Site) -> None:
    page = context.new_page()
    page.goto(site.url)
    refused = page.evaluate(
        "() => { try { document.body.innerHTML = '<b>x</b>'; return ''; } catch (e) { return e.name; } }"
    )
    assert refused == "TypeError"
    style = "const s = document.createElement('style'); s.textContent = 'body{opacity:.5}'; document.head.append(s);"
    page.evaluate(f"() => {{ {style} }}")
    assert page.evaluate("getComputedStyle(document.body).opacity") == "1"
    left = page.evaluate("fetch('http://127.0.0.1:9/', { mode: 'no-cors' }).then(() => 'sent', e => e.name)")
    assert left == "TypeError"


# --- dialogues -------------------------------------------------------------------------------------------


def test_dialogues_outlive_the_page(page: Page, site: Site) -> None:
    attach(page, SAMPLE.png())
    say(page, "Outline the red star")
    page.reload()
    turn = page.locator("article").last
    assert answered(turn) == "I outlined the red star."
    assert mask_iou(masked(turn), SAMPLE.find("red star")[0].mask) > 0.97
    say(page, "outline it")
    assert site.dialogue.turns[0].session == site.dialogue.turns[1].session
    page.get_by_role("button", name="New dialogue").click()
    expect(page.locator(".welcome")).to_be_visible()
    say(page, "hello")
    assert site.dialogue.turns[2].session != site.dialogue.turns[0].session
    expect(page.locator("#sessions .open")).to_have_text(["hello", "Outline the red star"])
    page.get_by_role("button", name="Outline the red star", exact=True).click()
    expect(page.locator("article")).to_have_count(2)
    expect(page.locator("#title")).to_have_text("Outline the red star")


def test_a_dialogue_is_forgotten_after_asking(page: Page) -> None:
    say(page, "hello")
    page.locator("#sessions li").hover()
    page.get_by_role("button", name="Forget hello").click()
    expect(page.locator("#sessions li")).to_have_count(1)
    page.get_by_role("button", name="Forget hello").click()
    expect(page.locator("#sessions li")).to_have_count(0)
    expect(page.locator(".welcome")).to_be_visible()
    assert "hello" not in page.evaluate("JSON.stringify(localStorage)")
    page.reload()
    expect(page.locator(".welcome")).to_be_visible()


def test_what_the_server_has_forgotten_is_asked_under_a_new_name(page: Page, site: Site) -> None:
    attach(page, SAMPLE.png())
    say(page, "hello")
    page.clock.install()
    page.clock.fast_forward(2 * 86_400_000)
    attach(page, OTHER.png())
    site.dialogue.scripts["outline the cross"] = _segment("orange cross", found(OTHER, "orange cross"), image=0)
    turn = say(page, "outline the cross")
    expect(page.locator(".divide")).to_contain_text("The server has forgotten")
    assert site.dialogue.turns[0].session != site.dialogue.turns[1].session
    assert masked(turn).shape == (280, 200), "the first picture that the server knows now"


# --- looks -----------------------------------------------------------------------------------------------


def test_dark_and_light(page: Page) -> None:
    ground = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(ground)
    page.emulate_media(color_scheme="dark")
    dark = page.evaluate(ground)
    assert light != dark
    page.emulate_media(color_scheme="light")
    page.get_by_role("button", name="Dark colours").click()
    assert page.evaluate(ground) == dark
    page.reload()
    assert page.evaluate(ground) == dark
    expect(page.get_by_role("button", name="Dark colours")).to_have_attribute("aria-pressed", "true")
    page.get_by_role("button", name="Dark colours").click()
    assert page.evaluate(ground) == light
    assert page.evaluate("localStorage.getItem('vlp.theme')") is None


def test_on_a_phone(page: Page) -> None:
    page.set_viewport_size({"width": 360, "height": 700})
    attach(page, SAMPLE.png())
    say(page, MANY)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert (
        page.evaluate("document.getElementById('thread').scrollWidth - document.getElementById('thread').clientWidth")
        == 0
    )
    expect(page.get_by_role("button", name="Send")).to_be_in_viewport()
    expect(page.locator("#new")).not_to_be_in_viewport()
    page.get_by_role("button", name="Dialogues").click()
    expect(page.locator("#new")).to_be_in_viewport()
    expect(page.locator("#new")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("#new")).not_to_be_in_viewport()
    expect(page.locator("#menu")).to_be_focused()


def test_keyboard_and_names(page: Page) -> None:
    attach(page, SAMPLE.png())
    say(page, MANY)
    nameless = page.evaluate(
        """[...document.querySelectorAll("button, input, textarea, audio, img, canvas, svg.icon")].filter(e =>
            !e.getAttribute("aria-label") && !e.textContent.trim() && !e.labels?.length && e.alt === undefined
            && e.getAttribute("aria-hidden") !== "true").map(e => e.outerHTML)"""
    )
    assert nameless == []
    page.locator(".skip").focus()
    order = []
    for _ in range(40):
        page.keyboard.press("Tab")
        order.append(page.evaluate("document.activeElement.id || document.activeElement.className"))
    wanted = ["new", "open", "theme", "layer", "message", "pick", "shoot", "record", "send"]
    places = [order.index(name) for name in wanted]
    assert places == sorted(places), order
    page.get_by_role("button", name="Masks").focus()
    page.keyboard.press("Tab")
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"


def test_still_where_motion_is_unwanted(page: Page, site: Site) -> None:
    page.emulate_media(reduced_motion="reduce")
    site.dialogue.gate.clear()
    turn = begin(page, MANY)
    spinner = turn.locator(".tasks .spinner").first
    expect(spinner).to_be_visible()
    assert spinner.evaluate("s => getComputedStyle(s).animationName") == "none"


# --- masks -----------------------------------------------------------------------------------------------


def _odd_masks() -> list[np.ndarray[Any, np.dtype[np.bool_]]]:
    rng = np.random.default_rng(0)
    noise = [rng.random((h, w)) < p for h, w, p in [(1, 1, 0.5), (7, 3, 0.5), (64, 48, 0.02), (90, 130, 0.98)]]
    plain = [np.zeros((5, 9), bool), np.ones((9, 5), bool)]
    large = np.zeros((3000, 4000), bool)
    large[100:2900, 7:3990] = True
    return [*noise, *plain, large, *(o.mask for o in SAMPLE.objects)]


def test_masks_are_decoded_as_pycocotools_does(page: Page) -> None:
    for mask in _odd_masks():
        rle = encode(mask)
        packed, width, height = page.evaluate(
            """async rle => {
                const { decode } = await import("./page/masks.js");
                const { width, height, inside } = decode(rle);
                const bits = new Uint8Array(Math.ceil(inside.length / 8));
                inside.forEach((cell, at) => { bits[at >> 3] |= cell << (7 - (at & 7)); });
                let text = "";
                bits.forEach(byte => { text += String.fromCharCode(byte); });
                return [btoa(text), width, height];
            }""",
            rle,
        )
        bits = np.unpackbits(np.frombuffer(base64.b64decode(packed), np.uint8))[: mask.size]
        assert (height, width) == mask.shape
        assert np.array_equal(bits.reshape(mask.shape).astype(bool), mask)


@pytest.mark.parametrize("counts", ["", "0", "o", "PPYo0", "~~~", "oooooooooooooo1"])
def test_what_is_no_mask_is_refused(page: Page, counts: str) -> None:
    refused = page.evaluate(
        """async counts => {
            const { decode } = await import("./page/masks.js");
            try { decode({ size: [4, 4], counts }); return ""; } catch (error) { return error.name; }
        }""",
        counts,
    )
    assert refused == "RangeError"


def test_a_mask_of_another_picture_is_not_drawn(page: Page, site: Site) -> None:
    other = Instance(phrase="cross", score=1, box=(1, 1, 50, 50), mask=found(OTHER, "orange cross")[0].mask)
    site.dialogue.scripts["outline it"] = _segment("cross", [other])
    attach(page, SAMPLE.png())
    turn = say(page, "outline it")
    assert not masked(turn).any()
    expect(turn.locator(".boxes rect")).to_have_count(1)
