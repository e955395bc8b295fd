"""What the models read: one line of history, bounded."""

from vlp_graph.dialogue.prompt import HISTORY_LIMIT, history_line, intent_text, planner_messages


def test_messages_hold_history_above_the_turn() -> None:
    system, user = planner_messages("and the\nblue ones?", "how many red circles? -> 3")
    assert system["role"] == "system"
    assert user == {"role": "user", "content": "[how many red circles? -> 3]\nand the blue ones?"}
    assert planner_messages("hello")[1]["content"] == "hello"


def test_history_is_one_bounded_line() -> None:
    assert history_line("find the dogs", "2 boxes") == "find the dogs -> 2 boxes"
    long = history_line("word " * 100, "answer\n" * 100)
    assert len(long) <= HISTORY_LIMIT
    assert "\n" not in long
    assert " -> answer" in long


def test_intent_text_separates_history() -> None:
    assert intent_text("outline it", "find the dog -> 1 box") == "find the dog -> 1 box [SEP] outline it"
