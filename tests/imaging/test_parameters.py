import pytest

from progimage.errors import InvalidArgument
from progimage.imaging.colour import Colour
from progimage.imaging.gravity import Focus
from progimage.imaging.parameters import (
    Parameter,
    angle,
    choice,
    colour,
    compass,
    flag,
    gravity,
    number,
    picture_id,
    text,
    whole,
)


def canonical(parameter: Parameter, given: str) -> str:
    return parameter.write(parameter.parse(given, "op.name"))


@pytest.mark.parametrize("given", ["100", "1e2", "100.0", "+100", "0100", "1.00e2"])
def test_a_whole_number_has_one_spelling(given):
    assert canonical(whole(1, 8192), given) == "100"


@pytest.mark.parametrize(
    ("given", "written"),
    [("1.50", "1.5"), ("-0", "0"), ("-0.0", "0"), ("1e1", "10"), (".5", "0.5"), ("2.", "2"),
     ("0.00001", "0"), ("-1.25", "-1.25"), ("10", "10")],
)  # fmt: skip
def test_a_number_is_written_with_the_fewest_characters(given, written):
    assert canonical(number(-10, 10), given) == written


@pytest.mark.parametrize(
    ("given", "written"), [("-90", "270"), ("360", "0"), ("-360", "0"), ("450e-1", "45")]
)
def test_equal_directions_are_one_angle(given, written):
    assert canonical(angle(), given) == written


def test_a_tiny_negative_angle_is_no_angle_at_all():
    assert angle().parse("-0.00001", "rotate.degrees") == 0.0


@pytest.mark.parametrize("given", ["true", "YES", "on", "1"])
def test_yes_has_one_spelling(given):
    assert canonical(flag(), given) == "true"


@pytest.mark.parametrize(
    ("given", "written"),
    [("white", "ffffff"), ("FFF", "ffffff"), ("#ffffff", "ffffff"), ("ffff", "ffffff"),
     ("ff000080", "ff000080"), ("transparent", "transparent"), ("ff000000", "transparent"),
     ("Navy", "000080")],
)  # fmt: skip
def test_a_colour_has_one_spelling(given, written):
    assert canonical(colour(), given) == written


@pytest.mark.parametrize(
    ("given", "written"),
    [("top", "north"), ("NE", "northeast"), ("centre", "center"), ("smart", "smart"),
     ("0.30x.7", "0.3x0.7"), ("1x0", "1x0"), (".5x1.0", "0.5x1")],
)  # fmt: skip
def test_a_gravity_has_one_spelling(given, written):
    assert canonical(gravity(), given) == written


@pytest.mark.parametrize(
    ("given", "written"),
    [("Draft_1-a", "Draft_1-a"), ("~RHJhZnRfMS1h", "Draft_1-a"), ("a b", "~YSBi"),
     ("e\u0301", "~w6k"), ("é", "~w6k"), ("~w6k", "~w6k")],
)  # fmt: skip
def test_a_text_has_one_spelling_safe_in_a_file_name(given, written):
    assert canonical(text(20), given) == written


@pytest.mark.parametrize(
    ("parameter", "given", "complaint"),
    [
        (whole(1, 8192), "0", "a whole number from 1 to 8192, got '0'"),
        (whole(1, 8192), "1.5", "a whole number from 1 to 8192, got '1.5'"),
        (whole(1, 8192), "9e99", "a whole number from 1 to 8192, got '9e99'"),
        (whole(1, 8192), "٣", "a whole number from 1 to 8192, got '٣'"),
        (whole(1, 9), "1_0", "a whole number from 1 to 9, got '1_0'"),
        (number(0, 2.5), "nan", "a number from 0 to 2.5, got 'nan'"),
        (number(0, 2.5), "inf", "a number from 0 to 2.5, got 'inf'"),
        (number(0, 2.5), "2.51", "a number from 0 to 2.5, got '2.51'"),
        (number(0.1, 9), "0.09999", "a number from 0.1 to 9, got '0.09999'"),
        (angle(), "361", "a number from -360 to 360, got '361'"),
        (flag(), "maybe", "true or false, got 'maybe'"),
        (choice("cover", "fill"), "covr", "one of cover, fill, got 'covr'; did you mean 'cover'?"),
        (choice("cover", "fill"), "xyz", "one of cover, fill, got 'xyz'"),
        (colour(), "f", "a colour by name or in hex, such as navy, fff, ff880080 or transparent, "
         "got 'f'"),
        (colour(is_solid=True), "f000", "a colour by name or in hex, such as navy, fff or ff8800, "
         "got 'f000'; it has to be opaque"),
        (gravity(), "2x0", "one of center, north, northeast, east, southeast, south, southwest, "
         "west, northwest, smart, focus, face, or a focal point such as 0.3x0.7, got '2x0'"),
        (picture_id(), "ABC", "the id of a picture, 64 lowercase hex digits, got 'ABC'"),
        (text(3), "four", "text of 1 to 3 printable characters, plain or as ~base64url, "
         "got 'four'"),
        (text(3), "", "text of 1 to 3 printable characters, plain or as ~base64url, got ''"),
        (text(3), "a\n", "text of 1 to 3 printable characters, plain or as ~base64url, "
         "got 'a\\n'"),
        (text(9), "~!", "text of 1 to 9 printable characters, plain or as ~base64url, got '~!'"),
    ],
)  # fmt: skip
def test_the_error_of_a_wrong_value_says_what_was_expected(parameter, given, complaint):
    with pytest.raises(InvalidArgument) as caught:
        parameter.parse(given, "op.name")
    assert str(caught.value) == f"op.name: expected {complaint}"


def test_a_long_wrong_value_is_not_repeated_whole():
    with pytest.raises(InvalidArgument) as caught:
        whole(1, 9).parse("x" * 5000, "op.name")
    assert len(str(caught.value)) < 120


def test_a_compass_has_no_focal_point():
    with pytest.raises(InvalidArgument, match="one of center"):
        compass().parse("0.5x0.5", "watermark.gravity")


def test_values_are_typed():
    assert colour().parse("fff8", "a") == Colour(255, 255, 255, 136)
    assert gravity().parse("0.25x1", "a") == Focus(0.25, 1.0)
    assert isinstance(whole(0, 9).parse("3.0", "a"), int)


def test_a_parameter_describes_itself_as_json_schema():
    described = whole(1, 9, default=3, aliases=("w",), about="pixels").json_schema()
    assert described == {
        "type": "integer",
        "minimum": 1,
        "maximum": 9,
        "default": 3,
        "description": "pixels",
        "x-aliases": ["w"],
    }
    assert colour("white").json_schema()["default"] == "ffffff"
    assert "default" not in whole(1, 9, default=None).json_schema()
