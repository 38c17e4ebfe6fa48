"""Signed links over HTTP: what they open, for how long, and what they leave shut."""

from __future__ import annotations

import re

import pytest

from progimage import keys
from progimage.library import Library
from progimage.model import Viewer
from tests.api.conftest import assert_problem, opened
from tests.api.responses.test_delivery import PresigningStore
from tests.api.signing import MAX_EXPIRES_S, WITH_KEY, get, keep, signed, signer

ANN = Viewer(name="ann")


@pytest.fixture
def client(make_client):
    return make_client(**WITH_KEY)


@pytest.fixture
def private(store) -> str:
    """The path of a private picture of another account."""
    return keep(store)


@pytest.fixture
def public(store) -> str:
    return keep(store, visibility="public", variant=1)


def of_no_owner(path: str) -> str:
    """Return the path of a picture that is not there."""
    return re.sub(r"[0-9a-f]{64}", "0" * 64, path)


def test_a_link_shows_a_private_picture_in_one_form_without_an_account(client, private):
    assert_problem(client.simulate_get(private + "thumbnail:16x16.png"), 404)
    link = signed(private + "thumbnail:height=16,width=16.png")
    result = get(client, link)
    assert opened(result).size == (16, 11)
    assert result.headers["cache-control"] == "private, no-store"
    assert get(client, link).headers["x-cache"] == "hit"
    assert_problem(client.simulate_get(private + "thumbnail:16x16.png"), 404)


@pytest.mark.parametrize(
    "spelling",
    [
        "thumbnail:16x16.png",
        "thumbnail:w=16,h=16.PNG",
        "rotate:0/thumbnail:16x16.png",
        "thumbnail.png?w=16&h=16",
        "thumbnail.png?height=16&width=16",
    ],
)
def test_a_link_holds_for_every_spelling_of_what_it_is_for(client, private, spelling):
    token = signed(private + "thumbnail:height=16,width=16.png").partition("sig=")[2]
    joint = "&" if "?" in spelling else "?"
    result = get(client, f"{private}{spelling}{joint}sig={token}")
    assert opened(result).size == (16, 11)


@pytest.mark.parametrize("name", ["thumbnail", "thumbnail.auto", ".png", "rotate.webp"])
def test_urls_without_a_format_or_with_nothing_else_are_signed_as_spelt(client, private, name):
    path = private + name if not name.startswith(".") else private[:-1] + name
    assert opened(get(client, signed(path)))


def test_a_link_to_the_original_shows_the_original_only(client, store, private):
    link = signed(private)
    result = get(client, link)
    record = Library(store).find(ANN, private.split("/")[2])
    assert len(result.content) == record.size_bytes
    assert result.headers["cache-control"] == "private, no-store"
    token = link.partition("?")[2]
    for path in ("thumbnail.png", "rotate:0", "metadata", "renders", "links"):
        assert get(client, f"{private}{path}?{token}").status_code in (404, 405)
    assert_problem(get(client, f"{private[:-1]}.jpg?{token}"), 404)


def test_a_link_to_any_rendition_shows_all_but_the_original(client, private):
    link = signed(private + "thumbnail.png", scope="any", covers=private + "*")
    token = link.partition("?")[2]
    for path in (private + "thumbnail.png", private + "flip/rotate:90", private[:-1] + ".webp"):
        assert opened(get(client, f"{path}?{token}"))
    assert_problem(get(client, f"{private}?{token}"), 404)
    assert_problem(get(client, f"{private}*?{token}"), 400)


def test_a_link_gives_no_power_over_the_picture(client, private):
    for path in (private, private + "metadata/", private + "renders/", private + "links/"):
        for scope, covers in (("this", path), ("any", private + "*"), ("this", private)):
            link = signed(path, scope=scope, covers=covers)
            for method in ("DELETE", "PATCH", "PUT", "POST"):
                result = get(client, link, method, If_Match="*", Content_Type="application/json")
                assert result.status_code in (400, 404, 405)
    assert get(client, signed(private)).status_code == 200


def test_head_conditions_and_ranges_work_behind_a_link(client, private):
    link = signed(private + "thumbnail.png")
    whole = get(client, link)
    head = get(client, link, "HEAD")
    assert (head.status_code, head.content) == (200, b"")
    assert int(head.headers["content-length"]) == len(whole.content)
    part = get(client, link, Range="bytes=2-5")
    assert (part.status_code, part.content) == (206, whole.content[2:6])
    same = get(client, link, If_None_Match=whole.headers["etag"])
    assert (same.status_code, same.headers["cache-control"]) == (304, "private, no-store")


@pytest.mark.parametrize("cached", [False, True])
@pytest.mark.parametrize("name", ["", "thumbnail.png", "thumbnail.auto", "thumbnail"])
def test_nothing_is_revealed_before_the_signature_is_verified(client, private, name, cached):
    """Not by an ETag that the client knows, nor a range, nor HEAD, nor Accept."""
    good = signed(private + name)
    etag = get(client, good).headers["etag"] if cached else '"*"'
    for link in (private + name, good[:-1] + ("A" if good[-1] != "A" else "E")):
        for method in ("GET", "HEAD"):
            for headers in (
                {"If_None_Match": etag},
                {"If_None_Match": "*"},
                {"Range": "bytes=0-0"},
                {"Range": "bytes=9999999-"},
                {"Accept": "image/x-unknown"},
            ):
                result = get(client, link, method, **headers)
                missing = get(client, of_no_owner(link), method, **headers)
                assert result.status_code == missing.status_code == 404
                assert shape(result) == shape(missing)


def shape(result) -> dict[str, str]:
    """Return the headers of a response, without what differs from one to the next."""
    return {k: v for k, v in result.headers.items() if k not in ("x-request-id",)}


@pytest.mark.parametrize("trick", ["expired", "altered", "replayed", "foreign key", "far", "empty"])
def test_a_bad_link_to_a_private_picture_looks_like_one_to_none(client, private, public, trick):
    path = private + "thumbnail.png"
    bad, none = (bad_link(each, trick) for each in (path, of_no_owner(path)))
    result, missing = get(client, bad), get(client, none)
    assert_problem(result, 404)
    assert result.json["detail"].replace(path.split("/")[2], "0" * 64) == missing.json["detail"]
    assert_problem(get(client, bad_link(public + "thumbnail.png", trick)), 403, "sig: ")


def bad_link(path: str, trick: str) -> str:
    if trick == "expired":
        return signed(path, expires_in_s=-5)
    if trick == "far":
        return signed(path, expires_in_s=MAX_EXPIRES_S * 2)
    if trick == "replayed":
        return signed(path, covers=path.replace("thumbnail", "flip"))
    if trick == "foreign key":
        return f"{path}?sig={signer('y' * 32).sign(path, 600)[0]}"
    if trick == "empty":
        return f"{path}?sig="
    return signed(path)[:-7] + "AAAAAAA"


def test_an_expired_link_says_so_where_it_reveals_nothing(client, public):
    result = get(client, signed(public + "thumbnail.png", expires_in_s=-5))
    assert_problem(result, 403, "this link expired at")
    assert result.json["type"] == "urn:progimage:problem:link-expired"
    assert result.headers["cache-control"] == "no-store"


def test_the_error_about_a_signature_names_the_signed_text(client, public):
    result = get(client, signed(public + "rotate:90/format:webp"))
    assert_problem(result, 403, f"not for {public}rotate.webp,")


def test_a_public_picture_by_a_link_is_cached_until_the_link_expires(client, public):
    for path in (public + "thumbnail.png", public):
        result = get(client, signed(path, expires_in_s=100))
        match = re.fullmatch(r"public, max-age=(\d+)", result.headers["cache-control"])
        assert 90 <= int(match[1]) <= 100


def test_a_link_ends_with_its_picture(client, store, private):
    link = signed(private + "thumbnail.png")
    assert get(client, link).status_code == 200
    Library(store).remove(ANN, private.split("/")[2])
    assert_problem(get(client, link), 404)
    assert [stat.key for stat in store.list(keys.RENDERS)] == []


def test_a_link_ends_with_its_key(make_client, private):
    link = signed(private + "thumbnail.png")
    assert get(make_client(**WITH_KEY), link).status_code == 200
    assert_problem(get(make_client(auth={"secret": "z" * 32}), link), 404)
    assert_problem(get(make_client(), link), 404)


def test_an_old_key_of_the_ring_still_opens(make_client, private):
    path = private + "thumbnail.png"
    client = make_client(
        auth={"secret": "z" * 32, "keys": [{"kid": "2025.old", "secret": "x" * 32}]}
    )
    token, _ = signer(kid="2025.old").sign(path, 600)
    assert get(client, f"{path}?sig={token}").status_code == 200


def test_two_signatures_are_one_too_many(client, private):
    link = signed(private + "thumbnail.png")
    token = link.partition("?")[2]
    for query in (f"{token}&{token}", f"{token}&sig=", f"sig=x&{token}", f"{token}&%73ig=x"):
        assert_problem(get(client, f"{private}thumbnail.png?{query}"), 400, "sig: given twice")


def test_arguments_cannot_be_smuggled_past_a_signature(client, private):
    token = signed(private + "thumbnail.png").partition("?")[2]
    for query in (
        f"width=100&{token}",
        f"{token}&width=100",
        f"{token}&w=100",
        f"{token}%26width=100",
        f"{token};width=100",
    ):
        result = get(client, f"{private}thumbnail.png?{query}")
        assert_problem(result, 404)
    for query in (f"SIG={token[4:]}", f"sig%20={token[4:]}", f"sig[]={token[4:]}"):
        assert get(client, f"{private}thumbnail.png?{query}").status_code in (400, 404)
    # What changes nothing is the same pipeline.
    assert get(client, f"{private}thumbnail.png?w=200&height=200&{token}").status_code == 200


class TestOtherPictures:
    """A link to a picture that is watermarked with another."""

    @pytest.fixture
    def stamp(self, store) -> str:
        return keep(store, variant=5).split("/")[2]

    def test_a_link_shows_what_its_owner_may_use(self, client, private, stamp):
        link = signed(f"{private}watermark:image={stamp}.png")
        assert opened(get(client, link))

    def test_a_link_shows_no_private_picture_of_another_account(self, client, store, private):
        bens = keep(store, owner="ben", variant=7).split("/")[2]
        assert_problem(get(client, signed(f"{private}watermark:image={bens}.png")), 400)

    @pytest.mark.parametrize("cached", [False, True])
    def test_a_link_to_any_rendition_reaches_no_other_picture(self, client, private, stamp, cached):
        path = f"{private}watermark:image={stamp}.png"
        if cached:
            assert get(client, signed(path)).status_code == 200
        assert_problem(get(client, signed(path, scope="any", covers=private + "*")), 404)


@pytest.mark.parametrize("accept", ["image/avif", "image/webp", "image/jpeg", "*/*"])
def test_answers_that_depend_on_accept_are_never_shared_between_clients(
    client, private, public, accept
):
    """Neither a 200, nor a 304, nor a 206 may stand in a shared cache for all."""
    for path in (private, public):
        link = signed(path + "thumbnail.auto")
        whole = get(client, link, Accept=accept)
        assert whole.headers["vary"] == "Accept"
        again = get(client, link, Accept=accept, If_None_Match=whole.headers["etag"])
        assert (again.status_code, again.headers["vary"]) == (304, "Accept")
        part = get(client, link, Accept=accept, Range="bytes=0-3")
        assert (part.status_code, part.headers["vary"]) == (206, "Accept")


def test_a_link_does_not_reach_the_log(client, private, capsys, caplog):
    link = signed(private + "thumbnail.png")
    get(client, link)
    get(client, link[:-1])
    out = capsys.readouterr()
    assert link[-20:-1] not in out.out + out.err + caplog.text


def test_an_end_counts_for_what_is_cached_too(client, private):
    assert get(client, signed(private + "thumbnail.png")).status_code == 200
    assert_problem(get(client, signed(private + "thumbnail.png", expires_in_s=0)), 404)


class TestRedirects:
    """Where clients are sent to S3, with addresses that S3 itself signs."""

    @pytest.fixture
    def store(self) -> PresigningStore:
        return PresigningStore()

    @pytest.fixture
    def client(self, make_client):
        return make_client(**WITH_KEY, delivery={"mode": "redirect"})

    @pytest.mark.parametrize(("left_s", "most_s"), [(100, 100), (5000, 600)])
    def test_the_address_at_s3_ends_with_the_link_at_the_latest(
        self, client, private, left_s, most_s
    ):
        result = get(client, signed(private, expires_in_s=left_s))
        assert result.status_code == 307
        expires_s = int(result.headers["location"].rpartition("expires=")[2])
        assert most_s - 5 <= expires_s <= most_s
        assert result.headers["cache-control"] == "private, no-store"


def test_memory_of_a_picture_is_dropped_when_it_is_hidden(client, store, public):
    headers = {"Accept": "image/x-unknown"}
    assert client.simulate_get(public + "thumbnail.auto", headers=headers).status_code == 406
    # By another node.
    image_id = public.split("/")[2]
    Library(store).edit(ANN, image_id, {"visibility": "private"}, lambda current: True)
    assert_problem(client.simulate_get(public + "thumbnail.auto", headers=headers), 404)


@pytest.mark.parametrize("keep_", ["exif", "all"])
def test_a_link_to_every_rendition_gives_no_exif(client, public, private, keep_):
    for path in (private, public):
        every = signed(f"{path}strip:keep={keep_}.jpg", scope="any", covers=path + "*")
        result = get(client, every)
        assert result.status_code in (403, 404)
        assert result.headers["content-type"] == "application/problem+json"
        own = signed(f"{path}strip:keep={keep_}.jpg")
        assert opened(get(client, own)).format == "JPEG"


def test_a_link_to_every_rendition_gives_the_colour_profile(client, private):
    every = signed(f"{private}strip:keep=icc.jpg", scope="any", covers=private + "*")
    assert opened(get(client, every)).format == "JPEG"
