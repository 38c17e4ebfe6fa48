"""URLs of S3 stores."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest

from progimage.errors import ConfigError
from progimage.stores.s3.url import s3_arguments


def test_a_url_has_a_bucket_a_prefix_and_parameters():
    url = "s3://pictures/a/b%20c/?endpoint_url=http://h:9000&region=eu-west-1&read_timeout_s=2.5"
    assert s3_arguments(urlsplit(url)) == {
        "bucket": "pictures",
        "prefix": "a/b c",
        "endpoint_url": "http://h:9000",
        "region": "eu-west-1",
        "read_timeout_s": 2.5,
    }


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("s3://ab", "a bucket of 3 to 63"),
        ("s3:///prefix", "expected s3://bucket"),
        ("s3://user@pictures", "expected s3://bucket"),
        ("s3://pictures?colour=blue", "no parameter 'colour'"),
        ("s3://pictures?region=a&region=b", "region: expected it only once"),
        ("s3://pictures?region=a_b", "region: expected a name"),
        ("s3://pictures?addressing=host", "addressing: expected path or virtual"),
        ("s3://pictures?endpoint_url=ftp://h", "endpoint_url: expected"),
        ("s3://pictures?endpoint_url=http://a:b@h", "without a password"),
        ("s3://pictures?read_timeout_s=0", "seconds above 0"),
        ("s3://pictures?connect_timeout_s=inf", "seconds above 0"),
        ("s3://pictures?connect_timeout_s=nan", "seconds above 0"),
    ],
)
def test_what_is_wrong_is_named(url, words):
    with pytest.raises(ConfigError, match=words):
        s3_arguments(urlsplit(url))
