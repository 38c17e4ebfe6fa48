"""Samples of 16 bits as 8 bits."""

from __future__ import annotations

from PIL import Image, ImageCms

from progimage.imaging.codecs.sixteen_bits import join, managed, to_eight_bits


def channel(*samples: int) -> Image.Image:
    data = [sample.to_bytes(2, "big") for sample in samples]
    high, low = (bytes(pair[at] for pair in data) for at in (0, 1))
    return join(high, low, (len(samples), 1))


def test_halves_of_samples_are_joined():
    assert [channel(0, 1, 256, 65_535).getpixel((x, 0)) for x in range(4)] == [0, 1, 256, 65_535]


def test_samples_are_rounded_to_the_nearest():
    samples = (0, 128, 129, 257, 32_896, 65_535)
    assert to_eight_bits([channel(*samples)]).tobytes() == bytes([0, 0, 1, 1, 128, 255])


def test_three_channels_make_rgb():
    image = to_eight_bits([channel(65_535), channel(0), channel(257)])
    assert (image.mode, image.getpixel((0, 0))) == ("RGB", (255, 0, 1))


def test_a_profile_of_srgb_changes_nothing_and_dark_steps_stay():
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    dark = channel(*range(0, 2_570, 257))
    image, _ = managed([dark] * 3, profile)
    assert [image.getpixel((x, 0))[0] for x in range(10)] == list(range(10))


def test_a_profile_of_another_kind_or_none_is_not_used():
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    assert managed([channel(0)], profile) is None
    assert managed([channel(0)] * 3, b"no profile") is None
