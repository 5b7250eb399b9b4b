"""PictureInput: where pictures come in, whichever way a person has them."""

from __future__ import annotations

import io
from collections.abc import Sequence

import anywidget
import traitlets
from PIL import Image

from digitlab.html.primitives import data_uri
from digitlab.images.examples import Example
from digitlab.widgets.state.chunked_uploads import CHUNK, Uploads
from digitlab.widgets.state.messages import Content, listen
from digitlab.widgets.state.session import Session
from digitlab.widgets.views import assets

THUMBNAIL = 96
"""Largest side of an example's thumbnail, in pixels."""

MAX_SIDE = 2048
"""Largest side of a picture that travels, in pixels: the browser reduces larger ones. Reading
goes on at 1,200 pixels a side or less."""


class PictureInput(anywidget.AnyWidget):
    """Sends pictures to the session, in chunks.

    Messages from the browser: "chunk" (upload, name, size, offset, first; one buffer),
    "stop" (upload), "too-large" (name, size, first), "unreadable" (name, first),
    "example" (number), "several" (on), "ready". Every chunk is answered by
    an "ack" (upload, more: whether to send the next chunk).
    """

    _esm = assets.script(
        "reduce_picture", "chunked_uploads", "drawing_pad", "clipboard", "camera", "picture_input"
    )
    _css = assets.style("picture_input")

    chunk_bytes = traitlets.Int(CHUNK).tag(sync=True)
    max_bytes = traitlets.Int().tag(sync=True)
    max_side = traitlets.Int(MAX_SIDE).tag(sync=True)
    examples = traitlets.List(traitlets.Dict()).tag(sync=True)
    several = traitlets.Bool(False).tag(sync=True)
    ready = traitlets.Bool(False)

    def __init__(self, session: Session) -> None:
        super().__init__(
            max_bytes=session.max_bytes,
            examples=[_thumbnail(example) for example in session.examples],
        )
        self._session = session
        self._uploads = Uploads(session.max_bytes)
        listen(
            self,
            session,
            {
                "chunk": self._take_chunk,
                "stop": lambda content, _: self._uploads.drop(content["upload"]),
                "too-large": self._refuse_size,
                "unreadable": lambda content, _: session.refuse(
                    content["name"],
                    "The browser could not read it. Is it a folder, or has it been moved?",
                    first=content["first"],
                ),
                "example": lambda content, _: session.open_example(content["number"]),
                "several": lambda content, _: session.read_several(content["on"]),
                "ready": lambda *_: setattr(self, "ready", True),
            },
        )
        traitlets.dlink((session, "several"), (self, "several"))

    def _take_chunk(self, content: Content, buffers: Sequence[bytes]) -> None:
        name, first = content["name"], content["first"]
        more = False
        try:
            with self._session.guard(lambda why: self._session.refuse(name, why, first=first)):
                whole = self._uploads.receive(
                    content["upload"],
                    buffers[0],
                    size=content["size"],
                    offset=content["offset"],
                )
                more = whole is None
                if whole is not None:
                    self._session.open(name, whole, first=first)
        finally:
            self.send({"type": "ack", "upload": content["upload"], "more": more})

    def _refuse_size(self, content: Content, _: Sequence[bytes]) -> None:
        name, first = content["name"], content["first"]
        with self._session.guard(lambda why: self._session.refuse(name, why, first=first)):
            self._uploads.check_size(content["size"])


def _thumbnail(example: Example) -> dict[str, str]:
    """What the browser shows of an example: a small picture and a name for screen readers."""
    with Image.open(io.BytesIO(example.data)) as picture:
        small = picture.convert("RGB")
        small.thumbnail((THUMBNAIL, THUMBNAIL))
    out = io.BytesIO()
    small.save(out, "JPEG", quality=80)
    return {"picture": data_uri(out.getvalue()), "label": f"Example: a handwritten {example.label}"}
