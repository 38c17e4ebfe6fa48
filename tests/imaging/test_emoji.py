"""Emoji in texts."""

from __future__ import annotations

import pytest
from PIL import ImageFont

from progimage.errors import InvalidArgument
from progimage.imaging import emoji, font_files
from progimage.imaging.colour import Colour
from progimage.imaging.fonts import lettering, undrawable
from progimage.imaging.pipeline_parser import parse
from tests.imaging.test_fonts import folder  # noqa: F401 - a fixture

RED = Colour(255, 0, 0, 255)
PARTY, THUMB, FAMILY, FLAG = "🎉", "👍🏽", "👩‍👩‍👧", "🇩🇪"
has_font = pytest.mark.skipif(
    font_files.emoji_font() is None, reason="needs the font of emoji (fonts-noto-color-emoji)"
)


@pytest.mark.usefixtures("folder")
def test_without_the_font_the_answer_says_what_to_install() -> None:
    assert undrawable(f"Hi {PARTY}") == [PARTY]
    assert emoji.runs(f"Hi {PARTY}") == [(f"Hi {PARTY}", False)]
    with pytest.raises(InvalidArgument, match="fonts-noto-color-emoji for emoji"):
        parse(f"watermark:text={PARTY}")


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("Hi", [("Hi", False)]),
        (f"Hi {PARTY}!", [("Hi ", False), (PARTY, True), ("!", False)]),
        (f"{PARTY}{THUMB}", [(PARTY + THUMB, True)]),
        (FAMILY, [(FAMILY, True)]),
        ("1 1️⃣ #⃣", [("1 ", False), ("1️⃣", True), (" ", False), ("#⃣", True)]),
        ("a\u200db", [("a\u200db", False)]),
        ("", []),
    ],
)
def test_a_text_is_cut_where_emoji_begin_and_end(
    text: str, parts: list[emoji.Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(emoji, "_font", lambda: "a font")
    monkeypatch.setattr(emoji, "_is_emoji", lambda letter: letter > "\U0001f000")
    assert emoji.runs(text) == parts
    assert emoji.without_emoji(text) == "".join(part for part, is_emoji in parts if not is_emoji)


@has_font
class TestDrawing:
    @pytest.mark.parametrize("text", [PARTY, THUMB, FAMILY, FLAG, "1️⃣", "❤️", f"Hi {PARTY} Ж"])
    def test_emoji_have_colours_of_their_own(self, text: str) -> None:
        assert undrawable(text) == []
        stamp = lettering(text, 40, RED, (1000, 1000))
        colours = {colour[:3] for count, colour in stamp.getcolors(100_000) if colour[3] == 255}
        assert len(colours - {RED[:3]}) > 3

    @pytest.mark.parametrize("text", [FAMILY, THUMB, FLAG])
    def test_joined_emoji_are_one_picture(self, text: str) -> None:
        one, two = (lettering(t, 40, RED, (1000, 1000)).width for t in (text, text + PARTY))
        assert one < 60 < two

    def test_letters_beside_them_have_the_colour_that_was_asked_for(self) -> None:
        stamp = lettering(f"MMM {PARTY}", 40, RED, (1000, 1000))
        letters = stamp.crop((0, 0, 60, stamp.height))
        assert {c[:3] for n, c in letters.getcolors(100_000) if c[3] == 255} == {RED[:3]}

    def test_they_are_as_transparent_as_the_colour(self) -> None:
        stamp = lettering(PARTY, 40, Colour(255, 0, 0, 100), (1000, 1000))
        assert 90 <= stamp.getchannel("A").getextrema()[1] <= 130

    def test_they_fit_where_there_is_little_room(self) -> None:
        width, height = lettering(f"Hi {PARTY}", 200, RED, (50, 20)).size
        assert width <= 50
        assert height <= 20

    def test_in_hebrew_the_first_part_is_on_the_right(self) -> None:
        parts = emoji.in_writing_order([("שלום", ImageFont.load_default), (PARTY, None)])
        assert [part for part, _ in parts] == [PARTY, "שלום"]

    def test_characters_missing_in_all_fonts_are_named(self) -> None:
        assert undrawable(f"{PARTY}\U000f0000") == ["\U000f0000"]
