"""URLs of folders."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

import pytest

from progimage.errors import ConfigError
from progimage.stores.folder.url import from_url, path_of


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("file:///srv/pictures", "/srv/pictures"),
        ("file://localhost/srv/pictures", "/srv/pictures"),
        ("file:var/store", "var/store"),
        ("file://./var/store", "./var/store"),
        ("file:///srv/a%20b", "/srv/a b"),
    ],
)
def test_a_url_names_a_folder(url, path):
    assert path_of(urlsplit(url)) == Path(path)


@pytest.mark.parametrize(
    "url",
    ["file://host/a", "file:", "file:///", "file:///a%00b", "file:///a?region=b", "file:///a#b"],
)
def test_other_forms_are_errors(url):
    with pytest.raises(ConfigError, match=r"^store: "):
        path_of(urlsplit(url))


def test_a_folder_is_only_made_where_that_is_asked_for(tmp_path):
    url = urlsplit(f"file://{tmp_path}/store")
    with pytest.raises(ConfigError, match="there is no folder"):
        from_url(url, creates=False, may_be_gone=False)
    from_url(url, creates=False, may_be_gone=True)
    assert not (tmp_path / "store").exists()
