"""Which letters can be written."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import pytest

from progimage.errors import InvalidArgument
from progimage.imaging import emoji, font_files, fonts
from progimage.imaging.colour import Colour
from progimage.imaging.pipeline_parser import parse

BLACK = Colour(0, 0, 0, 255)
OTHER_SCRIPTS = ["مرحبا", "שלום", "สวัสดี", "नमस्ते", "你好", "こんにちは", "안녕"]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder that is the only one where the machine keeps fonts."""
    monkeypatch.setattr(font_files, "SYSTEM_FOLDERS", (str(tmp_path),))
    forget()
    yield tmp_path
    forget()


def forget() -> None:
    font_files.system_fonts.cache_clear()
    font_files.emoji_font.cache_clear()
    emoji._is_emoji.cache_clear()


@pytest.mark.parametrize("text", OTHER_SCRIPTS)
def test_without_fonts_of_a_script_the_answer_says_what_to_install(text: str, folder: Path) -> None:
    assert set(fonts.undrawable(text)) <= set(text)
    with pytest.raises(InvalidArgument, match="fonts-noto-core"):
        parse(f"watermark:text={text}")


def test_a_font_that_is_installed_is_used_for_the_letters_that_others_lack(folder: Path) -> None:
    ours = files("progimage.imaging") / "fonts" / "NotoSans-subset.ttf"
    with ours.open("rb") as source, (folder / "NotoSansHebrew-Regular.ttf").open("wb") as target:
        shutil.copyfileobj(source, target)
    [installed] = fonts.system_faces()
    assert installed(20).getname()[0] == "Noto Sans"


def test_a_text_of_two_scripts_is_written_in_two_fonts(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first has digits and no Ж, the second is there for that alone."""
    _, other = fonts.OWN_FACES
    has_letters = fonts._missing
    monkeypatch.setattr(
        fonts,
        "_missing",
        lambda face, text: (
            [letter for letter in text if letter != "Ж"]
            if face is other
            else has_letters(face, text)
        ),
    )
    assert fonts.undrawable("Ж 1") == []
    both = fonts.lettering("1Ж1", 20, BLACK, (200, 100))
    alone = fonts.lettering("Ж", 20, BLACK, (200, 100))
    assert both.width > alone.width + 10


def test_signs_of_direction_are_not_drawn() -> None:
    plain = fonts.lettering("ab", 20, BLACK, (100, 100))
    assert fonts.lettering("a\u200fb\u200d\u202e", 20, BLACK, (100, 100)) == plain


def test_other_files_are_not_fonts(folder: Path) -> None:
    (folder / "NotoSansKlingon-Regular.ttf").write_bytes(b"")
    assert fonts.system_faces() == ()


def test_latin_and_cyrillic_need_no_installed_font(folder: Path) -> None:
    assert fonts.undrawable("Ünïcödé Ж 12€") == []
    assert fonts.lettering("Ж", 20, BLACK, (100, 100)).getchannel("A").getbbox()
