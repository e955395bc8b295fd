"""Pictures and recordings as an attacker makes them: valid where it helps, enormous where it hurts."""

from __future__ import annotations

import io
import struct
import wave
import zlib
from typing import cast

import av
import numpy as np
from PIL import Image, PngImagePlugin

RATE = 16_000


def chunk(name: bytes, data: bytes) -> bytes:
    """One chunk of a PNG."""
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png(
    width: int, height: int, *, depth: int = 8, colour: int = 2, rows: bytes | None = None, more: bytes = b""
) -> bytes:
    """A PNG made by hand: black unless `rows` (compressed scan lines) says otherwise; `more` chunks before them."""
    channels = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[colour]
    if rows is None:
        packer, row = zlib.compressobj(9), bytes(1 + (width * channels * depth + 7) // 8)
        rows = b"".join(packer.compress(row) for _ in range(height)) + packer.flush()
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    body = chunk(b"IHDR", header) + more + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def picture(format: str = "PNG", mode: str = "RGB", size: tuple[int, int] = (32, 24), **options: object) -> bytes:
    """A small, good picture."""
    file = io.BytesIO()
    image = Image.new(mode, size, "red" if mode != "CMYK" else (0, 255, 255, 0))
    image.save(file, format, **options)
    return file.getvalue()


def text_bomb(mib: int = 64) -> bytes:
    """A PNG of a few pixels with a zTXt chunk that unpacks to `mib` MiB."""
    info = PngImagePlugin.PngInfo()
    info.add_text("k", "a" * (mib << 20), zip=True)
    file = io.BytesIO()
    Image.new("RGB", (4, 4)).save(file, "PNG", pnginfo=info)
    return file.getvalue()


def profile_bomb(mib: int = 64) -> bytes:
    """A PNG with a colour profile that unpacks to `mib` MiB."""
    return png(4, 4, more=chunk(b"iCCP", b"p\0\0" + zlib.compress(bytes(mib << 20), 9)))


def scan_bomb(scans: int, side: int = 64) -> bytes:
    """A progressive JPEG that goes over its pixels `scans` times more than it has to."""
    data = picture("JPEG", size=(side, side), progressive=True)
    last = data[data.rindex(b"\xff\xda") : -2]
    return data[:-2] + last * scans + b"\xff\xd9"


def animation(frames: int) -> bytes:
    """A WebP of many frames."""
    images = [Image.new("RGB", (64, 64), (n % 256, 0, 0)) for n in range(frames)]
    file = io.BytesIO()
    images[0].save(file, "WEBP", save_all=True, append_images=images[1:], duration=1, lossless=True)
    return file.getvalue()


def svg() -> bytes:
    return b'<?xml version="1.0"?><!DOCTYPE svg [<!ENTITY x SYSTEM "file:///etc/passwd">]><svg>&x;</svg>'


def fits() -> bytes:
    return b"SIMPLE  =                    T".ljust(80) + b"NAXIS1  =           2147483647".ljust(2800)


def tone(seconds: float, rate: int = RATE, channels: int = 1) -> bytes:
    """A WAV of a tone."""
    samples = 0.3 * np.sin(2 * np.pi * 440 * np.arange(int(seconds * rate)) / rate)
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(channels)
        out.setsampwidth(2)
        out.setframerate(rate)
        out.writeframes(np.repeat((samples * 32767).astype("<i2"), channels).tobytes())
    return file.getvalue()


def compressed(seconds: float, codec: str, format: str, rate: int = 48_000) -> bytes:
    """Silence, which costs next to nothing: hours of it fit into a small file."""
    file = io.BytesIO()
    with av.open(file, "w", format=format) as container:
        stream = cast(av.AudioStream, container.add_stream(codec, rate=rate, layout="mono"))
        block = np.zeros((1, rate), np.int16)
        for _ in range(int(seconds)):
            frame = av.AudioFrame.from_ndarray(block, "s16", "mono")
            frame.sample_rate = rate
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return file.getvalue()


def hidden_length(seconds: float) -> bytes:
    """A FLAC whose header does not say how long it is."""
    flac = bytearray(compressed(seconds, "flac", "flac", 8_000))
    flac[21] &= 0xF0
    flac[22:26] = bytes(4)
    return bytes(flac)


def not_numbers() -> bytes:
    """A WAV of floats, all NaN or infinite."""
    data = np.resize(np.array([np.nan, np.inf, -np.inf], "<f4"), RATE).tobytes()
    header = struct.pack("<4sIHHIIHH", b"fmt ", 16, 3, 1, RATE, RATE * 4, 4, 32)
    body = b"WAVE" + header + struct.pack("<4sI", b"data", len(data)) + data
    return b"RIFF" + struct.pack("<I", len(body)) + body


def playlist() -> bytes:
    return b"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nfile:///etc/hostname\n#EXT-X-ENDLIST\n"
