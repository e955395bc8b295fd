"""Uploaded bytes become pixels and samples, bounded before they cost anything.

What is uploaded is hostile until decoded: the pixel cap is checked against the header, sound is bounded by
the seconds that come out of the decoder (25 MB of OPUS may be hours), and only well-known formats are tried.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import io
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from vlp_graph.config import Limits
from vlp_graph.dialogue.turn import Picture
from vlp_graph.errors import InvalidRequest, ServingError, TooLarge, Unprocessable, UnsupportedMedia

if TYPE_CHECKING:
    from av.container import InputContainer

SAMPLE_RATE = 16_000
SHORTEST_SPEECH_S = 0.1
MOST_CHANNELS = 8
PICTURE_FORMATS = ("JPEG", "PNG", "WEBP")

_MAGIC = re.compile(rb"\xff\xd8\xff|\x89PNG\r\n\x1a\n|RIFF.{4}WEBP", re.DOTALL)
_DATA_URL = re.compile(r"data:image/[\w.+-]+(?:;[\w.+-]+=[\w.+-]+)*;base64,", re.IGNORECASE)
_ORIENTATION_TAG = 0x0112
_UPRIGHT: dict[int, Callable[[NDArray[np.uint8]], NDArray[np.uint8]]] = {
    1: lambda p: p,
    2: lambda p: p[:, ::-1],
    3: lambda p: p[::-1, ::-1],
    4: lambda p: p[::-1],
    5: lambda p: p.transpose(1, 0, 2),
    6: lambda p: p.transpose(1, 0, 2)[:, ::-1],
    7: lambda p: p.transpose(1, 0, 2)[::-1, ::-1],
    8: lambda p: p.transpose(1, 0, 2)[::-1],
}
"""What undoes each EXIF orientation."""
_STRIP_PIXELS = 1_000_000
_SCAN = b"\xff\xda"
# Playlists (HLS, DASH, concat) make FFmpeg open other files and addresses: only plain containers.
_CONTAINERS = "wav,w64,mp3,flac,ogg,matroska,webm,mov,mp4,m4a,aac,aiff,caf,amr"
# An encoder's padding makes a recording of just the limit a few milliseconds longer.
_DURATION_SLACK_S = 0.1


def decode_picture(data: bytes, limits: Limits) -> Picture:
    """A JPEG, PNG or WebP file as upright RGB; transparency lies on white, animations give their first frame.

    Raises:
        TooLarge: more pixels than `limits.pixels`, as its header says; nothing was decoded.
        UnsupportedMedia: another format, whatever its name or declared type.
        Unprocessable: empty, broken or cut off.
    """
    if not data:
        raise Unprocessable("the picture is empty (0 bytes); send the whole file")
    try:
        with Image.open(io.BytesIO(data), formats=PICTURE_FORMATS) as image:
            _check_size(image.width, image.height, limits)
            _check_passes(data, image.format, limits)
            image.load()
            pixels = _upright(_as_rgb(image), _orientation(image))
    except UnidentifiedImageError:
        if _MAGIC.match(data) or len(data) < 12:
            raise Unprocessable("the picture is broken or cut off; send the whole file") from None
        raise UnsupportedMedia(f"not a picture that can be read; send {', '.join(PICTURE_FORMATS)}") from None
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):  # PIL's own, higher cap
        raise TooLarge(f"the picture has far more than {limits.pixels:,} pixels; scale it down") from None
    except ServingError:
        raise
    except Exception as error:
        reason = type(error).__name__
        raise Unprocessable(f"the picture is broken or cut off ({reason}); send the whole file") from None
    digest = hashlib.sha256(repr(pixels.shape).encode())
    digest.update(pixels.data)
    return Picture(pixels=pixels, digest=digest.hexdigest())


def decode_data_url(url: str, limits: Limits) -> Picture:
    """The picture inside `data:image/...;base64,...`.

    Raises:
        InvalidRequest: another kind of URL (nothing is fetched here), or no valid base64.
    """
    if re.match(r"\s*[a-z][a-z0-9+.-]*://", url, re.IGNORECASE):
        raise InvalidRequest("only data: URLs are taken; send data:image/jpeg;base64,... with the picture's bytes")
    head = _DATA_URL.match(url[:256])
    if head is None:
        raise InvalidRequest("not a picture's data: URL; it starts with data:image/jpeg;base64, (or png, webp)")
    return decode_picture(decode_base64(url[head.end() :]), limits)


def decode_base64(text: str) -> bytes:
    """Standard base64, line breaks allowed.

    Raises:
        InvalidRequest: other characters, or wrong padding.
    """
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        raise InvalidRequest("not valid base64; encode the file's bytes in standard base64 with padding") from None


def decode_speech(data: bytes, limits: Limits) -> NDArray[np.float32]:
    """A spoken turn, of at most `limits.audio_seconds`; otherwise as `decode_sound`."""
    return decode_sound(data, limits.audio_seconds)


def decode_sound(data: bytes, longest_s: float) -> NDArray[np.float32]:
    """A recording as mono float32 at 16 kHz in -1..1; samples that are no number become silence.

    Raises:
        TooLarge: longer than `longest_s`; decoding stops there.
        Unprocessable: empty, broken, without sound, or shorter than 0.1 s.
    """
    if not data:
        raise Unprocessable("the recording is empty (0 bytes); send the whole file")
    import av

    try:
        with av.open(
            io.BytesIO(data),
            options={"format_whitelist": _CONTAINERS, "protocol_whitelist": "none"},
            metadata_errors="ignore",
        ) as container:
            speech = _samples(cast("InputContainer", container), longest_s)
    except ServingError:
        raise
    except (av.FFmpegError, ValueError, IndexError, MemoryError) as error:
        raise Unprocessable(
            f"the recording cannot be decoded ({type(error).__name__}); send a whole WAV, MP3, FLAC or OGG"
        ) from None
    return _long_enough(speech)


def decode_samples(data: bytes, longest_s: float) -> NDArray[np.float32]:
    """Bare samples, 16-bit little-endian mono at 16 kHz, as float32 in -1..1.

    Raises:
        TooLarge: longer than `longest_s`.
        Unprocessable: shorter than 0.1 s, or no whole samples.
    """
    if len(data) % 2:
        raise Unprocessable("bare samples of 16 bits have an even number of bytes; leave encode out for a file")
    if len(data) > (longest_s + _DURATION_SLACK_S) * SAMPLE_RATE * 2:
        raise TooLarge(f"the recording is longer than the {longest_s:g} s that are taken; send a shorter one")
    return _long_enough(np.frombuffer(data, "<i2").astype(np.float32) / np.float32(32768))


def _long_enough(speech: NDArray[np.float32]) -> NDArray[np.float32]:
    if len(speech) < SHORTEST_SPEECH_S * SAMPLE_RATE:
        raise Unprocessable(f"the recording is shorter than {SHORTEST_SPEECH_S} s; send the whole utterance")
    return speech


def _check_size(width: int, height: int, limits: Limits) -> None:
    if width * height > limits.pixels:
        raise TooLarge(
            f"the picture has {width:,} x {height:,} pixels, over the {limits.pixels:,} taken; scale it down"
        )


def _check_passes(data: bytes, format: str | None, limits: Limits) -> None:
    """A progressive JPEG may go over its pixels again and again in a few bytes each: the markers that begin a pass
    are counted, which is one search, for compressed data and well-made headers do not hold them otherwise."""
    if format in ("JPEG", "MPO") and data.count(_SCAN) > limits.jpeg_scans:
        raise TooLarge(f"the JPEG has more than {limits.jpeg_scans} scans; save it as an ordinary one")


def _orientation(image: Image.Image) -> int:
    """That of its EXIF data, 1 (upright) where there is none or a broken one."""
    try:
        orientation = image.getexif().get(_ORIENTATION_TAG)
    except Exception:
        return 1
    return orientation if isinstance(orientation, int) and orientation in _UPRIGHT else 1


def _upright(pixels: NDArray[np.uint8], orientation: int) -> NDArray[np.uint8]:
    return np.ascontiguousarray(_UPRIGHT[orientation](pixels))


def _as_rgb(image: Image.Image) -> NDArray[np.uint8]:
    """Height x width x 3. A strip of rows at a time: whole copies in between would take three times the memory."""
    pixels = np.empty((image.height, image.width, 3), np.uint8)
    rows = max(1, _STRIP_PIXELS // image.width)
    for top in range(0, image.height, rows):
        bottom = min(top + rows, image.height)
        pixels[top:bottom] = _strip_as_rgb(image, image.crop((0, top, image.width, bottom)))
    return pixels


def _strip_as_rgb(image: Image.Image, strip: Image.Image) -> NDArray[np.uint8]:
    if image.mode.startswith("I"):  # PIL clips 16-bit grey at 255 instead of scaling it
        grey = (np.asarray(strip).astype(np.uint32) >> 8).clip(0, 255).astype(np.uint8)
        return np.repeat(grey[:, :, None], 3, axis=2)
    if image.has_transparency_data:
        layer = strip.convert("RGBA")
        strip = Image.alpha_composite(Image.new("RGBA", layer.size, "white"), layer)
    return np.asarray(strip.convert("RGB"))


def _samples(container: InputContainer, longest_s: float) -> NDArray[np.float32]:
    import av

    if not container.streams.audio:
        raise Unprocessable("the file has no sound in it; send a recording")
    stream = container.streams.audio[0]
    if stream.codec_context.channels > MOST_CHANNELS:
        raise Unprocessable(f"the recording has {stream.codec_context.channels} channels; mix it down to one or two")
    too_long = TooLarge(f"the recording is longer than the {longest_s:g} s that are taken; send a shorter one")
    # A recorder that pipes WAV writes any length into the header; of uncompressed sound only the bytes count.
    declared_s = 0.0 if stream.codec_context.name.startswith("pcm_") else (container.duration or 0) / av.time_base
    if declared_s > longest_s + _DURATION_SLACK_S:
        raise too_long
    resampler = av.AudioResampler(format="flt", layout="mono", rate=SAMPLE_RATE)
    pieces: list[NDArray[np.float32]] = []
    heard = 0.0
    for frame in container.decode(stream):
        heard += frame.samples / max(frame.sample_rate, 1)
        if heard > longest_s + _DURATION_SLACK_S:  # before resampling: at 1 Hz a small frame is hours
            raise too_long
        pieces += [_flat(out) for out in resampler.resample(frame)]
    if heard:
        pieces += [_flat(out) for out in resampler.resample(None)]
    speech = np.concatenate(pieces) if pieces else np.zeros(0, np.float32)
    return np.clip(np.nan_to_num(speech, nan=0.0, posinf=0.0, neginf=0.0), -1.0, 1.0)


def _flat(frame: Any) -> NDArray[np.float32]:
    return np.asarray(frame.to_ndarray(), dtype=np.float32).reshape(-1)
