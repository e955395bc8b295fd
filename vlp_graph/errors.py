"""Every error a caller can meet, with its HTTP status and OpenAI error type, in one place.

Raise the narrowest class with a message that says what to change; the HTTP layer turns it into
`{"error": {"message", "type", "param", "code"}}`.
"""

from __future__ import annotations


class ServingError(Exception):
    """Base of all errors that are reported to the caller."""

    status: int = 500
    type: str = "server_error"
    code: str | None = None

    def __init__(self, message: str, *, param: str | None = None) -> None:
        super().__init__(message)
        self.message, self.param = message, param

    def __reduce__(self) -> tuple[object, ...]:  # crosses process borders with its message and param
        return _rebuild, (type(self), self.message, self.param)


def _rebuild(cls: type[ServingError], message: str, param: str | None) -> ServingError:
    return cls(message, param=param)


class InvalidRequest(ServingError):
    """The request is not of the form that the schema asks for."""

    status, type = 400, "invalid_request_error"


class UnsupportedParameter(InvalidRequest):
    """A field that OpenAI knows, and that the asked model cannot honour."""

    code = "unsupported_parameter"


class Unauthorized(ServingError):
    """No API key came with the request, or one that is not known."""

    status, type, code = 401, "invalid_request_error", "invalid_api_key"


class MissingKey(Unauthorized):
    code = "missing_api_key"


class TooSlow(ServingError):
    """The body did not arrive in the time that the profile allows."""

    status, type, code = 408, "invalid_request_error", "request_timeout"


class HeadersTooLarge(ServingError):
    """More headers, or larger ones, than the profile allows."""

    status, type, code = 431, "invalid_request_error", "headers_too_large"


class UrlRefused(InvalidRequest):
    """A picture's URL that is not fetched, whatever is there."""

    code = "url_refused"


class Unprocessable(ServingError):
    """The form is right, the content cannot be used (a broken picture, an empty recording, no picture)."""

    status, type, code = 422, "invalid_request_error", "unprocessable_content"


class FetchFailed(Unprocessable):
    """A picture's URL may be fetched, but no picture came from there."""

    code = "fetch_failed"


class UnknownModel(ServingError):
    status, type, code = 404, "invalid_request_error", "model_not_found"


class TooLarge(ServingError):
    """More bytes, pixels, seconds or pictures than the profile allows."""

    status, type, code = 413, "invalid_request_error", "content_too_large"


class UnsupportedMedia(ServingError):
    """A media type that is not taken (a GIF, a TIFF, a text body)."""

    status, type, code = 415, "invalid_request_error", "unsupported_media_type"


class Overloaded(ServingError):
    """A queue is full; the caller should come back after `retry_after_s` seconds."""

    status, type, code = 429, "overloaded", "overloaded"
    retry_after_s = 1


class ModelUnavailable(ServingError):
    """No replica of a model that the answer needs is up; it is being restarted."""

    status, type, code = 503, "service_unavailable", "model_unavailable"
    retry_after_s = 5


class DeadlineExceeded(ServingError):
    """The answer was not ready in the time that the profile allows."""

    status, type, code = 504, "timeout", "deadline_exceeded"
