"""The font files of a machine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from progimage.imaging import font_files


@pytest.fixture
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Path, Path]]:
    """Two folders of fonts in place of the machine's."""
    found = tmp_path / "one", tmp_path / "two"
    for folder in found:
        folder.mkdir()
    monkeypatch.setattr(font_files, "SYSTEM_FOLDERS", tuple(map(str, found)))
    for function in (font_files.system_fonts, font_files.emoji_font):
        function.cache_clear()
    yield found
    for function in (font_files.system_fonts, font_files.emoji_font):
        function.cache_clear()


def test_fonts_have_one_order_wherever_they_are(folders):
    one, two = folders
    (one / "below").mkdir()
    hebrew, arabic = (
        one / "below" / "NotoSansHebrew-Regular.ttf",
        two / "NotoSansArabic-Regular.ttf",
    )
    for path in (hebrew, arabic, two / "NotoSansHebrew-Regular.ttf", one / "NotoSerif-Bold.ttf"):
        path.touch()
    assert font_files.system_fonts() == (arabic, hebrew)


def test_the_font_of_emoji(folders):
    assert font_files.emoji_font() is None
    font_files.emoji_font.cache_clear()
    path = folders[1] / "NotoColorEmoji.ttf"
    path.touch()
    assert font_files.emoji_font() == path


def test_the_own_font_is_part_of_the_package():
    assert font_files.OWN_FONT.is_file()
