"""The text of tokens one by one: a character of several tokens comes with its last, a space with its word.

Decoding each token alone would lose both.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tokenizers import Tokenizer


class Detokenizer:
    """Goes on from a prompt; `push` gives the text that each further token completes."""

    def __init__(self, tokenizer: Tokenizer, prompt: Sequence[int] = (), *, skip_special: bool = False) -> None:
        from tokenizers.decoders import DecodeStream

        self._tokenizer, self._skip = tokenizer, skip_special
        self._stream = DecodeStream(ids=list(prompt), skip_special_tokens=skip_special)

    def push(self, token: int) -> str:
        """The new text; empty while a character is incomplete."""
        from tokenizers.decoders import DecodeStream

        try:
            return self._stream.step(self._tokenizer, token) or ""
        except Exception as error:  # the library has no class for it: bytes that turned out to be no character
            if not str(error).startswith("Invalid prefix"):
                raise
            self._stream = DecodeStream(skip_special_tokens=self._skip)
            return self._stream.step(self._tokenizer, token) or ""


def special_tokens(tokenizer: Tokenizer) -> frozenset[int]:
    """The ids of tokens that steer the model and are no text."""
    return frozenset(id for id, token in tokenizer.get_added_tokens_decoder().items() if token.special)
