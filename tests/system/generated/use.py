"""Uses the Python client that openapi-generator wrote: use.py ADDRESS JPEG PNG; prints JSON."""

import base64
import json
import sys
from pathlib import Path

import openapi_client as api

address, jpeg_file, png_file = sys.argv[1:]
jpeg, png = Path(jpeg_file).read_bytes(), Path(png_file).read_bytes()
client = api.ApiClient(api.Configuration(host=address))
pictures, renditions = api.PicturesApi(client), api.RenditionsApi(client)
uploads = api.UploadsApi(client)

form = pictures.post_images([("a.jpg", jpeg)], title="Nöise", tags=["one", "two words"])
form = form.actual_instance
both = pictures.post_images([jpeg, png]).actual_instance
body = pictures.post_picture(api.UploadJson(data=base64.b64encode(png).decode(), title="From JSON"))
slot = uploads.post_uploads(upload_request=api.UploadRequest(title="Raw", tags=["one"]))
raw = uploads.put_upload(slot.id, png)
pictures.patch_metadata(raw.id, if_match="*", picture_fields=api.PictureFields(title="Edited"))
try:
    pictures.get_metadata("0" * 64)
    missing = None
except api.exceptions.NotFoundException as error:
    missing = [error.status, error.data.title]


def text(content: bytes) -> str:
    return base64.b64encode(content).decode()


print(
    json.dumps(
        {
            "form": {"id": form.id, "title": form.title, "tags": form.tags},
            "both": [picture["id"] for picture in both.to_dict()["images"]],
            "json": body.id,
            "raw": {"id": raw.id, "title": raw.title},
            "edited": pictures.get_metadata(raw.id).title,
            "listed": [picture.id for picture in pictures.get_images(tag="one").data],
            "original": text(pictures.get_original(form.id)),
            "steps": text(
                renditions.get_rendition(form.id, "grayscale/resize:width=20,height=30.png")
            ),
            "arguments": text(renditions.get_rendition(form.id, "resize", arguments={"width": 25})),
            "converted": text(renditions.get_converted(form.id, "webp")),
            "srcset": [
                entry.width for entry in renditions.get_srcset(form.id, widths="10,20").images
            ],
            "on_demand": text(renditions.post_on_demand("resize:width=15.png", image=[jpeg])),
            "missing": missing,
        }
    )
)
