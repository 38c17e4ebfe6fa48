"""What is left of an SVG document before it is drawn."""

from __future__ import annotations

import base64

import pytest
from PIL import Image

from progimage.errors import CorruptPicture, PictureTooComplex
from progimage.imaging.codecs.svg_document import MAX_BYTES, is_svg, read
from progimage.imaging.codecs.svg_size import MAX_SIDE
from tests.imaging.drawing import saved

SVG = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
MANY_PIXELS = 10_000


def markup(content: str, doctype: str = "") -> str:
    """Return what is left of a document with this content."""
    return read(f"{doctype}<svg {SVG}>{content}</svg>".encode(), MANY_PIXELS).markup


def picture_url(size: tuple[int, int], media_type: str = "image/png") -> str:
    """Return a PNG of that size as a `data:` URL."""
    data = base64.b64encode(saved(Image.new("1", size), "PNG")).decode()
    return f"data:{media_type};base64,{data}"


@pytest.mark.parametrize(
    "content",
    [
        '<image href="/etc/secret.png"/>',
        '<image xlink:href="secret.png"/>',
        '<image href="file:///secret"/>',
        '<image href="http://169.254.169.254/secret"/>',
        '<filter id="f"><feImage href="/secret.png"/></filter>',
        '<use href="/secret.svg#a"/>',
        '<use xlink:href="http://secret/"/>',
        '<linearGradient href="secret.svg#a"/>',
        '<a href="secret:alert(1)"><rect/></a>',
        '<textPath href="/secret.svg#p">x</textPath>',
        '<rect fill="url(/secret.svg#a)"/>',
        "<rect fill=\"URL ('secret.svg#a')\"/>",
        '<rect style="mask:url(http://secret/#m)"/>',
        r'<rect style="fill:u\72l(secret.svg#a)"/>',
        "<style>@import 'secret.css'; rect { fill: red }</style>",
        "<style>rect { fill: url(secret.svg#a) }</style>",
        '<style><![CDATA[rect { fill: url("secret.svg#a") }]]></style>',
        "<style><style/>@import 'secret.css';</style>",
        "<style><g/>rect { fill: url(secret.svg#a) }</style>",
        '<rect onload="secret()"/>',
        "<script>secret()</script>",
        '<script href="secret.js"/>',
        "<foreignObject><p xmlns='http://www.w3.org/1999/xhtml'>secret</p></foreignObject>",
        '<animate attributeName="href" to="secret.png"/>',
        '<set attributeName="href" to="secret.png"/>',
        "<text xmlns='http://www.w3.org/1999/xhtml'>secret</text>",
        "<?xml-stylesheet href='secret.css'?>",
        "<!-- secret -->",
        "<title>secret</title>",
        "<metadata><x>secret</x></metadata>",
    ],
)
def test_nothing_is_left_that_names_another_file_or_runs(content: str) -> None:
    assert "secret" not in markup(content)


def test_harmless_elements_are_left_as_they_were() -> None:
    content = (
        '<defs><linearGradient id="g"><stop offset="0" stop-color="red"></stop>'
        '</linearGradient></defs><g transform="scale(2)"><path d="M0 0h9v9z" fill="url(#g)">'
        '</path></g><text x="1" xml:space="preserve">a &lt; b</text>'
    )
    assert content in markup(content)


def test_of_two_spellings_of_a_reference_the_newer_counts() -> None:
    left = markup('<use href="#a" xlink:href="#b"/><use xlink:href="#c"/>')
    assert left.count("href") == 2
    assert '"#a"' in left
    assert '"#c"' in left


def test_references_inside_the_document_are_left() -> None:
    assert '<use href="#a">' in markup('<use xlink:href="#a"/>')
    assert "url(#f)" in markup('<rect filter="url(#f)"/>')
    assert "url('#f')" in markup("<rect style=\"filter:url('#f')\"/>")
    assert "fill: red" in markup("<style>rect { fill: red }</style>")


@pytest.mark.parametrize("start", ["url(", "url(#", "url(#a", 'url("#', "url('#a'"])
def test_a_long_reference_without_end_takes_no_quadratic_time(start: str) -> None:
    """It would take longer than a test may."""
    assert "none" in markup(f"<style>rect {{ fill: {start}{' ' * 500_000}</style>")


def test_text_after_a_removed_element_is_written() -> None:
    assert "<circle" in markup("<script><rect/></script><circle/>")
    assert "<rect" not in markup("<script><rect/></script><circle/>")


class TestPicturesInside:
    def test_a_picture_of_pixels_is_left(self) -> None:
        assert f'href="{picture_url((5, 5))}"' in markup(f'<image href="{picture_url((5, 5))}"/>')

    def test_its_type_is_that_of_its_bytes(self) -> None:
        url = picture_url((5, 5), "image/svg+xml")
        assert "data:image/png;base64," in markup(f'<image href="{url}"/>')

    @pytest.mark.parametrize("media_type", ["image/svg+xml", "image/png"])
    def test_an_svg_inside_the_svg_is_left_out(self, media_type: str) -> None:
        inner = base64.b64encode(f"<svg {SVG}><image href='/x.png'/></svg>".encode()).decode()
        assert "href" not in markup(f'<image href="data:{media_type};base64,{inner}"/>')

    def test_broken_base64_is_left_out(self) -> None:
        assert "href" not in markup('<image href="data:image/png;base64,A"/>')

    def test_pictures_with_too_many_pixels_together_are_refused(self) -> None:
        one = f'<image href="{picture_url((70, 70))}"/>'
        markup(one * 2)
        with pytest.raises(PictureTooComplex, match="10000"):
            markup(one * 3)


class TestEntities:
    def test_short_plain_texts_are_written_out(self) -> None:
        """Adobe Illustrator declares its namespaces so."""
        doctype = (
            '<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/svg11.dtd" '
            '[<!ENTITY ns "http://www.w3.org/2000/svg"><!ENTITY c "red">]>'
        )
        data = f'{doctype}<svg xmlns="&ns;"><rect fill="&c;"/></svg>'.encode()
        assert is_svg(data)
        assert '<rect fill="red">' in read(data, MANY_PIXELS).markup

    @pytest.mark.parametrize(
        "declaration",
        [
            '<!ENTITY x SYSTEM "file:///etc/passwd">',
            '<!ENTITY x PUBLIC "a" "http://169.254.169.254/">',
            '<!ENTITY % x "a">',
            '<!ENTITY a "aaaa"><!ENTITY x "&a;&a;&a;&a;">',
            '<!ENTITY x "<rect/>">',
            f'<!ENTITY x "{"a" * 201}">',
            "".join(f'<!ENTITY x{number} "a">' for number in range(65)),
        ],
        ids=["file", "url", "parameter", "nested", "markup", "long", "many"],
    )
    def test_others_are_refused(self, declaration: str) -> None:
        with pytest.raises(CorruptPicture, match="entities"):
            markup("<text>hello</text>", f"<!DOCTYPE svg [{declaration}]>")

    def test_short_ones_cannot_make_a_long_document(self) -> None:
        doctype = f'<!DOCTYPE svg [<!ENTITY a "{"a" * 200}">]>'
        with pytest.raises(PictureTooComplex, match="too long once"):
            markup(f"<text>{'&a;' * 100_000}</text>", doctype)


class TestBounds:
    def test_bytes(self) -> None:
        with pytest.raises(PictureTooComplex, match="4,194,304"):
            read(b" " * (MAX_BYTES + 1), MANY_PIXELS)

    def test_depth(self) -> None:
        markup("<g>" * 99 + "</g>" * 99)
        with pytest.raises(PictureTooComplex, match="nested"):
            markup("<g>" * 100 + "</g>" * 100)

    def test_depth_of_what_is_left_out(self) -> None:
        with pytest.raises(PictureTooComplex, match="nested"):
            markup("<x>" * 100 + "</x>" * 100)

    def test_elements(self) -> None:
        with pytest.raises(PictureTooComplex, match="more than 100,000 elements"):
            markup("<g/>" * 100_000)


@pytest.mark.parametrize(
    "data", [b"<svg", b"<svg></g></svg>", b"<svg>\x00</svg>", b"<svg>&x;</svg>", b"hello", b""]
)
def test_invalid_xml_is_damaged(data: bytes) -> None:
    with pytest.raises(CorruptPicture, match="line 1"):
        read(data, MANY_PIXELS)


def test_an_unknown_encoding_is_damaged() -> None:
    with pytest.raises(CorruptPicture):
        read(b'<?xml version="1.0" encoding="klingon"?><svg/>', MANY_PIXELS)


@pytest.mark.parametrize(
    ("attributes", "size"),
    [
        ('width="30" height="20"', (30, 20)),
        ('width="1in" height="2.54cm"', (96, 96)),
        ('width="10mm" height="3pc"', (38, 48)),
        ('width="12pt" height="2em"', (16, 32)),
        ('viewBox="0 0 30 20"', (30, 20)),
        ('viewBox="-5,-5,30,20"', (30, 20)),
        ('width="100%" height="100%" viewBox="0 0 30 20"', (30, 20)),
        ('width="60" viewBox="0 0 30 20"', (60, 40)),
        ('height="60" viewBox="0 0 30 20"', (90, 60)),
        ("", (300, 150)),
        ('width="40"', (40, 150)),
        ('width="-5" height="0"', (300, 150)),
        ('width="nan" height="inf" viewBox="0 0 nan 1"', (300, 150)),
        ('width="1e99" height="1e99"', (MAX_SIDE, MAX_SIDE)),
        ('viewBox="0 0 10000 5000"', (MAX_SIDE, MAX_SIDE // 2)),
        ('viewBox="0 0 1e30 1"', (MAX_SIDE, 1)),
        ('viewBox="0 0 0 20"', (300, 150)),
        ('width=".2" height=".2"', (1, 1)),
    ],
)
def test_a_drawing_has_the_size_that_browsers_give_it(
    attributes: str, size: tuple[int, int]
) -> None:
    assert read(f"<svg {SVG} {attributes}/>".encode(), MANY_PIXELS).size == size


@pytest.mark.parametrize(
    "head",
    [
        f"<svg {SVG}/>".encode(),
        b"\xef\xbb\xbf" + f"<svg {SVG}/>".encode(),
        f"<?xml version='1.0'?>\n<!--{'x' * 9000}--><svg {SVG}>".encode(),
        f"<?xml version='1.0' encoding='utf-16'?><svg {SVG}>".encode("utf-16"),
        b"<s:svg xmlns:s='http://www.w3.org/2000/svg'>",
        b"<!DOCTYPE svg [<!ENTITY x SYSTEM '/etc/passwd'>]><svg xmlns='http://www.w3.org/2000/svg'>",
    ],
    ids=["plain", "byte order mark", "comment", "utf-16", "prefix", "entity"],
)
def test_a_root_in_the_namespace_is_an_svg(head: bytes) -> None:
    assert is_svg(head)


@pytest.mark.parametrize(
    "head",
    [
        b"<svg/>",
        f"<html><svg {SVG}/></html>".encode(),
        b"<svg xmlns='http://www.w3.org/1999/xhtml'/>",
        f"x<svg {SVG}/>".encode(),
        b"\x89PNG\r\n\x1a\n",
        b"",
    ],
)
def test_other_files_are_no_svg(head: bytes) -> None:
    assert not is_svg(head)
