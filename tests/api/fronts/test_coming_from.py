"""What the pages "Coming from …" of the documentation say works as it stands there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from progimage import config
from progimage.api.fronts.foreign import ForeignSource, ForeignUrlError
from progimage.api.fronts.imgproxy.front import ImgproxyFront
from progimage.api.fronts.thumbor.front import ThumborFront
from progimage.imaging.pipeline_parser import parse

DOCS = Path(__file__).parents[3] / "docs"
_ID = "0" * 64


def _page(name: str) -> str:
    return (DOCS / f"{name}.md").read_text("utf-8")


def _understood(name: str) -> list[str]:
    """Return the names in the sentence that begins with "Understood"."""
    [sentence] = re.findall(r"^Understood: (.*)$", _page(name), re.MULTILINE)
    names = re.split(r", (?:and )?|\. Of imagor: ", re.sub(r" \([^)]*\)", "", sentence))
    return [each.strip(" .") for each in names]


@pytest.mark.parametrize("name", ["imgproxy", "thumbor"])
def test_the_settings_are_valid(name: str, tmp_path: Path) -> None:
    [toml] = re.findall(r"```toml\n(.*?)```", _page(name), re.DOTALL)
    file = tmp_path / "local.toml"
    file.write_text(toml, "utf-8")
    settings, _ = config.load({}, file)
    assert getattr(settings.fronts, name).hosts
    assert "media" in settings.origins


def _complaint_of_imgproxy(name: str) -> str:
    try:
        ImgproxyFront(is_unsafe=True).read(f"/_/{name}:1/plain/local:///a.jpg")
    except ForeignUrlError as error:
        return str(error)
    return ""


def test_imgproxys_options_are_understood() -> None:
    for name in _understood("imgproxy"):
        if "/info/" not in name:
            assert "no option" not in _complaint_of_imgproxy(name), name
            assert "not supported" not in _complaint_of_imgproxy(name), name


def _complaint(name: str) -> str:
    try:
        url = ThumborFront(is_unsafe=True).read(f"/unsafe/10x10/filters:{name}(1)/a.jpg")
        url.compile(ForeignSource((200, 100), "jpeg"))
    except ForeignUrlError as error:
        return str(error)
    return ""


def test_thumbors_filters_are_understood() -> None:
    sentence = _page("thumbor").split("and the filters ")[1].split(". Of imagor")[0]
    for name in re.sub(r" \([^)]*\)", "", sentence).split(", "):
        assert "not supported" not in _complaint(name), name
        assert "no filter" not in _complaint(name), name


@pytest.mark.parametrize("name", ["cloudinary", "ipx"])
def test_pipelines_of_the_table_are_pipelines(name: str) -> None:
    table = _page(name).split("| pipeline |")[1]
    rows = [line for line in table.splitlines() if line.startswith("| `")]
    assert len(rows) > 5
    for row in rows:
        for code in re.findall(r"`([^`]+)`", row.split("|")[2]):
            step = code.replace("<id>", _ID).replace("…", "Draft")
            if step.startswith("."):
                step = f"thumbnail{step}"
            elif step.startswith(("fit=", "enlarge=", "background=")):
                step = f"resize:10x10,{step}"
            parse(step if "background" not in step or "fit" in step else f"{step},fit=contain")
