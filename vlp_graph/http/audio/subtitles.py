"""Transcripts as files: plain lines, SubRip, WebVTT and a table."""

from __future__ import annotations

import html
from collections.abc import Sequence

from vlp_graph.engines.transcript import Segment


def as_lines(segments: Sequence[Segment]) -> str:
    """A line for each segment."""
    return "".join(f"{_text(s)}\n" for s in segments)


def as_srt(segments: Sequence[Segment]) -> str:
    """SubRip: numbered, hours always, a comma before the milliseconds."""
    return "".join(
        f"{number}\n{_time(s.start, ',')} --> {_time(s.end, ',')}\n{_text(s).replace('-->', '->')}\n\n"
        for number, s in enumerate(segments, 1)
    )


def as_vtt(segments: Sequence[Segment]) -> str:
    """WebVTT, in which <, > and & are marks."""
    cues = (
        f"{_time(s.start, '.')} --> {_time(s.end, '.')}\n{html.escape(_text(s), quote=False)}\n\n" for s in segments
    )
    return "WEBVTT\n\n" + "".join(cues)


def as_tsv(segments: Sequence[Segment]) -> str:
    """Start and end in milliseconds, and the text, between tabs."""
    rows = (f"{round(s.start * 1000)}\t{round(s.end * 1000)}\t{_text(s)}\n" for s in segments)
    return "start\tend\ttext\n" + "".join(rows)


def _text(segment: Segment) -> str:
    return " ".join(segment.text.split())


def _time(seconds: float, mark: str) -> str:
    minutes, milliseconds = divmod(round(seconds * 1000), 60_000)
    return f"{minutes // 60:02}:{minutes % 60:02}:{milliseconds // 1000:02}{mark}{milliseconds % 1000:03}"
