"""Pictures and recordings: what is decoded is right, what is hostile is refused before it costs anything."""

from __future__ import annotations

import base64
import io
import struct
import time
import wave
import zlib

import av
import numpy as np
import pytest
from PIL import Image

from vlp_graph.config import Limits
from vlp_graph.errors import InvalidRequest, TooLarge, Unprocessable, UnsupportedMedia
from vlp_graph.http.media import decode_base64, decode_data_url, decode_picture, decode_speech

LIMITS = Limits()


def encoded(image: Image.Image, format: str = "PNG", **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, format, **options)
    return file.getvalue()


def png(width: int, height: int, depth: int, colour: int, rows: bytes) -> bytes:
    """A PNG made by hand; `rows` are the compressed scan lines, filter bytes included."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def wav(samples: np.ndarray, rate: int = 16_000, channels: int = 1) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(channels)
        out.setsampwidth(2)
        out.setframerate(rate)
        out.writeframes((np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes())
    return file.getvalue()


def float_wav(samples: np.ndarray, rate: int = 16_000) -> bytes:
    data = samples.astype("<f4").tobytes()
    header = struct.pack("<4sIHHIIHH", b"fmt ", 16, 3, 1, rate, rate * 4, 4, 32)
    body = b"WAVE" + header + struct.pack("<4sI", b"data", len(data)) + data
    return b"RIFF" + struct.pack("<I", len(body)) + body


def compressed(samples: np.ndarray, codec: str, format: str, rate: int) -> bytes:
    file = io.BytesIO()
    with av.open(file, "w", format=format) as container:
        stream = container.add_stream(codec, rate=rate, layout="mono")
        frame = av.AudioFrame.from_ndarray((samples * 32767).astype(np.int16)[None], "s16", "mono")
        frame.sample_rate = rate
        container.mux([*stream.encode(frame), *stream.encode(None)])
    return file.getvalue()


def tone(seconds: float, rate: int, hertz: float = 440) -> np.ndarray:
    return 0.5 * np.sin(2 * np.pi * hertz * np.arange(int(seconds * rate)) / rate)


def loudest_hertz(speech: np.ndarray) -> float:
    return float(np.abs(np.fft.rfft(speech)).argmax()) * 16_000 / len(speech)


class TestPicture:
    @pytest.mark.parametrize("format", ["PNG", "WEBP"])
    def test_pixels_are_those_of_the_file(self, format: str) -> None:
        pixels = np.random.default_rng(0).integers(0, 256, (7, 5, 3), dtype=np.uint8)
        picture = decode_picture(encoded(Image.fromarray(pixels), format, lossless=True), LIMITS)
        assert np.array_equal(picture.pixels, pixels)
        assert picture.pixels.dtype == np.uint8

    def test_one_pixel(self) -> None:
        picture = decode_picture(encoded(Image.new("RGB", (1, 1), (1, 2, 3))), LIMITS)
        assert picture.pixels.tolist() == [[[1, 2, 3]]]

    def test_digest_is_of_shape_and_pixels(self) -> None:
        image = Image.new("RGB", (4, 2), "red")
        same = (
            decode_picture(encoded(image, "PNG"), LIMITS),
            decode_picture(encoded(image, "WEBP", lossless=True), LIMITS),
        )
        turned = decode_picture(encoded(Image.new("RGB", (2, 4), "red")), LIMITS)
        assert same[0].digest == same[1].digest != turned.digest
        assert len(turned.digest) == 64

    def test_exif_rotation_six_puts_the_left_side_on_top(self) -> None:
        image = Image.new("RGB", (40, 20), "blue")
        image.paste("red", (0, 0, 20, 20))
        exif = Image.Exif()
        exif[0x0112] = 6
        pixels = decode_picture(encoded(image, "JPEG", exif=exif, quality=95), LIMITS).pixels
        assert pixels.shape == (40, 20, 3)
        (red, _, blue), (_, _, below) = pixels[5, 10], pixels[35, 10]
        assert red > 200
        assert blue < 60
        assert below > 200

    @pytest.mark.parametrize("orientation", range(1, 9))
    def test_every_exif_orientation_is_what_pil_makes_of_it(self, orientation: int) -> None:
        from PIL import ImageOps

        pixels = np.random.default_rng(1).integers(0, 256, (3, 5, 3), dtype=np.uint8)
        exif = Image.Exif()
        exif[0x0112] = orientation
        data = encoded(Image.fromarray(pixels), "PNG", exif=exif)
        right = np.asarray(ImageOps.exif_transpose(Image.open(io.BytesIO(data))))
        assert np.array_equal(decode_picture(data, LIMITS).pixels, right)

    def test_broken_exif_leaves_the_picture_alone(self) -> None:
        data = encoded(Image.new("RGB", (3, 2), "red"), "PNG", exif=b"Exif\x00\x00II*\x00\xff\xff\xff\xff")
        assert decode_picture(data, LIMITS).pixels.shape == (2, 3, 3)

    def test_sixteen_bit_grey_is_scaled_not_clipped(self) -> None:
        grey = np.array([[0, 0x80FF, 0xFFFF]], dtype=np.uint16)
        pixels = decode_picture(encoded(Image.fromarray(grey)), LIMITS).pixels
        assert pixels[0, :, 0].tolist() == [0, 0x80, 0xFF]
        assert pixels.shape == (1, 3, 3)

    def test_sixteen_bit_rgb(self) -> None:
        row = b"\x00" + struct.pack(">3H", 0x8000, 0xFFFF, 0)
        assert decode_picture(png(1, 1, 16, 2, zlib.compress(row)), LIMITS).pixels.tolist() == [[[0x80, 0xFF, 0]]]

    def test_cmyk_jpeg(self) -> None:
        pixels = decode_picture(encoded(Image.new("CMYK", (16, 16), (0, 255, 255, 0)), "JPEG"), LIMITS).pixels
        assert pixels[8, 8, 0] > 240
        assert pixels[8, 8, 1] < 15
        assert pixels[8, 8, 2] < 15

    def test_transparency_lies_on_white(self) -> None:
        image = Image.new("RGBA", (2, 1), (255, 0, 0, 255))
        image.putpixel((1, 0), (0, 0, 0, 0))
        assert decode_picture(encoded(image), LIMITS).pixels.tolist() == [[[255, 0, 0], [255, 255, 255]]]

    def test_palette_with_transparency(self) -> None:
        image = Image.new("P", (2, 1))
        image.putpalette([10, 20, 30, 40, 50, 60])
        image.putpixel((1, 0), 1)
        pixels = decode_picture(encoded(image, "PNG", transparency=1), LIMITS).pixels
        assert pixels.tolist() == [[[10, 20, 30], [255, 255, 255]]]

    def test_black_and_white(self) -> None:
        assert decode_picture(encoded(Image.new("1", (1, 1), 1)), LIMITS).pixels.tolist() == [[[255] * 3]]

    @pytest.mark.parametrize("format", ["PNG", "WEBP"])
    def test_first_frame_of_an_animation(self, format: str) -> None:
        frames = [Image.new("RGB", (4, 4), colour) for colour in ("red", "green", "blue")]
        data = encoded(frames[0], format, save_all=True, append_images=frames[1:], duration=100, lossless=True)
        assert decode_picture(data, LIMITS).pixels[0, 0].tolist() == [255, 0, 0]

    @pytest.mark.parametrize("mode", ["RGB", "RGBA", "LA", "P", "CMYK", "L"])
    @pytest.mark.parametrize("orientation", [1, 6])
    def test_pictures_of_several_strips_are_whole(self, mode: str, orientation: int) -> None:
        from PIL import ImageOps

        noise = np.random.default_rng(3).integers(0, 256, (900, 1_300, 4), dtype=np.uint8)
        exif = Image.Exif()
        exif[0x0112] = orientation
        data = encoded(Image.fromarray(noise).convert(mode), "JPEG" if mode == "CMYK" else "PNG", exif=exif)
        whole = ImageOps.exif_transpose(Image.open(io.BytesIO(data)))
        if whole.has_transparency_data:
            whole = Image.alpha_composite(Image.new("RGBA", whole.size, "white"), whole.convert("RGBA"))
        assert np.array_equal(decode_picture(data, LIMITS).pixels, np.asarray(whole.convert("RGB")))

    def test_scans_are_counted(self) -> None:
        data = encoded(Image.new("RGB", (64, 64), "red"), "JPEG", progressive=True)
        scan = data[data.rindex(b"\xff\xda") : -2]
        scans = data.count(b"\xff\xda")
        for more, taken in ((LIMITS.jpeg_scans - scans, True), (LIMITS.jpeg_scans - scans + 1, False)):
            bomb = data[:-2] + scan * more + b"\xff\xd9"
            if taken:
                assert decode_picture(bomb, LIMITS).pixels.shape == (64, 64, 3)
            else:
                with pytest.raises(TooLarge, match="50 scans"):
                    decode_picture(bomb, LIMITS)

    def test_20000_by_20000_is_refused_from_the_header(self) -> None:
        # Its scan lines are garbage: whoever decodes it reports a broken picture instead.
        data = png(20_000, 20_000, 8, 2, b"garbage")
        with pytest.raises(TooLarge, match="pixels"):
            decode_picture(data, LIMITS)

    def test_just_above_the_cap_is_refused_from_the_header_with_its_size(self) -> None:
        with pytest.raises(TooLarge, match=r"5,001 x 5,000 pixels"):
            decode_picture(png(5_001, 5_000, 8, 2, b"garbage"), LIMITS)

    def test_at_the_cap_is_taken(self) -> None:
        limits = Limits(pixels=12)
        assert decode_picture(encoded(Image.new("RGB", (4, 3))), limits).pixels.shape == (3, 4, 3)
        with pytest.raises(TooLarge):
            decode_picture(encoded(Image.new("RGB", (13, 1))), limits)

    def test_a_real_bomb_of_a_few_kilobytes_costs_no_time(self) -> None:
        data = png(20_000, 20_000, 1, 0, zlib.compress(bytes(2_501 * 20_000), 9))
        start = time.perf_counter()
        with pytest.raises(TooLarge):
            decode_picture(data, LIMITS)
        assert len(data) < 60_000
        assert time.perf_counter() - start < 0.2

    def test_empty(self) -> None:
        with pytest.raises(Unprocessable, match="0 bytes"):
            decode_picture(b"", LIMITS)

    @pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP"])
    @pytest.mark.parametrize("kept", [0.5, 0.02])
    def test_cut_off(self, format: str, kept: float) -> None:
        pixels = np.random.default_rng(2).integers(0, 256, (64, 64, 3), dtype=np.uint8)
        data = encoded(Image.fromarray(pixels), format)
        with pytest.raises(Unprocessable, match="cut off"):
            decode_picture(data[: int(len(data) * kept)], LIMITS)

    @pytest.mark.parametrize("format", ["GIF", "TIFF", "BMP", "ICO", "PPM"])
    def test_other_formats(self, format: str) -> None:
        with pytest.raises(UnsupportedMedia, match="JPEG, PNG, WEBP"):
            decode_picture(encoded(Image.new("RGB", (32, 32)), format), LIMITS)

    @pytest.mark.parametrize(
        "data", [b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"%PDF-1.7 and so on", b"SIMPLE  =   T"]
    )
    def test_no_picture_at_all(self, data: bytes) -> None:
        with pytest.raises(UnsupportedMedia):
            decode_picture(data, LIMITS)

    def test_polyglots_are_what_their_first_bytes_say(self) -> None:
        jpeg = encoded(Image.new("RGB", (8, 8), "red"), "JPEG")
        assert decode_picture(jpeg + b"PK\x03\x04<script>alert(1)</script>", LIMITS).pixels.shape == (8, 8, 3)
        with pytest.raises(UnsupportedMedia):
            decode_picture(encoded(Image.new("RGB", (8, 8)), "GIF") + jpeg, LIMITS)


class TestDataUrl:
    def test_content_decides_not_the_declared_type(self) -> None:
        data = base64.b64encode(encoded(Image.new("RGB", (2, 1), "red"))).decode()
        assert decode_data_url(f"data:image/jpeg;base64,{data}", LIMITS).pixels.shape == (1, 2, 3)

    def test_gif_under_another_name(self) -> None:
        data = base64.b64encode(encoded(Image.new("RGB", (2, 1)), "GIF")).decode()
        with pytest.raises(UnsupportedMedia):
            decode_data_url(f"data:image/png;base64,{data}", LIMITS)

    @pytest.mark.parametrize("url", ["http://169.254.169.254/latest", "HTTPS://x.org/a.png", "file:///etc/passwd"])
    def test_nothing_is_fetched(self, url: str) -> None:
        with pytest.raises(InvalidRequest, match="only data: URLs are taken"):
            decode_data_url(url, LIMITS)

    @pytest.mark.parametrize("url", ["", "data:text/html;base64,AAAA", "data:image/png,AAAA", "cat.png"])
    def test_no_picture_url(self, url: str) -> None:
        with pytest.raises(InvalidRequest, match="data:"):
            decode_data_url(url, LIMITS)

    @pytest.mark.parametrize("text", ["AAA", "A*==", "é", "AAAA=AAA"])
    def test_wrong_base64(self, text: str) -> None:
        with pytest.raises(InvalidRequest, match="base64"):
            decode_data_url(f"data:image/png;base64,{text}", LIMITS)

    def test_line_breaks_are_fine(self) -> None:
        assert decode_base64("AAEC\r\nAwQF\n") == bytes(range(6))


class TestSpeech:
    def test_16_khz_comes_through_unchanged(self) -> None:
        samples = tone(0.5, 16_000)
        speech = decode_speech(wav(samples), LIMITS)
        assert speech.dtype == np.float32
        assert speech.shape == (8_000,)
        assert np.abs(speech - samples).max() < 1e-3

    @pytest.mark.parametrize("rate", [8_000, 44_100, 384_000])
    def test_other_rates_are_resampled(self, rate: int) -> None:
        speech = decode_speech(wav(tone(1, rate), rate), LIMITS)
        assert abs(len(speech) - 16_000) <= 40
        assert loudest_hertz(speech) == pytest.approx(440, abs=2)

    def test_channels_are_mixed(self) -> None:
        for channels in (2, 3, 6, 8):
            samples = np.repeat(tone(0.5, 16_000), channels)
            speech = decode_speech(wav(samples, channels=channels), LIMITS)
            assert len(speech) == 8_000
            assert loudest_hertz(speech) == pytest.approx(440, abs=4)

    def test_32_channels(self) -> None:
        with pytest.raises(Unprocessable, match="32 channels"):
            decode_speech(wav(np.zeros(16_000 * 32), channels=32), LIMITS)

    @pytest.mark.parametrize(("codec", "format", "rate"), [("flac", "flac", 16_000), ("libopus", "ogg", 48_000)])
    def test_compressed(self, codec: str, format: str, rate: int) -> None:
        speech = decode_speech(compressed(tone(1, rate), codec, format, rate), LIMITS)
        assert abs(len(speech) - 16_000) < 800
        assert loudest_hertz(speech) == pytest.approx(440, abs=2)

    def test_not_a_number_becomes_silence(self) -> None:
        samples = tone(0.2, 16_000)
        samples[100], samples[101], samples[102], samples[103] = np.nan, np.inf, -np.inf, 1e30
        speech = decode_speech(float_wav(samples), LIMITS)
        assert np.isfinite(speech).all()
        assert speech[100:103].tolist() == [0, 0, 0]
        assert speech[103] == 1

    def test_the_limit_itself_is_taken(self) -> None:
        limits = Limits(audio_seconds=2)
        assert len(decode_speech(wav(np.zeros(32_000)), limits)) == 32_000
        assert len(decode_speech(compressed(np.zeros(96_000), "libopus", "ogg", 48_000), limits)) >= 32_000
        with pytest.raises(TooLarge, match="2 s"):
            decode_speech(wav(np.zeros(36_000)), limits)

    @pytest.mark.parametrize(
        "data",
        [
            wav(np.zeros(600 * 8_000), 8_000),
            compressed(np.zeros(600 * 8_000), "flac", "flac", 8_000),
            compressed(np.zeros(600 * 8_000), "libopus", "ogg", 8_000),
        ],
        ids=["wav", "flac", "opus"],
    )
    def test_ten_minutes_are_refused_at_once(self, data: bytes) -> None:
        start = time.perf_counter()
        with pytest.raises(TooLarge, match="60 s"):
            decode_speech(data, LIMITS)
        assert time.perf_counter() - start < 1

    def test_a_stream_that_hides_its_length_is_stopped_while_decoding(self) -> None:
        flac = bytearray(compressed(np.zeros(120 * 8_000), "flac", "flac", 8_000))
        flac[21] &= 0xF0  # total samples of STREAMINFO: unknown
        flac[22:26] = bytes(4)
        with pytest.raises(TooLarge):
            decode_speech(bytes(flac), LIMITS)

    def test_piped_wav_with_a_made_up_length(self) -> None:
        for declared in (0x7FFFFFFF, 0xFFFFFFFF, 0x7FFFF000):
            data = bytearray(wav(tone(0.5, 16_000)))
            data[40:44] = struct.pack("<I", declared)
            assert len(decode_speech(bytes(data), LIMITS)) == 8_000

    def test_one_hertz_wav_does_not_swell(self) -> None:
        with pytest.raises(TooLarge):
            decode_speech(wav(np.zeros(50_000), 1), LIMITS)

    def test_empty(self) -> None:
        with pytest.raises(Unprocessable, match="0 bytes"):
            decode_speech(b"", LIMITS)

    @pytest.mark.parametrize("samples", [0, 1, 1_500])
    def test_too_short(self, samples: int) -> None:
        with pytest.raises(Unprocessable, match=r"0\.1 s|decoded"):
            decode_speech(wav(np.zeros(samples)), LIMITS)

    @pytest.mark.parametrize(
        "data", [b"not sound at all", bytes(1_000), b"RIFF\xff\xff\xff\xffWAVEfmt ", b"OggS" + bytes(99)]
    )
    def test_broken(self, data: bytes) -> None:
        with pytest.raises(Unprocessable):
            decode_speech(data, LIMITS)

    def test_a_picture_is_no_recording(self) -> None:
        with pytest.raises(Unprocessable):
            decode_speech(encoded(Image.new("RGB", (64, 64)), "JPEG"), LIMITS)

    def test_a_video_without_sound(self) -> None:
        file = io.BytesIO()
        with av.open(file, "w", format="matroska") as container:
            stream = container.add_stream("mpeg4", rate=5)
            stream.width = stream.height = 32
            stream.pix_fmt = "yuv420p"
            frame = av.VideoFrame.from_ndarray(np.zeros((32, 32, 3), np.uint8), "rgb24")
            container.mux([*stream.encode(frame), *stream.encode(None)])
        with pytest.raises(Unprocessable, match="no sound"):
            decode_speech(file.getvalue(), LIMITS)

    def test_playlists_open_nothing(self, tmp_path) -> None:
        (tmp_path / "secret.wav").write_bytes(wav(tone(1, 16_000)))
        hls = f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nfile:{tmp_path}/secret.wav\n#EXT-X-ENDLIST\n"
        concat = f"ffconcat version 1.0\nfile {tmp_path}/secret.wav\n"
        for playlist in (hls, concat):
            with pytest.raises(Unprocessable):
                decode_speech(playlist.encode(), LIMITS)
