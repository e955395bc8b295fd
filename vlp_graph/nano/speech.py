"""Spoken questions for demo and tests: espeak-ng, out of the wheel `espeakng_loader`, so nothing has to be installed.

The library keeps one voice per process and calls back from inside a call, hence the lock.
"""

from __future__ import annotations

import ctypes
import io
import math
import threading
import wave
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

SAMPLE_RATE = 16_000
_RETRIEVAL, _DONT_EXIT, _UTF8, _BY_CHARACTER, _RATE_PARAMETER = 1, 0x8000, 1, 1, 1
"""AUDIO_OUTPUT_RETRIEVAL, espeakINITIALIZE_DONT_EXIT, espeakCHARS_UTF8, POS_CHARACTER, espeakRATE of speak_lib.h."""
_ON_SAMPLES = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_int16), ctypes.c_int, ctypes.c_void_p)


def speak(text: str, *, voice: str = "en-us", rate: int = 150) -> NDArray[np.float32]:
    """`text` as speech: mono float32 at 16 kHz in -1..1. `rate` in words per minute, 80 to 450.

    Raises:
        ValueError: there is no such voice.
        RuntimeError: espeak-ng does not work here.
    """
    from scipy.signal import resample_poly

    samples, source = _espeak().synthesise(text, voice, rate)
    common = math.gcd(SAMPLE_RATE, source)
    waves = samples.astype(np.float32) / 32768
    resampled = resample_poly(waves, SAMPLE_RATE // common, source // common)
    return np.asarray(np.clip(resampled, -1, 1), np.float32)


def wav(samples: NDArray[np.float32], sample_rate: int = SAMPLE_RATE) -> bytes:
    """A WAV file (16 bit, mono) of samples in -1..1."""
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(sample_rate)
        file.writeframes((np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes())
    return buffer.getvalue()


@dataclass
class _Espeak:
    """The library with its callback, which must live as long as the library may call it."""

    library: Any
    sample_rate: int
    pieces: list[NDArray[np.int16]] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self.callback = _ON_SAMPLES(self._take)
        self.library.espeak_SetSynthCallback(self.callback)

    def _take(self, samples: Any, count: int, events: Any) -> int:
        if samples and count > 0:
            self.pieces.append(np.ctypeslib.as_array(samples, shape=(count,)).copy())
        return 0

    def synthesise(self, text: str, voice: str, rate: int) -> tuple[NDArray[np.int16], int]:
        with self.lock:
            self.pieces.clear()
            if self.library.espeak_SetVoiceByName(voice.encode()):
                raise ValueError(f"espeak-ng has no voice {voice!r}")
            self.library.espeak_SetParameter(_RATE_PARAMETER, rate, 0)
            data = text.encode() + b"\0"
            failed = self.library.espeak_Synth(data, len(data), 0, _BY_CHARACTER, 0, _UTF8, None, None)
            if failed or self.library.espeak_Synchronize():
                raise RuntimeError("espeak-ng could not speak the text")
            return np.concatenate([*self.pieces, np.zeros(0, np.int16)]), self.sample_rate


_STARTING = threading.Lock()
"""`cache` lets two threads in at once, and a library that is initialised twice crashes the process."""


def _espeak() -> _Espeak:
    with _STARTING:
        return _started()


@cache
def _started() -> _Espeak:
    """The library, initialised: it can be so only once per process.

    Raises:
        RuntimeError: it finds no voices.
    """
    import espeakng_loader

    library = ctypes.CDLL(espeakng_loader.get_library_path())
    library.espeak_Synth.argtypes = [
        ctypes.c_char_p,
        ctypes.c_size_t,
        ctypes.c_uint,
        ctypes.c_int,
        ctypes.c_uint,
        ctypes.c_uint,
        ctypes.c_void_p,
        ctypes.c_void_p,
    ]
    folder = Path(espeakng_loader.get_data_path()).parent
    sample_rate = library.espeak_Initialize(_RETRIEVAL, 0, str(folder).encode(), _DONT_EXIT)
    if sample_rate <= 0:
        raise RuntimeError("espeak-ng could not be initialised: is the wheel espeakng_loader complete?")
    return _Espeak(library, sample_rate)
