"""Raw and JSON uploads as clients send them."""

from __future__ import annotations

import base64

import pytest

from tests.api.conftest import assert_problem


@pytest.mark.parametrize("kind", ["IMAGE/JPEG", "Image/Jpeg; q=1", "Application/Octet-Stream"])
def test_media_types_have_no_case(client, jpeg, kind):
    result = client.simulate_post("/images/", body=jpeg, headers={"Content-Type": kind})
    assert result.status_code == 201


def test_json_and_forms_have_no_case_either(client, jpeg):
    body = b'{"data": "%s"}' % base64.b64encode(jpeg)
    headers = {"Content-Type": "Application/JSON; charset=utf-8"}
    assert client.simulate_post("/images/", body=body, headers=headers).status_code == 201


@pytest.mark.parametrize(
    ("header", "name"),
    [
        ("attachment; filename*=UTF-8''na%C3%AFve%20caf%C3%A9.jpg", "naïve café.jpg"),
        ("attachment; filename=\"a.jpg\"; filename*=utf-8'en'b.jpg", "b.jpg"),
        ("attachment; filename*=ISO-8859-1''%A3.jpg", "£.jpg"),
        ("attachment; filename*=UTF-8''%FF.jpg; filename=a.jpg", "a.jpg"),
        ("attachment; filename*=UTF-7''x.jpg; filename=a.jpg", "a.jpg"),
        ("attachment; filename*=x; filename=a.jpg", "a.jpg"),
        ("attachment; filename*=UTF-8''..%2F..%2Fetc%2Fpasswd", "passwd"),
    ],
)
def test_the_file_name_of_a_raw_body_may_be_encoded(client, jpeg, header, name):
    headers = {"Content-Type": "image/jpeg", "Content-Disposition": header}
    assert client.simulate_post("/images/", body=jpeg, headers=headers).json["file_name"] == name


def spellings(data: bytes) -> list[str]:
    plain = base64.b64encode(data).decode()
    return [
        plain,
        plain.rstrip("="),
        base64.urlsafe_b64encode(data).decode(),
        base64.urlsafe_b64encode(data).decode().rstrip("="),
        f"data:image/jpeg;base64,{plain}",
        f"DATA:;charset=x;BASE64,{plain}",
        "\n".join(plain[at : at + 76] for at in range(0, len(plain), 76)),
    ]


def test_every_spelling_of_base64_is_the_same_picture(client, jpeg):
    # A comment after the picture, so that padding and both of the odd characters occur.
    data = jpeg + b"\xfb\xff\xfe\xfb\xef"
    assert {"+", "/", "="} <= set(base64.b64encode(data).decode())
    ids = {
        client.simulate_post("/images/", json={"data": text}).json["id"] for text in spellings(data)
    }
    assert len(ids) == 1


def test_an_address_that_is_a_data_uri_is_the_picture(client, jpeg):
    for text in spellings(jpeg)[4:6]:
        result = client.simulate_post("/images/", json={"url": f"  {text}\n"})
        assert (result.status_code in (200, 201), result.json["size_bytes"]) == (True, len(jpeg))


@pytest.mark.parametrize("text", ["A", "####", "data:image/png,abc", "data:;base64,####"])
def test_invalid_base64_is_an_error(client, text):
    assert_problem(client.simulate_post("/images/", json={"data": text}), 400, "data: not valid")


def test_an_address_is_trimmed(client):
    """The blank must not become part of the scheme: only the host is refused."""
    result = client.simulate_post("/images/", json={"url": " \n http://127.0.0.1/a.jpg \t"})
    assert_problem(result, 400, "no public address")
