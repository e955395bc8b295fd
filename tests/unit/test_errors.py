"""Errors keep what they say when they cross a process border."""

from __future__ import annotations

import copy
import pickle

import pytest

from vlp_graph import errors
from vlp_graph.errors import ServingError

ALL = [e for e in vars(errors).values() if isinstance(e, type) and issubclass(e, ServingError)]


@pytest.mark.parametrize("kind", ALL)
@pytest.mark.parametrize("param", [None, "messages.0"])
def test_pickle_round_trip(kind: type[ServingError], param: str | None) -> None:
    error = kind("say 'this'", param=param)
    for again in (pickle.loads(pickle.dumps(error)), copy.copy(error)):
        assert type(again) is kind
        assert (again.message, again.param, str(again)) == ("say 'this'", param, "say 'this'")
        assert (again.status, again.type, again.code) == (kind.status, kind.type, kind.code)


def test_a_type_stands_for_one_status() -> None:
    statuses = {e.__name__: e.status for e in ALL}
    assert statuses == {
        "ServingError": 500,
        "InvalidRequest": 400,
        "UnsupportedParameter": 400,
        "UrlRefused": 400,
        "Unauthorized": 401,
        "MissingKey": 401,
        "TooSlow": 408,
        "HeadersTooLarge": 431,
        "FetchFailed": 422,
        "Unprocessable": 422,
        "UnknownModel": 404,
        "TooLarge": 413,
        "UnsupportedMedia": 415,
        "Overloaded": 429,
        "ModelUnavailable": 503,
        "DeadlineExceeded": 504,
    }


def test_what_passes_by_itself_says_when_to_come_back() -> None:
    waits = {e.__name__ for e in ALL if getattr(e, "retry_after_s", 0) > 0}
    assert waits == {"Overloaded", "ModelUnavailable"}
