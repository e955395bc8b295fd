"""A profile's weights from a hub, before anything starts: with progress, once, into a cache that replicas share.

Only what is safe to load is fetched: safetensors and texts, and CTranslate2's own form for Whisper. Pickled weights
(.bin, .pt, .pth) stay where they are.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from vlp_graph.config.environment import hub_cache
from vlp_graph.engines.weights import is_hub_id

if TYPE_CHECKING:
    from vlp_graph.config import Model, Models

PATTERNS = ("*.safetensors", "*.json", "*.txt", "*.model", "*.jinja")
LEFT_OUT = ("original/*", "onnx/*", "openvino/*", "consolidated*")
"""The same weights in other forms."""
CTRANSLATE2 = ("config.json", "preprocessor_config.json", "model.bin", "tokenizer.json", "vocabulary.*")
"""What faster-whisper reads; its model.bin is no pickle."""
_REVISIONS = {"source": "revision", "sam": "sam_revision", "nli": "nli_revision"}
"""Keys of a profile that name weights, with those that pin them; adapters are pinned by nothing."""
_NAMED = (*_REVISIONS, "planner", "adapter", "forms")


class FetchError(Exception):
    """Weights cannot be had; the message says which, why, and what to do."""


@dataclass(frozen=True)
class Weights:
    """Weights on a hub. `speech`: of a model that CTranslate2 runs."""

    id: str
    revision: str | None = None
    speech: bool = False


def of_model(model: Model) -> Iterator[Weights]:
    """What a model has on a hub: nothing, where all of it comes from packages and paths."""
    for key in _NAMED:
        source = getattr(model, key, None)
        if source and is_hub_id(source):
            pinned = getattr(model, _REVISIONS[key]) if key in _REVISIONS else None
            yield Weights(source, pinned, type(model).__name__ == "Whisper")


def of_models(models: Models) -> list[Weights]:
    """What all models have on a hub, each once."""
    return list(dict.fromkeys(weights for _, model in models for weights in of_model(model)))


def fetch(weights: Weights) -> Path:
    """The folder of the weights in the cache, downloaded with progress on stderr where they are not there yet.

    Raises:
        FetchError: no such repository or revision, no access, no network, no safetensors.
    """
    if home := hub_cache():
        os.environ.setdefault("HF_HOME", str(home))  # read when huggingface_hub is imported, by replicas too
    from huggingface_hub import errors, snapshot_download

    patterns = CTRANSLATE2 if weights.speech else PATTERNS
    try:
        folder = Path(
            snapshot_download(
                weights.id,
                revision=weights.revision,
                allow_patterns=list(patterns),
                ignore_patterns=None if weights.speech else list(LEFT_OUT),
            )
        )
    except errors.GatedRepoError:
        raise FetchError(
            f"{weights.id}: its owner asks for consent. Give it on the repository's page, then say who you are: "
            "set HF_TOKEN, or `hf auth login`"
        ) from None
    except errors.RevisionNotFoundError:
        raise FetchError(f"{weights.id}: no revision {weights.revision!r}; take a commit of that repository") from None
    except errors.RepositoryNotFoundError:
        raise FetchError(
            f"{weights.id}: no such repository, or a private one: look at the name, or set HF_TOKEN"
        ) from None
    except errors.LocalEntryNotFoundError:
        raise FetchError(
            f"{weights.id} is not in the cache, and the hub cannot be reached: look at the network (and at "
            "HF_HUB_OFFLINE), or fetch it elsewhere and share HF_HOME"
        ) from None
    wanted = "model.bin" if weights.speech else "*.safetensors"
    if not any(folder.rglob(wanted)):
        form = "CTranslate2's form (ct2-transformers-converter makes it)" if weights.speech else "safetensors"
        raise FetchError(f"{weights.id} has no {wanted}: only {form} is loaded; take a repository or revision with it")
    return folder
