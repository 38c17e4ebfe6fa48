"""Faces are found, and what pipelines do with them."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from PIL import Image

from progimage.errors import InvalidArgument, InvalidRequest
from progimage.imaging import faces, inspection
from progimage.imaging.areas import Area, middle_of, read, whole_faces
from progimage.imaging.faces import find_faces
from progimage.imaging.inspection import inspect
from progimage.imaging.limits import Limits
from progimage.imaging.pipeline_parser import parse
from tests.imaging.drawing import put, quadrants, saved
from tests.imaging.portraits import portrait
from tests.imaging.transforming import apply

LIMITS = Limits()
FACE = Area(0.6, 0.2, 0.2, 0.4)


def is_about(area: Area, x: float, y: float) -> bool:
    """Tell if the middle of a face is near this place."""
    found = middle_of([area])
    return abs(found[0] - x) < 0.06 and abs(found[1] - y) < 0.06


class TestFinding:
    @pytest.mark.parametrize("mode", ["RGB", "L", "RGBA"])
    def test_a_face_is_found(self, mode: str) -> None:
        [face] = find_faces(portrait((640, 400), (380, 60)).convert(mode)) or ()
        assert is_about(face, 480 / 640, 170 / 400)

    def test_small_and_large_ones_are_found_in_large_pictures(self) -> None:
        for side in (300, 1_500):
            [face] = find_faces(portrait((2400, 1800), (100, 150), side)) or ()
            assert is_about(face, (100 + side / 2) / 2400, (150 + side * 0.55) / 1800)

    def test_there_is_none_in_other_pictures(self) -> None:
        assert find_faces(quadrants((640, 400))) == ()
        assert find_faces(Image.new("L", (1, 1))) == ()
        assert find_faces(Image.new("L", (2000, 1))) == ()

    def test_one_at_the_edge_stays_in_the_picture(self) -> None:
        for face in find_faces(portrait((300, 200), (-30, 0))) or ():
            assert min(face) >= 0
            assert face.left + face.width <= 1

    def test_without_the_extra_nothing_looks(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(faces, "IS_INSTALLED", False)
        assert find_faces(portrait((640, 400), (380, 60))) is None


class TestAtUpload:
    def test_the_facts_have_them(self, tmp_path: Path) -> None:
        for form in ("PNG", "JPEG", "WEBP"):
            path = put(tmp_path, saved(portrait((640, 400), (380, 60)), form))
            [face] = inspect(path, LIMITS).faces or ()
            assert is_about(face, 480 / 640, 170 / 400)

    def test_they_are_where_an_upright_picture_has_them(self, tmp_path: Path) -> None:
        exif = Image.Exif()
        exif[0x0112] = 6
        stored = portrait((640, 400), (380, 60)).transpose(Image.Transpose.ROTATE_90)
        path = put(tmp_path, saved(stored, "JPEG", exif=exif))
        [face] = inspect(path, LIMITS).faces or ()
        assert is_about(face, 480 / 640, 170 / 400)

    def test_a_working_copy_is_looked_at(self, tmp_path: Path) -> None:
        path = put(tmp_path, saved(portrait((2400, 1600), (1500, 300), 800), "JPEG"))
        facts = inspect(path, LIMITS, 2048, str(tmp_path / "copy"))
        assert facts.copies
        [face] = facts.faces or ()
        assert is_about(face, 1900 / 2400, 740 / 1600)

    def test_without_the_extra_they_are_unknown(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for module in (faces, inspection):
            monkeypatch.setattr(module, "IS_INSTALLED", False)
        facts = inspect(put(tmp_path, saved(portrait((640, 400), (380, 60)), "JPEG")), LIMITS)
        assert facts.faces is None


class TestGravity:
    def test_it_becomes_the_middle_of_the_faces(self) -> None:
        pipeline = parse("resize:100x100,fit=cover,gravity=face").at_faces([FACE])
        assert str(pipeline) == "resize:fit=cover,gravity=0.7x0.4,height=100,width=100"

    @pytest.mark.parametrize("none", [(), None])
    def test_without_a_face_it_is_smart(self, none: tuple[Area, ...] | None) -> None:
        pipeline = parse("crop:50x50,gravity=face").at_faces(none)
        assert pipeline == parse("crop:50x50,gravity=smart")

    def test_without_a_record_it_is_smart(self) -> None:
        image = Image.new("RGB", (300, 100))
        image.paste(Image.effect_noise((60, 60), 90).convert("RGB"), (230, 20))
        cut = "crop:100x100,gravity="
        assert apply(cut + "face", image) == apply(cut + "smart", image)

    def test_large_faces_count_for_more(self) -> None:
        assert middle_of([Area(0, 0, 0.2, 0.2), Area(0.8, 0.8, 0.2, 0.2)]) == (0.5, 0.5)
        assert middle_of([Area(0, 0, 0.4, 0.4), Area(0.8, 0.8, 0.2, 0.2)]) == (0.34, 0.34)


class TestRedact:
    def test_an_area_is_made_of_a_few_blocks_and_the_rest_stays(self) -> None:
        image = Image.effect_noise((100, 60), 100)
        done = apply("redact:0.2x0.5x0.4x0.5", image)
        inside, box = (20, 30, 60, 60), (0, 0, 100, 30)
        assert done.crop(box) == image.crop(box)
        assert done.crop((60, 0, 100, 60)) == image.crop((60, 0, 100, 60))
        assert len(done.crop(inside).getcolors() or []) <= 8 * 6

    def test_a_blur_leaves_no_detail(self) -> None:
        # Pillow's noise is another one each time, and now and then too uneven.
        noise = random.Random(1).randbytes(100 * 60)
        image = Image.frombytes("L", (100, 60), noise)
        low, high = apply("redact:0x0x1x1,how=blur", image).getextrema()
        assert high - low < 40

    def test_several_areas(self) -> None:
        image = quadrants((64, 64))
        assert apply("redact:0x0x1x.5_0x.5x1x.5", image).size == (64, 64)

    def test_faces_become_areas_with_a_margin(self) -> None:
        pipeline = parse("redact:faces/thumbnail").at_faces([FACE])
        assert str(pipeline) == "redact:areas=0.55x0.1x0.3x0.6/thumbnail"
        assert pipeline == parse(str(pipeline))
        assert whole_faces([Area(0, 0, 1, 1)]) == (Area(0, 0, 1, 1),)

    def test_without_a_face_there_is_nothing_to_do(self) -> None:
        assert parse("redact:faces/thumbnail").at_faces([]) == parse("thumbnail")

    def test_where_nothing_looked_it_is_refused(self) -> None:
        with pytest.raises(InvalidArgument, match="install the extra 'faces'"):
            parse("redact:faces").at_faces(None)
        with pytest.raises(InvalidArgument, match="stored"):
            apply("redact:faces", quadrants())

    def test_faces_come_first(self) -> None:
        with pytest.raises(InvalidRequest, match="redact:faces comes first"):
            parse("crop:10x10/redact:faces")

    @pytest.mark.parametrize(
        "text", ["", "x", "1x1x1", "2x0x1x1", "0x0x0x1", "0x0x1x1_", "0.00001x0x1x1", "nanx0x1x1"]
    )
    def test_nonsense_is_no_area(self, text: str) -> None:
        with pytest.raises(ValueError):  # noqa: PT011 - the message is the parameter's
            read(text)

    def test_there_are_at_most_50(self) -> None:
        assert len(read("_".join(["0x0x1x1"] * 50))) == 50
        with pytest.raises(ValueError):  # noqa: PT011 - the message is the parameter's
            read("_".join(["0x0x1x1"] * 51))
