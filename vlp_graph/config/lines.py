"""Where in a YAML file something stands."""

from __future__ import annotations

from collections.abc import Sequence

import yaml


def line_of(tree: yaml.Node, location: Sequence[str]) -> tuple[int, int]:
    """How much of a location (keys, and places in lists) stands there, and the line of the last part that does."""
    node, depth, line = tree, 0, 1
    for part in location:
        if isinstance(node, yaml.SequenceNode) and part.isdigit() and int(part) < len(node.value):
            node = node.value[int(part)]
            depth, line = depth + 1, node.start_mark.line + 1
            continue
        entries = node.value if isinstance(node, yaml.MappingNode) else []
        found = [(key, value) for key, value in entries if key.value == part]
        if not found:
            break
        key, node = found[-1]
        depth, line = depth + 1, key.start_mark.line + 1
    return depth, line
