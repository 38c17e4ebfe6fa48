"""Which pipelines anybody may have made, and which need a signature."""

from __future__ import annotations

import pytest

from progimage.access.transform_policy import TransformPolicy
from progimage.errors import TransformNotAllowed
from progimage.imaging.limits import Limits
from progimage.imaging.pipeline_parser import parse

PRESETS = {"card": "resize:w=40,h=30,fit=cover", "icon": "thumbnail:16x16.png"}
OF_PRESETS = [
    "card",
    "card.webp",
    "card.auto",
    "resize:fit=cover,height=30,width=40",
    "resize:40x30,cover.png",
    "rotate:0/card",
    "icon",
    "thumbnail:16x16.png",
]
OF_NONE = [
    "thumbnail:16x16.webp",
    "thumbnail:16x16",
    "thumbnail:16x16.auto",
    "card/flip",
    "flip/card",
    "card/quality:20",
    "resize:w=40,h=30,fit=contain",
    "format:webp",
    "rotate:0",
    "thumbnail",
]


def policy(mode, presets=PRESETS) -> TransformPolicy:
    return TransformPolicy(mode, presets, Limits())


@pytest.mark.parametrize("text", [*OF_PRESETS, *OF_NONE])
def test_open_takes_everything(text):
    policy("open").check(parse(text, presets=PRESETS), is_signed=False)


@pytest.mark.parametrize("mode", ["presets", "signed"])
@pytest.mark.parametrize("text", OF_PRESETS)
def test_presets_are_always_made_however_they_are_written(mode, text):
    pipeline = parse(text, presets=PRESETS)
    assert policy(mode).is_open(pipeline)
    policy(mode).check(pipeline, is_signed=False)


@pytest.mark.parametrize("text", OF_NONE)
def test_presets_takes_nothing_else_signed_or_not(text):
    for is_signed in (False, True):
        with pytest.raises(TransformNotAllowed, match=r"its presets \(card, icon\) and no other"):
            policy("presets").check(parse(text, presets=PRESETS), is_signed=is_signed)


@pytest.mark.parametrize("text", OF_NONE)
def test_signed_takes_all_else_with_a_signature_only(text):
    pipeline = parse(text, presets=PRESETS)
    assert not policy("signed").is_open(pipeline)
    policy("signed").check(pipeline, is_signed=True)
    with pytest.raises(TransformNotAllowed, match=r"its presets \(card, icon\) for everybody"):
        policy("signed").check(pipeline, is_signed=False)


def test_a_service_without_presets_says_so():
    with pytest.raises(TransformNotAllowed, match=r"\(none are configured\) and no other"):
        policy("presets", {}).check(parse("thumbnail"), is_signed=False)
