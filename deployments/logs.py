"""Our log lines beside Ray Serve's own: the same files, the same form, the same request id.

Ray Serve writes one file for each replica under its `logs/serve`, in the form that its `logging_config` says, and knows
in every replica which request a line belongs to.
"""

from __future__ import annotations

import logging
import traceback
from typing import Any

from vlp_graph.config import Http

SERVE = "ray.serve"
OURS = ("vlp_graph", "deployments")


def logging_config(http: Http) -> dict[str, Any]:
    """Ray Serve's `logging_config` in the profile's form."""
    return {"encoding": "TEXT" if http.log == "plain" else "JSON", "enable_access_log": http.log != "off"}


def set_up() -> None:
    """Called in a replica: our loggers write where Ray Serve's does, and nobody writes the text of an exception."""
    serve = logging.getLogger(SERVE)
    for handler in serve.handlers:
        handler.addFilter(WithoutWords())
    for name in OURS:
        logger = logging.getLogger(name)
        logger.handlers, logger.propagate = list(serve.handlers), False
        logger.setLevel(logging.INFO)


class WithoutWords(logging.Filter):
    """Keeps of an exception its kind and where it came from: its text may quote a prompt."""

    def filter(self, record: logging.LogRecord) -> bool:
        if record.exc_info and record.exc_info[0] is not None:
            kind, _, where = record.exc_info
            record.exc_text = "".join([*traceback.format_tb(where), kind.__qualname__])
        return True
