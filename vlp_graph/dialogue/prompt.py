"""What the planner and the intent model read of a dialogue.

Training (`vlp_graph.nano.recipes`) and serving build their inputs with these functions, so that a model
never meets a form that it was not trained on. History is one short line: what was asked, what came out.
"""

from __future__ import annotations

import re

PLANNER_SYSTEM = "Write a plan."
HISTORY_LIMIT = 120
UTTERANCE_LIMIT = 600
_MARKS = re.compile(
    r"<\|[^|<>]{0,40}\|>|</?s>|\[/?INST\]|<</?SYS>>|\[(?:SEP|CLS|PAD|MASK|UNK)\]|<(?:image|end_of_utterance|fake_token_around_image)>"
)


def planner_messages(utterance: str, history: str | None = None) -> list[dict[str, str]]:
    """The planner's input as OpenAI chat messages, to be rendered by the model's own chat template."""
    turn = _one_line(utterance, UTTERANCE_LIMIT)
    content = f"[{_one_line(history, HISTORY_LIMIT)}]\n{turn}" if history else turn
    return [{"role": "system", "content": PLANNER_SYSTEM}, {"role": "user", "content": content}]


def intent_text(utterance: str, history: str | None = None) -> str:
    """The intent model's input: the turn, after the history line where there is one."""
    turn = _one_line(utterance, UTTERANCE_LIMIT)
    return f"{_one_line(history, HISTORY_LIMIT)} [SEP] {turn}" if history else turn


def history_line(user: str, answer: str) -> str:
    """`user -> answer` on one line of at most `HISTORY_LIMIT` characters; the user's words matter more."""
    asked = _one_line(user, 70)
    return f"{asked} -> {_one_line(answer, HISTORY_LIMIT - len(asked) - 4)}"


def neutral(text: str) -> str:
    """Text without the marks that chat templates and encoders give a meaning of their own: a caller's words must
    not end a message, or begin one in another's name."""
    return _MARKS.sub(" ", text)


def _one_line(text: str, limit: int) -> str:
    line = " ".join(neutral(text).split())
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"
