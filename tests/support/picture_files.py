"""Images as the bytes of picture files, in every format that digitlab reads."""

import io

import pillow_heif
from PIL import Image


def encode(image: Image.Image, kind: str, **options: object) -> bytes:
    """Return a picture file of a format: "HEIC", or any name that Pillow has."""
    buffer = io.BytesIO()
    if kind == "HEIC":
        pillow_heif.from_pillow(image).save(buffer, quality=90, **options)
    elif kind == "PDF":  # at the resolution at which digitlab draws a small page
        image.save(buffer, kind, **{"resolution": 300, **options})
    else:
        image.save(buffer, kind, **options)
    return buffer.getvalue()
