"""PictureInput: files, drawings, photographs, pasted pictures and examples."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Final

import anywidget
import traitlets
from PIL import Image

from digitlab.html.primitives import data_uri
from digitlab.images.examples import Example
from digitlab.widgets.state.browser_messages import Content, listen
from digitlab.widgets.state.chunked_uploads import CHUNK_BYTES, ChunkedUploads
from digitlab.widgets.state.session import Session
from digitlab.widgets.views import assets

THUMBNAIL_SIDE: Final = 96
"""Largest side of an example's thumbnail, in pixels."""

MAX_SIDE: Final = 2048
"""Largest side of a picture that the browser sends, in pixels; it reduces larger ones. The
front end works at 1,200 pixels a side or less."""


class PictureInput(anywidget.AnyWidget):
    """Gives pictures to the session; they arrive in chunks.

    Messages from the browser: "chunk" (upload_id, name, size, offset, first_of_batch; one
    buffer), "stop" (upload_id), "too-large" (name, size, first_of_batch), "unreadable" (name,
    first_of_batch), "example" (number), "several-digits" (on), "ready". The kernel answers every
    chunk with "ack" (upload_id, more: whether to send the next chunk).

    Attributes:
        chunk_bytes: bytes in one chunk.
        max_bytes: size of the largest picture that is accepted.
        max_side: largest side of a picture that is sent, in pixels.
        examples: a thumbnail (a data URI) and a description of each example picture.
        several_digits: whether every digit of a picture is read.
        ready: True when the view is in a browser.
    """

    _esm = assets.script(
        "reduce_picture", "chunked_uploads", "drawing_pad", "clipboard", "camera", "picture_input"
    )
    _css = assets.style("picture_input")

    chunk_bytes = traitlets.Int(CHUNK_BYTES).tag(sync=True)
    max_bytes = traitlets.Int().tag(sync=True)
    max_side = traitlets.Int(MAX_SIDE).tag(sync=True)
    examples = traitlets.List(traitlets.Dict()).tag(sync=True)
    several_digits = traitlets.Bool(False).tag(sync=True)
    ready = traitlets.Bool(False)

    def __init__(self, session: Session) -> None:
        super().__init__(
            max_bytes=session.max_bytes,
            examples=[_thumbnail(example) for example in session.examples],
        )
        self._session = session
        self._uploads = ChunkedUploads(session.max_bytes)
        listen(
            self,
            session,
            {
                "chunk": self._receive_chunk,
                "stop": lambda content, _: self._uploads.drop(content["upload_id"]),
                "too-large": self._refuse_size,
                "unreadable": lambda content, _: session.add_unreadable(
                    content["name"],
                    "The browser could not read it. Is it a folder, or has it been moved?",
                    first_of_batch=content["first_of_batch"],
                ),
                "example": lambda content, _: session.open_example(content["number"]),
                "several-digits": lambda content, _: session.set_several_digits(content["on"]),
                "ready": lambda *_: setattr(self, "ready", True),
            },
        )
        traitlets.dlink((session, "several_digits"), (self, "several_digits"))

    def _receive_chunk(self, content: Content, buffers: Sequence[bytes]) -> None:
        name, first_of_batch = content["name"], content["first_of_batch"]
        more = False
        try:
            with self._session.guard(
                lambda reason: self._session.add_unreadable(
                    name, reason, first_of_batch=first_of_batch
                )
            ):
                picture = self._uploads.receive(
                    content["upload_id"],
                    buffers[0],
                    size=content["size"],
                    offset=content["offset"],
                )
                more = picture is None
                if picture is not None:
                    self._session.open(name, picture, first_of_batch=first_of_batch)
        finally:
            self.send({"type": "ack", "upload_id": content["upload_id"], "more": more})

    def _refuse_size(self, content: Content, _: Sequence[bytes]) -> None:
        with self._session.guard(
            lambda reason: self._session.add_unreadable(
                content["name"], reason, first_of_batch=content["first_of_batch"]
            )
        ):
            self._uploads.check_size(content["size"])


def _thumbnail(example: Example) -> dict[str, str]:
    """Build a small picture of an example and its description for screen readers."""
    with Image.open(io.BytesIO(example.data)) as picture:
        thumbnail = picture.convert("RGB")
        thumbnail.thumbnail((THUMBNAIL_SIDE, THUMBNAIL_SIDE))
    out = io.BytesIO()
    thumbnail.save(out, "JPEG", quality=80)
    return {
        "thumbnail": data_uri(out.getvalue()),
        "description": f"Example: a handwritten {example.label}",
    }
