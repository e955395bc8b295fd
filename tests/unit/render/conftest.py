from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.render.profiles import EKS, ON_CLUSTERS, PLAIN, written

FILES = {"tiny-eks": EKS, "plain": PLAIN}


@pytest.fixture(params=[*ON_CLUSTERS, *FILES])
def named(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Every profile with a cluster section, as `vlp render` takes it."""
    text = FILES.get(request.param)
    return request.param if text is None else written(tmp_path, text)
