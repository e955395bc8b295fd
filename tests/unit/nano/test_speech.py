import io
import subprocess
import sys
import wave

import numpy as np
import pytest

from vlp_graph.nano.speech import SAMPLE_RATE, speak, wav


def test_a_sentence_takes_about_as_long_as_a_person_needs() -> None:
    samples = speak("How many red circles are in the picture?")
    assert samples.dtype == np.float32
    assert samples.ndim == 1
    assert 1.0 < len(samples) / SAMPLE_RATE < 5.0


def test_it_is_not_silent_and_does_not_clip_all_over() -> None:
    samples = speak("Outline the green star.")
    assert 0.01 < float(np.sqrt(np.mean(samples**2))) < 0.5
    assert float(np.abs(samples).max()) <= 1.0


def test_more_text_is_longer_and_faster_speech_shorter() -> None:
    short, text = speak("A star."), "A star, a large blue heart and three small orange squares."
    assert len(speak(text)) > 2 * len(short)
    assert len(speak(text, rate=250)) < len(speak(text, rate=150))


def test_calls_do_not_leak_into_each_other() -> None:
    first = speak("What color is the triangle?")
    speak("Something else.", voice="de", rate=200)
    assert len(speak("What color is the triangle?")) == pytest.approx(len(first), rel=0.02)


def test_an_unknown_voice_is_refused() -> None:
    with pytest.raises(ValueError, match="no voice 'tlh-xx'"):
        speak("hello", voice="tlh-xx")


def test_wav_is_read_back_the_same() -> None:
    samples = speak("Hello.")
    with wave.open(io.BytesIO(wav(samples))) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, SAMPLE_RATE)
        back = np.frombuffer(file.readframes(file.getnframes()), "<i2").astype(np.float32) / 32767
    np.testing.assert_allclose(back, samples, atol=1 / 32767)


def test_threads_may_speak_at_once_from_the_start() -> None:
    program = (
        "import threading; from concurrent.futures import ThreadPoolExecutor\n"
        "from vlp_graph.nano.speech import speak\n"
        "start = threading.Barrier(8)\n"
        "with ThreadPoolExecutor(8) as pool:\n"
        "    said = list(pool.map(lambda _: (start.wait(), len(speak('how many stars are there?')))[1], range(8)))\n"
        "assert 8000 < min(said) > 0.95 * max(said), said\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
