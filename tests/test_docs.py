"""The documentation agrees with the code: generated pages, links, lengths, examples."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from progimage.api.openapi import document
from progimage.api.openapi.documented import of_responder
from progimage.config import Settings
from progimage.server import app
from progimage.stores.memory import MemoryStore
from tests.inline_pool import InlinePool
from tools import reference

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
PAGES = [README, *sorted((ROOT / "docs").rglob("*.md"))]
LINKED = [*PAGES, *(path for path in sorted(ROOT.glob("*.md")) if path != README)]


@pytest.mark.parametrize("path", reference.FILES, ids=lambda path: path.name)
def test_a_generated_file_agrees_with_the_code(path):
    assert path.read_text("utf-8") == reference.FILES[path](), "run `make reference`"


SERVICE = app.create(Settings(store="memory://"), MemoryStore(), InlinePool())


@pytest.mark.parametrize(
    "call",
    list(document.calls(SERVICE.routes)),
    ids=lambda call: f"{call.method.upper()} {call.path}",
)
def test_every_responder_says_what_it_takes_and_gives(call):
    """With `@documented` above it, from which /openapi.json is made."""
    assert of_responder(call.responder), f"{call.responder} lacks @documented"


def test_the_readme_is_short():
    assert len(README.read_text("utf-8").splitlines()) <= 150


@pytest.mark.parametrize("page", LINKED, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_between_pages_leads_somewhere(page):
    text = page.read_text("utf-8")
    targets = re.findall(r"\]\(([^)\s]+)\)|(?:src|srcset)=\"([^\"]+)\"", text)
    for target in (a or b for a, b in targets):
        if re.match(r"https?:", target):
            continue
        name, _, anchor = target.partition("#")
        linked = (page.parent / name).resolve() if name else page
        assert linked.exists(), target
        if anchor:
            assert anchor in anchors(linked.read_text("utf-8")), target


def anchors(text: str) -> set[str]:
    """Return the anchors of a page's headings, as GitHub and MkDocs make them."""
    headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title).strip().lower().replace(" ", "-") for title in headings}


def test_every_page_is_in_the_navigation_of_the_site():
    navigation = (ROOT / "mkdocs.yml").read_text("utf-8").partition("\nnav:\n")[2]
    named = re.findall(r"- (?:.*: )?(\S+\.md)$", navigation, re.MULTILINE)
    pages = {page.relative_to(ROOT / "docs").as_posix() for page in PAGES if page != README}
    assert set(named) == pages, "name it in mkdocs.yml"


def test_no_upload_by_curl_ends_in_a_slash():
    # curl(1), -T: to a URL without a file part it appends the name of the local file.
    text = "".join(page.read_text("utf-8") for page in PAGES)
    uploads = re.findall(r"curl .*?-T \S+ (\S+)", text)
    assert uploads
    assert not [address for address in uploads if address.endswith("/")]


def test_no_page_names_a_package_of_another_project_to_install():
    """On PyPI the name progimage belongs to another project."""
    for page in PAGES:
        assert not re.search(r"pip install (?:-\S+ )*'?progimage\b", page.read_text("utf-8")), page
