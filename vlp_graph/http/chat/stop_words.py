"""Ends a text that comes in pieces before its first stop word, as OpenAI does; engines hand the word itself on, too."""

from __future__ import annotations

from collections.abc import Sequence


class StopWords:
    """Passes on what can no longer be the beginning of a stop word."""

    def __init__(self, words: Sequence[str]) -> None:
        self._words, self._held, self._met = [word for word in words if word], "", False

    def pass_on(self, piece: str) -> str:
        """The text that may be shown after this piece; empty from the first stop word on."""
        if self._met:
            return ""
        text = self._held + piece
        places = [place for word in self._words if (place := text.find(word)) >= 0]
        if places:
            self._met, self._held = True, ""
            return text[: min(places)]
        keep = max((n for word in self._words for n in range(1, len(word)) if text.endswith(word[:n])), default=0)
        self._held = text[len(text) - keep :]
        return text[: len(text) - keep]

    def rest(self) -> str:
        """What was held back and turned out to be no stop word."""
        rest, self._held = self._held, ""
        return rest
