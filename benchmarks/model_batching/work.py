"""What each model is given: pieces of work with known answers, short and long ones, and how a batch of it is run.

As the deployments run it, without Ray: the same engines with the profile's options, one batch after another.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from deployments import distilbert, grounded_sam, idefics, whisper
from vlp_graph.config import Profile
from vlp_graph.nano.dialogues import says_number, words_of
from vlp_graph.nano.world import SHAPES, Scene, held_out

SEED, SIDE = 911, 192
POLITE = (
    "hello again, I hope that you are well, here is the next one of the pictures that I told you about this morning, "
    "take all the time that you need for it, and please "
)
SPOKEN_ON = "Please look closely and tell me, because I cannot see it very well from where I am. "


@dataclass(frozen=True)
class Item:
    """A piece of work, and what is known about its answer."""

    value: Any
    truth: Any


@dataclass(frozen=True)
class Work:
    """What one deployed batch call does. `run` does a batch, `is_right` judges one answer of it."""

    name: str
    unit: str
    run: Callable[[Sequence[Any]], Sequence[Any]]
    is_right: Callable[[Item, Any], bool]
    short: list[Item]
    long: list[Item]
    differ: str
    """what short and long ones differ in"""

    def known(self, each: int) -> Work:
        """With so many short and long ones, all answered rightly alone: what the weights do not know is left out.

        Raises:
            ValueError: there are too few.
        """
        short, long = ([item for item in items if self._alone(item)][:each] for items in (self.short, self.long))
        if min(len(short), len(long)) < each:
            raise ValueError(f"{self.name}: {len(short)} short and {len(long)} long items are known, {each} are wanted")
        return Work(self.name, self.unit, self.run, self.is_right, short, long, self.differ)

    def _alone(self, item: Item) -> bool:
        (answer,) = self.run([item.value])
        return self.is_right(item, answer)


def works(profile: Profile, count: int) -> Iterator[Work]:
    """All of them, each loaded when it is asked for; `count` short and long candidates each."""
    scenes = [s for s in held_out(SEED, 4 * count, side=SIDE) if len(s.objects) > 2][:count]
    yield from _distilbert(profile, scenes)
    yield from _grounded_sam(profile, scenes)
    yield _idefics(profile, scenes)
    yield _whisper(profile, scenes)


def _distilbert(profile: Profile, scenes: Sequence[Scene]) -> Iterator[Work]:
    engine = distilbert.warmed(profile.models.distilbert)
    forms = {"outline the {}": "segment", "where is the {}?": "detect", "how many {}s are there?": "count"}
    asked = [
        (form.format(s.objects[0].name), intent)
        for s, (form, intent) in zip(scenes, list(forms.items()) * len(scenes), strict=False)
    ]

    def intended(item: Item, reading: Any) -> bool:
        return bool(max(reading.intents, key=reading.intents.__getitem__) == item.truth)

    yield Work(
        "DistilBERT: intent, names, form",
        "texts",
        engine.read,
        intended,
        [Item(text, intent) for text, intent in asked],
        [Item(POLITE + text, intent) for text, intent in asked],
        "words: 3 to 6, or 35 more",
    )

    def nearest(pairs: Sequence[tuple[str, list[str]]]) -> list[dict[str, float]]:
        return engine.nearest([text for text, _ in pairs], [labels for _, labels in pairs])

    labels = list(SHAPES)
    said = [(f"a {s.objects[0].name}", s.objects[0].shape) for s in scenes]
    yield Work(
        "DistilBERT: nearest of 6 labels",
        "texts",
        nearest,
        lambda item, scores: max(scores, key=scores.__getitem__) == item.truth,
        [Item((text, labels), shape) for text, shape in said],
        [Item((f"{text}, that is what I see, I think, and nothing but {text}", labels), shape) for text, shape in said],
        "words: 3, or 15",
    )


def _grounded_sam(profile: Profile, scenes: Sequence[Scene]) -> Iterator[Work]:
    from vlp_graph.engines.grounded_sam import Query
    from vlp_graph.masks import encode

    engine = grounded_sam.warmed(profile.models.grounded_sam)

    def find(queries: Sequence[Query]) -> list[list[Any]]:
        return [
            [(f.detection.box, None if f.outline is None else encode(f.outline.mask)) for f in found]
            for found in engine.find(queries)
        ]

    def all_found(item: Item, found: Any) -> bool:
        return covers([box for box, _ in found], item.truth)

    for masks, what in ((False, "boxes"), (True, "boxes and masks")):
        short, long = list[Item](), list[Item]()
        for scene in scenes:
            names = list(dict.fromkeys(o.name for o in scene.objects))
            for items, asked in ((short, names[:1]), (long, names[:3])):
                truth = [o.box for name in asked for o in scene.find(name)]
                # no digest: what is kept of a picture would make the next batch of it cheap
                items.append(Item(Query(scene.image, tuple(asked), masks), truth))
        yield Work(f"Grounded-SAM: {what}", "pictures", find, all_found, short, long, "phrases: 1, or up to 3")


def _idefics(profile: Profile, scenes: Sequence[Scene]) -> Work:
    from vlp_graph.engines.idefics import Look

    engine = idefics.warmed(profile.models.idefics)

    def right(item: Item, answer: Any) -> bool:
        if isinstance(item.truth, int):
            return says_number(answer, item.truth)
        return set(item.truth) <= set(words_of(answer))

    return Work(
        "IDEFICS",
        "answers",
        engine.answer,
        right,
        [Item(Look((s.image,), "how many objects are there?"), len(s.objects)) for s in scenes],
        [Item(Look((s.image,), "describe the image."), [w for o in s.objects for w in o.name.split()]) for s in scenes],
        "tokens of the answer: a number, or a caption",
    )


def _whisper(profile: Profile, scenes: Sequence[Scene]) -> Work:
    """The deployment hears one recording after another; here CTranslate2 gets several at once, each one window of 30
    seconds, without the pauses cut out first: what a batched deployment of it could gain."""
    import numpy as np
    from faster_whisper.audio import pad_or_trim
    from faster_whisper.tokenizer import Tokenizer

    from vlp_graph.nano.speech import speak

    config = profile.models.whisper
    engine = whisper.warmed(profile.models.whisper)
    model = engine.model
    tokenizer = Tokenizer(
        model.hf_tokenizer, model.model.is_multilingual, task="transcribe", language=config.language or "en"
    )
    hint = tokenizer.encode(f" {config.initial_prompt.strip()}") if config.initial_prompt else []
    prompt = model.get_prompt(tokenizer, hint)

    def hear(sounds: Sequence[Any]) -> list[str]:
        features = np.stack([pad_or_trim(model.feature_extractor(sound)) for sound in sounds])
        written = model.model.generate(
            model.encode(features), [list(prompt) for _ in sounds], beam_size=config.beam, max_length=model.max_length
        )
        return [tokenizer.decode([t for t in w.sequences_ids[0] if t < tokenizer.eot]) for w in written]

    names = [s.objects[0].name for s in scenes]
    said = [f"Is there a {name} in the picture?" for name in names]
    return Work(
        "Whisper (not batched as deployed)",
        "recordings",
        hear,
        lambda item, text: set(item.truth.split()) <= set(words_of(text)),
        [Item(speak(text), name) for text, name in zip(said, names, strict=True)],
        [Item(speak(SPOKEN_ON + text), name) for text, name in zip(said, names, strict=True)],
        "seconds of speech: 2, or 7",
    )


def covers(boxes: Sequence[Sequence[float]], truth: Sequence[Sequence[float]]) -> bool:
    """Whether there are as many boxes as truth has, and each of the truth's has one that overlaps it by half."""
    return len(boxes) == len(truth) and all(any(_iou(box, one) >= 0.5 for box in boxes) for one in truth)


def _iou(a: Sequence[float], b: Sequence[float]) -> float:
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    if width <= 0 or height <= 0:
        return 0.0
    both = width * height
    return both / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - both)


def batches(short: Sequence[Item], long: Sequence[Item], size: int, lengths: str) -> list[list[Item]]:
    """The same items, of one length in each batch (`equal`), or half and half (`mixed`).

    Raises:
        ValueError: not a whole number of batches.
    """
    if len(short) != len(long) or len(short) % size:
        raise ValueError(f"{len(short)} short and {len(long)} long items make no batches of {size}")
    mixed = [item for pair in zip(short, long, strict=True) for item in pair]
    items = mixed if lengths == "mixed" else [*short, *long]
    return [list(items[i : i + size]) for i in range(0, len(items), size)]
