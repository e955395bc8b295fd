"""`vlp finetune sft --model idefics`: an adapter for the language layers of IDEFICS, from pictures with questions.

Data: {"image": "shelf/7.png", "question": "is the pallet full?", "answer": "no"}; a path is relative to the JSONL
file. vLLM does not serve this IDEFICS: the adapter is merged, and the merged weights are `models.idefics.source`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import Field

from vlp_graph.config.strict import Strict
from vlp_graph.engines.idefics_prompt import AROUND_IMAGE, END_OF_UTTERANCE, IMAGE, lay_out, tensors
from vlp_graph.engines.weights import resolve
from vlp_graph.finetune import language, lines, lora
from vlp_graph.finetune.folder import Folder, Metrics, digest
from vlp_graph.finetune.lines import EntryError, Lines
from vlp_graph.finetune.settings import Eyes
from vlp_graph.finetune.training import Listener, Run, arguments

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from vlp_graph.engines.idefics import Idefics


class Seen(Strict):
    """A picture with a question and its answer: one line of the data."""

    image: str = Field(min_length=1)
    question: str = Field(min_length=1)
    answer: str = Field(min_length=1)

    def what(self) -> str:
        """What is asked about: the same picture and question stay together when some are held out."""
        return f"{self.image} {self.question}"


def read_seen(path: Path) -> Lines[Seen]:
    """
    Raises:
        DataError: a line that cannot be learned from: its form, or a picture that is not there or none.
    """

    def check(seen: Seen) -> None:
        for name in ("question", "answer"):
            if token := next((t for t in (IMAGE, AROUND_IMAGE, END_OF_UTTERANCE) if t in getattr(seen, name)), None):
                raise EntryError(f"{name}: {token} is a mark of the model's own; leave it out")
        _check_picture(path.parent / seen.image, seen.image)

    return lines.read(path, Seen, check)


def _check_picture(file: Path, name: str) -> None:
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(file) as picture:
            picture.verify()
    except FileNotFoundError:
        raise EntryError(f"image: {name!r} is not there (paths are relative to the file of lines)") from None
    except (OSError, SyntaxError, UnidentifiedImageError):
        raise EntryError(f"image: {name!r} is no picture that can be read") from None


def eyes(
    data: Path,
    out: Path,
    settings: Eyes,
    *,
    judge: Path | None = None,
    resume: bool = False,
    listen: Listener | None = None,
) -> Metrics:
    """Train an adapter on `data` and save it in `out`. Answers are judged, to the letter, on the lines of `judge`, else
    on what is held out of the data.

    Raises:
        DataError, RunError, SettingsError: what is wrong with data, folder or settings.
    """
    seen = read_seen(data)
    learned, held_out = seen.split(settings.held_out, Seen.what, settings.seed)
    judged, beside = held_out, data.parent
    if judge:
        judged, beside = list(read_seen(judge).entries), judge.parent
    judged = judged[: settings.judged]
    folder = Folder(out)
    asked = {"command": "eyes", "settings": settings.model_dump(), "data": digest(data, *([judge] if judge else []))}
    checkpoint = folder.begin(asked, resume=resume)

    from peft import get_peft_model
    from transformers import Trainer, TrainingArguments

    engine = _load(settings)
    examples = Examples(engine, data.parent)
    for index, entry in enumerate(seen.entries):
        if (count := len(examples.ids(entry)[0])) > settings.max_length:
            raise seen.error(index, f"{count} tokens, and max_length is {settings.max_length}")
    engine.model.config.use_cache = False
    model: Any = get_peft_model(engine.model, lora.config(settings.rank, lora.IDEFICS_LINEARS))
    if settings.checkpointing:
        model.enable_input_require_grads()
    trainer: Any = Trainer(
        model=model,
        args=TrainingArguments(
            **arguments(settings, folder, watched=bool(held_out)), remove_unused_columns=False, label_names=["labels"]
        ),
        train_dataset=learned,
        eval_dataset=held_out or None,
        data_collator=examples.batch,
    )
    run = Run(
        command="sft",
        settings=settings,
        folder=folder,
        lines=len(learned),
        held_out=len(held_out),
        judged=len(judged),
        judge=lambda: {"right_answers": _share_right(engine, Examples(engine, beside), judged)},
        listen=listen,
    )
    metrics = run.train(trainer, checkpoint)
    lora.save(trainer.model, out, settings.base)
    folder.finish(metrics)
    return metrics


def _load(settings: Eyes) -> Idefics:
    """The engine that serves it, with the weights as the settings want them."""
    from transformers import AutoProcessor, IdeficsForVisionText2Text

    from vlp_graph.engines.idefics import Idefics

    model = language.load(IdeficsForVisionText2Text, settings)
    processor = AutoProcessor.from_pretrained(resolve(settings.base), revision=settings.revision)
    processor.tokenizer.padding_side = "left"
    return Idefics(model, processor, 80, "", settings.lowercase, settings.max_length)


@dataclass(frozen=True)
class Examples:
    """Lines as tensors, laid out as the engine lays out a question about one picture."""

    engine: Idefics
    folder: Path

    def picture(self, seen: Seen) -> NDArray[np.uint8]:
        """RGB uint8 [H, W, 3], upright."""
        import numpy as np
        from PIL import Image, ImageOps

        with Image.open(self.folder / seen.image) as file:
            return np.asarray(ImageOps.exif_transpose(file).convert("RGB"))

    def ids(self, seen: Seen) -> tuple[list[int], int]:
        """The token ids of prompt and answer, and how many of them are the prompt's."""
        tokenizer: Any = self.engine.processor.tokenizer
        end = END_OF_UTTERANCE if END_OF_UTTERANCE in tokenizer.get_vocab() else ""
        prompt = self._prompt(seen, end).ids
        answer = seen.answer.lower() if self.engine.lowercase else seen.answer
        written = tokenizer(f" {answer}{end or tokenizer.eos_token}", add_special_tokens=False).input_ids
        return [*prompt, *written], len(prompt)

    def _prompt(self, seen: Seen, end: str) -> Any:
        import numpy as np

        processor = self.engine.processor
        parts: list[str | NDArray[np.uint8]] = [
            "User:",
            np.zeros((1, 1, 3), np.uint8),
            f"{seen.question}{end}\nAssistant:",
        ]
        backend, bos = processor.tokenizer.backend_tokenizer, processor.tokenizer.bos_token
        return lay_out(parts, backend, bos=bos, lowercase=self.engine.lowercase, truncate=None)

    def batch(self, entries: Sequence[Seen]) -> dict[str, Any]:
        """`input_ids`, `attention_mask` and `labels` [B, T], `pixel_values` [B, 1, 3, S, S], `image_attention_mask`
        [B, T, 1]; only answers are learned."""
        import torch
        from torch.nn.utils.rnn import pad_sequence

        from vlp_graph.engines.idefics_prompt import Prompt

        made: dict[str, list[Any]] = {"input_ids": [], "labels": [], "pixel_values": [], "image_attention_mask": []}
        for seen in entries:
            ids, start = self.ids(seen)
            inputs = tensors(Prompt(ids, [self.picture(seen)]), self.engine.processor)
            labels = torch.tensor([-100] * start + ids[start:])
            for name, value in {**{k: v[0] for k, v in inputs.items()}, "labels": labels}.items():
                made[name].append(value)
        padding: int = self.engine.processor.tokenizer.pad_token_id
        lengths = [len(ids) for ids in made["input_ids"]]
        attended = torch.arange(max(lengths))[None] < torch.tensor(lengths)[:, None]
        return {
            "input_ids": pad_sequence(made["input_ids"], batch_first=True, padding_value=padding),
            "attention_mask": attended.long(),
            "labels": pad_sequence(made["labels"], batch_first=True, padding_value=-100),
            "pixel_values": torch.stack(made["pixel_values"]).to(self.engine.model.dtype),
            "image_attention_mask": pad_sequence(made["image_attention_mask"], batch_first=True),
        }


def _share_right(engine: Idefics, examples: Examples, judged: Sequence[Seen], batch: int = 16) -> float:
    """The share of questions whose answer is right to the letter, case aside."""
    from vlp_graph.engines.idefics import Look

    engine.model.eval()
    engine.model.config.use_cache = True
    right = 0
    for start in range(0, len(judged), batch):
        part = judged[start : start + batch]
        answers = engine.answer([Look((examples.picture(seen),), seen.question) for seen in part])
        right += sum(answer.lower() == seen.answer.lower() for answer, seen in zip(answers, part, strict=True))
    engine.model.config.use_cache = False
    engine.model.train()
    return right / len(judged)
