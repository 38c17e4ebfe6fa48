"""Pages of a search, with both clients."""

from __future__ import annotations

from tests.imaging.drawing import quadrants, saved


def test_a_search_goes_through_all_pages(call, url):
    tag = "Wörter & mehr"
    for n in range(5):
        data = saved(quadrants((60 + n, 20)), "PNG")
        call(url, lambda client, data=data: client.upload(data, tags=[tag]))
    found = call(url, lambda client: client.search(tag=tag, page_size=2))
    assert [image.width for image in found] == [64, 63, 62, 61, 60]
    found = call(url, lambda client: client.search(tag=tag, page_size=2, sort="created"))
    assert [image.width for image in found] == [60, 61, 62, 63, 64]
    pages = call(url, lambda client: client.pages(tags_all=[tag], page_size=2))
    assert [len(page.images) for page in pages] == [2, 2, 1]
    assert (pages[0].total, pages[0].total_is_exact) == (5, True)
    [known] = [t for t in call(url, lambda client: client.tags("wör")) if t.name == tag]
    assert known.count == 5
