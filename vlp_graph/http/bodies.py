"""Reading bodies: JSON and multipart forms, with errors that name the field and what to send instead."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from typing import Any

from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request

from vlp_graph.config import Limits
from vlp_graph.errors import InvalidRequest, TooLarge, UnsupportedMedia
from vlp_graph.http.endpoint import FORM
from vlp_graph.http.limits import MIB

_LIMITS = Limits()
_MARKS = re.compile(r'"(?:[^"\\]++|\\.)*+"|[\[\]{},]', re.DOTALL)
_DEEPER = {"[": 1, "{": 1, "]": -1, "}": -1}


def media_type(request: Request) -> str:
    """The body's Content-Type without its parameters, in lower case; empty where there is none."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def check_type(request: Request, wanted: str) -> None:
    """
    Raises:
        UnsupportedMedia: the body is of another type than `wanted`.
    """
    if (given := media_type(request)) != wanted:
        raise UnsupportedMedia(f"the body's Content-Type is {given[:100] or 'missing'}; send {wanted}")


def read_json(text: bytes | str, param: str | None = None, limits: Limits = _LIMITS) -> Any:
    """What a JSON text says; `param` names it in errors (None: it is the body).

    Raises:
        InvalidRequest: no JSON, not UTF-8, nested too deep, or with numbers that JSON does not have.
        TooLarge: more values than are taken; nothing was built of them.
    """

    def refuse(constant: str) -> Any:
        raise ValueError(f"{constant} is no JSON number")

    name = param or "the body"
    try:
        words = text if isinstance(text, str) else text.decode("utf-8-sig")
        check_shape(words, name, param, limits)
        return json.loads(words, parse_constant=refuse)
    except UnicodeDecodeError:
        raise InvalidRequest(f"{name} is not UTF-8; encode it in UTF-8", param=param) from None
    except ValueError as error:
        reason = error.msg if isinstance(error, json.JSONDecodeError) else "a number that JSON does not have"
        at = f" at line {error.lineno}, column {error.colno}" if isinstance(error, json.JSONDecodeError) else ""
        raise InvalidRequest(f"{name} is not JSON{at}: {reason}", param=param) from None


def check_shape(text: str, name: str, param: str | None, limits: Limits) -> None:
    """Bounds what a JSON text would become, from its brackets and commas outside of strings: a body of 32 MiB that says
    [],[],[] becomes gigabytes of lists, and one that says [[[[ ends the stack.

    Raises:
        InvalidRequest: nested deeper than is taken.
        TooLarge: more values than are taken.
    """
    depth = values = 0
    for mark in _MARKS.finditer(text):
        if (sign := mark[0][0]) == '"':
            continue
        depth += _DEEPER.get(sign, 0)
        values += sign not in "]}"
        if depth > limits.json_depth:
            raise InvalidRequest(f"{name} is nested deeper than {limits.json_depth}; flatten it", param=param)
        if values > limits.json_values:
            text = f"{name} has more than the {limits.json_values:,} values that are taken; send less"
            raise TooLarge(text, param=param)


@asynccontextmanager
async def read_form(
    request: Request, limits: Limits, fields: Collection[str], repeatable: Collection[str] = ()
) -> AsyncIterator[FormData]:
    """The multipart form of a request, which may have `fields` only, and more than one of `repeatable` only.

    Raises:
        UnsupportedMedia: no form.
        InvalidRequest: a field that the form does not have, or one too often.
    """
    check_type(request, FORM)
    most = int(limits.body_mib * MIB)
    async with request.form(max_files=limits.parts, max_fields=limits.parts, max_part_size=most) as form:
        for name in form:
            if name not in fields:
                raise unknown_field(name, fields, "form")
            if name not in repeatable and len(form.getlist(name)) > 1:
                may = " and ".join(repeatable) or "none"
                raise InvalidRequest(f"{name} stands in the form more than once; only {may} may", param=name)
        yield form


def unknown_field(name: str, known: Collection[str], whole: str) -> InvalidRequest:
    """The error of a field that a form, or another `whole`, does not have."""
    near = difflib.get_close_matches(name[:100], known, 1, 0.5)
    hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(known)}"
    return InvalidRequest(f"{name[:100]!r} is not a field of this {whole}; {hint}", param=name[:100])


async def files(form: FormData, name: str) -> list[bytes]:
    """The files of a field, as their bytes.

    Raises:
        InvalidRequest: a text stands there.
    """
    read = []
    for value in form.getlist(name):
        if isinstance(value, str):
            raise InvalidRequest(f"{name} is a file; with curl: -F {name}=@PATH", param=name)
        if value.filename or value.size:  # a browser sends a nameless, empty file where none was chosen
            read.append(await value.read())
    return read


def text(form: FormData, name: str) -> str | None:
    """The text of a field, None where the form does not have it.

    Raises:
        InvalidRequest: a file stands there.
    """
    value = form.get(name)
    if isinstance(value, UploadFile):
        raise InvalidRequest(f"{name} is a text field, not a file; with curl: -F '{name}=<PATH'", param=name)
    return value


def texts(form: FormData, name: str) -> list[str]:
    """The texts of a repeatable field.

    Raises:
        InvalidRequest: a file stands there.
    """
    values = form.getlist(name)
    if any(isinstance(value, UploadFile) for value in values):
        raise InvalidRequest(f"{name} is a text field, not a file; with curl: -F '{name}=<PATH'", param=name)
    return [str(value) for value in values]


def flag(form: FormData, name: str) -> bool:
    """Whether a field says true or 1; false where the form does not have it.

    Raises:
        InvalidRequest: it says something else.
    """
    value = (text(form, name) or "false").strip().lower()
    if value not in ("true", "false", "1", "0"):
        raise InvalidRequest(f"{name} is true or false", param=name)
    return value in ("true", "1")
