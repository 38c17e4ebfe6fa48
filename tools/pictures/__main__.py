"""Make the pictures of the documentation: `make pictures`.

A server is started, photographs are uploaded, and a browser looks at its console.
"""

from __future__ import annotations

import io
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlencode

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from tests.system.serving.server import Server, running
from tools.pictures.contact_sheet import contact_sheet
from tools.pictures.photographs import photographs

FOLDER = Path(__file__).parents[2] / "docs" / "pictures"
DESKTOP = {"width": 1280, "height": 820}
PHONE = {"width": 390, "height": 780}
STEPS = "resize:width=900,height=560,fit=cover/duotone:shadow=1b1464,highlight=ffd29d.webp"


def main() -> None:
    """Make all of them again."""
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, running(Path(folder)) as server:
        ids = upload_all(server)
        for theme in ("light", "dark"):
            with looking(theme) as page:
                open_(page, server, "/")
                keep(page, f"gallery-{theme}")
                open_(page, server, f"/?image={ids['Last light']}&pipeline={STEPS}")
                page.get_by_text("newly rendered").or_(
                    page.get_by_text("from the cache")
                ).wait_for()
                keep(page, f"playground-{theme}")
        with looking("light", phone=True) as page:
            open_(page, server, "/")
            keep(page, "phone-gallery")
            open_(page, server, f"/?image={ids['Chelsea']}")
            keep(page, "phone-picture")

        def fetch(pipeline: str) -> bytes:
            answer = server.get(f"/images/{ids['Chelsea']}/{pipeline}")
            if answer.status != 200:
                raise SystemExit(f"{pipeline}: {answer.body.decode()}")
            return answer.body

        save(contact_sheet(fetch), "transforms", quality=82)
    total = sum(path.stat().st_size for path in FOLDER.glob("*.webp"))
    print(f"{FOLDER}: {total / 1000:,.0f} kB")


def upload_all(server: Server) -> dict[str, str]:
    """Upload every photograph; return their ids by title."""
    ids = {}
    for photograph in photographs():
        fields = {"title": photograph.title, "tags": ",".join(photograph.tags)}
        headers = {
            "Content-Type": "image/jpeg",
            "Content-Disposition": f'attachment; filename="{photograph.file_name}"',
        }
        answer = server.request("POST", f"/images/?{urlencode(fields)}", photograph.jpeg(), headers)
        if answer.status != 201:
            raise SystemExit(f"{photograph.title}: {answer.body.decode()}")
        ids[photograph.title] = answer.json["id"]
    return ids


@contextmanager
def looking(theme: str, *, phone: bool = False) -> Iterator[Page]:
    """Open a page in a browser of this machine."""
    path = shutil.which("chromium") or shutil.which("google-chrome")
    with sync_playwright() as playwright:
        browser: Browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        page = browser.new_page(
            viewport=PHONE if phone else DESKTOP,
            device_scale_factor=1.5,
            color_scheme=theme,
            has_touch=phone,
            is_mobile=phone,
        )
        yield page
        browser.close()


def open_(page: Page, server: Server, address: str) -> None:
    """Go to an address of the console, and wait until its pictures are there."""
    host, port = server.address
    page.goto(f"http://{host}:{port}{address}")
    page.locator("img.there").first.wait_for()
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(800)


def keep(page: Page, name: str) -> None:
    """Save what is to be seen."""
    save(Image.open(io.BytesIO(page.screenshot())), name, quality=80)


def save(image: Image.Image, name: str, quality: int) -> None:
    """Save a picture small."""
    image.convert("RGB").save(FOLDER / f"{name}.webp", quality=quality, method=6)


if __name__ == "__main__":
    main()
