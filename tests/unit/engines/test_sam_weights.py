"""A SAM of transformers in segment_anything's classes: the same embedding, the same masks."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.tiny_models import sam
from vlp_graph.engines.sam import Prompt, Sam

pytestmark = pytest.mark.models


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return sam(tmp_path_factory.mktemp("sam"))


def test_the_same_embedding_and_masks(checkpoint: Path) -> None:
    import torch
    from transformers import SamModel

    theirs, ours = SamModel.from_pretrained(checkpoint).eval(), Sam.load(str(checkpoint)).predictor.model
    torch.manual_seed(1)
    side = ours.image_encoder.img_size
    pixels, box = torch.randn(1, 3, side, side), torch.tensor([[[5.0, 9.0, 50.0, 41.0]]])
    points, labels = torch.tensor([[[[20.0, 30.0], [40.0, 8.0]]]]), torch.tensor([[[1, 0]]])
    with torch.inference_mode():
        embedding = ours.image_encoder(pixels)
        assert torch.allclose(embedding, theirs.get_image_embeddings(pixels), atol=1e-4)
        shared = {"pixel_values": pixels, "multimask_output": True}
        by_transformers = (
            theirs(input_boxes=box, **shared),
            theirs(input_points=points, input_labels=labels, **shared),
        )
        for expected, prompt in zip(
            by_transformers,
            ({"boxes": box[0], "points": None}, {"boxes": None, "points": (points[0], labels[0])}),
            strict=True,
        ):
            sparse, dense = ours.prompt_encoder(masks=None, **prompt)
            masks, quality = ours.mask_decoder(
                image_embeddings=embedding,
                image_pe=ours.prompt_encoder.get_dense_pe(),
                sparse_prompt_embeddings=sparse,
                dense_prompt_embeddings=dense,
                multimask_output=True,
            )
            assert torch.allclose(masks, expected.pred_masks[0], atol=1e-3)
            assert torch.allclose(quality, expected.iou_scores[0], atol=1e-3)
            assert masks.std() > 0.01


def test_it_outlines(checkpoint: Path) -> None:
    picture = np.random.default_rng(0).integers(0, 255, (48, 90, 3), dtype=np.uint8)
    (outlines,) = Sam.load(str(checkpoint)).outline(picture, [Prompt((3, 4, 60, 40))], several=True)
    assert [o.mask.shape for o in outlines] == [(48, 90)] * 3
