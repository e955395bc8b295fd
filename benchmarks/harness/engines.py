"""The engines with a profile's options and without Ray, for sides that serve them otherwise or not at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vlp_graph.config import Profile

if TYPE_CHECKING:
    from vlp_graph.engines.distilbert import DistilBert
    from vlp_graph.engines.grounded_sam import GroundedSam
    from vlp_graph.engines.idefics import Idefics
    from vlp_graph.engines.whisper import Whisper


def distilbert(profile: Profile) -> DistilBert:
    from vlp_graph.engines.distilbert import DistilBert

    config = profile.models.distilbert
    return DistilBert.load(config.source, adapter=config.adapter, forms=config.forms, dtype=config.dtype)


def grounded_sam(profile: Profile) -> GroundedSam:
    from vlp_graph.engines.grounded_sam import GroundedSam

    config = profile.models.grounded_sam
    return GroundedSam.load(
        config.source,
        sam=config.sam,
        dtype=config.dtype,
        embeddings=config.embeddings,
        threshold=config.threshold,
        companion=config.companion,
        nms=config.nms,
        synonyms=config.synonyms,
        phrases_at_once=config.phrases_at_once,
    )


def idefics(profile: Profile) -> Idefics:
    from vlp_graph.engines.idefics import Idefics

    config = profile.models.idefics
    return Idefics.load(
        config.source,
        dtype=config.dtype,
        max_new_tokens=config.max_new_tokens,
        system_prompt=config.system_prompt,
        lowercase=config.lowercase,
        max_model_len=config.max_model_len,
    )


def whisper(profile: Profile) -> Whisper:
    from vlp_graph.engines.whisper import Whisper

    config = profile.models.whisper
    return Whisper.load(
        config.source,
        dtype=config.dtype,
        threads=config.threads,
        language=config.language,
        initial_prompt=config.initial_prompt,
        no_speech=config.no_speech,
        beam=config.beam,
    )
