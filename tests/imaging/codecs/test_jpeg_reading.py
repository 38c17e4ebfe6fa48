"""Planes of a JPEG are those that follow from the pixels that Pillow decodes."""

from __future__ import annotations

import ctypes
import gc
import io
import subprocess
import sys
from textwrap import dedent

import pytest
from PIL import Image, ImageChops, ImageFilter, ImageStat

from progimage.imaging import planes
from progimage.imaging.codecs import libjpeg
from progimage.imaging.codecs.jpeg import draft
from progimage.imaging.codecs.jpeg_reading import components
from tests.imaging.drawing import quadrants, saved

pytestmark = pytest.mark.skipif(
    libjpeg.library() is None, reason="Pillow brings no libjpeg of version 6.2 along"
)

SCAN = b"\xff\xda"


def photograph(size):
    """Return a picture with soft edges, of which both ways make the same but for rounding."""
    return quadrants(size).filter(ImageFilter.GaussianBlur(max(size) / 16))


def read(data: bytes, eighths: int):
    """Return the components of a JPEG."""
    at = data.index(SCAN)
    return components(data[:at], io.BytesIO(data[at:]), eighths)


def by_pillow(data: bytes, eighths: int) -> planes.Planes:
    """Return planes that are made from pixels."""
    with Image.open(io.BytesIO(data)) as image:
        width, height = image.size
        assert draft(image, (width * eighths // 8, height * eighths // 8)) is not None
        image.load()
        return planes.of(image.copy())


@pytest.mark.parametrize("eighths", [1, 2, 3, 4])
@pytest.mark.parametrize("subsampling", ["4:2:0", "4:2:2", "4:4:4"])
@pytest.mark.parametrize("size", [(640, 480), (637, 483), (1009, 41)])
def test_planes_are_those_of_the_pixels(size, subsampling, eighths):
    data = saved(photograph(size), "JPEG", quality=92, subsampling=subsampling)
    found, expected = read(data, eighths), by_pillow(data, eighths)
    assert found is not None
    for plane, other in zip(
        (found.luma, *found.chroma), (expected.luma, *expected.chroma), strict=True
    ):
        assert (plane.mode, plane.size) == ("L", other.size)
        difference = ImageChops.difference(plane, other)
        assert ImageStat.Stat(difference).mean[0] < 1
        assert max(difference.tobytes()) <= 12


@pytest.mark.parametrize("eighths", [1, 2, 3, 4])
def test_grey_is_the_same_to_the_last_level(eighths):
    data = saved(photograph((403, 299)).convert("L"), "JPEG", quality=92)
    found = read(data, eighths)
    assert found is not None
    assert found.chroma == ()
    assert found.luma.tobytes() == by_pillow(data, eighths).luma.tobytes()


def test_restart_markers_change_nothing():
    picture = photograph((320, 240))
    with_markers, without = (
        read(saved(picture, "JPEG", restart_marker_rows=rows), 4) for rows in (1, 0)
    )
    assert with_markers is not None
    assert without is not None
    assert with_markers.luma.tobytes() == without.luma.tobytes()


def test_a_scan_that_comes_in_many_reads_is_read_to_its_end():
    noise = Image.effect_noise((900, 700), 90).convert("RGB")
    data = saved(noise, "JPEG", quality=100, subsampling="4:2:0")
    assert len(data) > 1 << 18
    found = read(data, 4)
    assert found is not None
    assert found.luma.size == (450, 350)


@pytest.mark.parametrize(
    "parameters",
    [
        pytest.param({"progressive": True}, id="several scans"),
        pytest.param({"keep_rgb": True}, id="red, green and blue"),
    ],
)
def test_others_are_left_to_pillow(parameters):
    assert read(saved(photograph((320, 240)), "JPEG", **parameters), 4) is None


@pytest.mark.parametrize("missing", [1 / 100, 1 / 2, 9 / 10])
def test_a_file_that_ends_early_is_left_to_pillow(missing):
    data = saved(photograph((320, 240)), "JPEG")
    at = data.index(SCAN)
    end = at + int((len(data) - at) * (1 - missing))
    assert components(data[:at], io.BytesIO(data[at:end]), 4) is None


def test_a_scan_with_damage_is_left_to_pillow():
    noise = Image.effect_noise((320, 240), 90).convert("RGB")
    data = bytearray(saved(noise, "JPEG"))
    middle = (data.index(SCAN) + len(data)) // 2
    data[middle : middle + 2] = b"\xff\xd9"
    assert read(bytes(data), 4) is None


@pytest.mark.parametrize("fault", [OSError(5, "Input/output error"), MemoryError("no memory")])
def test_a_fault_while_it_is_read_is_raised(fault):
    data = saved(Image.effect_noise((900, 700), 90).convert("RGB"), "JPEG", quality=100)
    at = data.index(SCAN)

    class Failing(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            if self.tell():
                raise fault
            return super().read(size)

    with pytest.raises(type(fault), match=fault.args[-1]):
        components(data[:at], Failing(data[at:]), 4)


def test_planes_that_would_be_larger_than_their_room_are_left_to_pillow(monkeypatch):
    library = libjpeg.library()

    class Other:
        """The library, but with chroma of the size that it gives of its own."""

        def __getattr__(self, name):
            return getattr(library, name)

        def jpeg_start_decompress(self, at):
            assert library is not None
            library.jpeg_start_decompress(at)
            # The second `jpeg_component_info` in `comp_info`, and its `DCT_scaled_size`.
            start = ctypes.cast(at, ctypes.c_void_p).value or 0
            components_at = ctypes.c_void_p.from_address(start + 304).value or 0
            ctypes.c_int.from_address(components_at + 96 + 36).value *= 2

    monkeypatch.setattr(libjpeg, "library", Other)
    assert read(saved(photograph((320, 240)), "JPEG", subsampling="4:2:0"), 4) is None


def test_nothing_of_a_decoder_waits_for_the_garbage_collector():
    data = saved(photograph((320, 240)), "JPEG")
    gc.collect()
    gc.disable()
    try:
        before = len(gc.get_objects())
        for _ in range(20):
            assert read(data, 4)
        assert len(gc.get_objects()) - before < 20
    finally:
        gc.enable()


@pytest.mark.parametrize("eighths", [1, 2, 3, 4])
def test_chroma_of_half_the_height_is_read(eighths):
    """A square of 64 pixels has as many blocks either way, so that the scan stays whole."""
    data = bytearray(saved(photograph((64, 64)), "JPEG", quality=95, subsampling="4:2:2"))
    data[data.index(b"\xff\xc0") + 11] = 0x12
    found, expected = read(bytes(data), eighths), by_pillow(bytes(data), eighths)
    assert found is not None
    for plane, other in zip(
        (found.luma, *found.chroma), (expected.luma, *expected.chroma), strict=True
    ):
        assert plane.size == other.size
        assert ImageStat.Stat(ImageChops.difference(plane, other)).mean[0] < 4


def test_without_the_library_all_are_left_to_pillow(monkeypatch):
    monkeypatch.setattr(libjpeg, "library", lambda: None)
    assert read(saved(photograph((320, 240)), "JPEG"), 4) is None


def test_no_hostile_file_ends_the_process():
    """An error of libjpeg would: it may call a function that must not return."""
    script = """
        import io, random
        from PIL import Image
        from progimage.imaging.codecs.jpeg_reading import components

        chance = random.Random(7)
        noise = Image.effect_noise((40, 30), 60).convert("RGB")
        samples = []
        for parameters in (
            {"subsampling": "4:2:0"}, {"subsampling": "4:2:2"}, {"subsampling": "4:4:4"},
            {"restart_marker_blocks": 1}, {"optimize": True}, {"progressive": True},
        ):
            file = io.BytesIO()
            noise.save(file, "JPEG", **parameters)
            samples.append(file.getvalue())
        read = 0
        for _ in range(6_000):
            data = bytearray(chance.choice(samples))
            end = len(data) if chance.random() < 0.3 else data.index(b"\\xff\\xda") + 14
            for _ in range(chance.choice((1, 1, 2, 5))):
                place = chance.randrange(min(end, len(data)))
                what = chance.random()
                if what < 0.7:
                    data[place] = chance.choice((0, 1, 0x11, 0x22, 0xC4, 0xDB, 0xFF, place % 256))
                elif what < 0.85:
                    del data[place : place + chance.randrange(1, 9)]
                else:
                    data[place:place] = data[place - 20 : place]
            scan = max(data.find(b"\\xff\\xda"), 0)
            file = io.BytesIO(bytes(data[scan:]))
            found = components(bytes(data[:scan]), file, chance.randrange(1, 5))
            read += found is not None
        print(read)
    """
    done = subprocess.run(
        [sys.executable, "-c", dedent(script)], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert 500 < int(done.stdout) < 5_500
