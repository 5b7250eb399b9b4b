"""Messages to the page's views, delivered as the browser sends them."""

from __future__ import annotations

from typing import Any

from digitlab.widgets import Page
from digitlab.widgets.state.chunked_uploads import CHUNK_BYTES


def send_message(widget: Any, content: dict[str, Any], *buffers: bytes) -> None:
    """Deliver a message to a widget."""
    widget._handle_custom_msg(content, [memoryview(buffer) for buffer in buffers])


def upload(
    page: Page,
    data: bytes,
    name: str = "a.png",
    *,
    upload_id: str = "1",
    first_of_batch: bool = True,
) -> list[dict[str, Any]]:
    """Send a picture in chunks and return the acknowledgements."""
    acknowledgements: list[dict[str, Any]] = []
    page.picture_input.send = lambda content, buffers=None: acknowledgements.append(content)
    for offset in range(0, max(len(data), 1), CHUNK_BYTES):
        content = {
            "type": "chunk",
            "upload_id": upload_id,
            "name": name,
            "size": len(data),
            "offset": offset,
            "first_of_batch": first_of_batch,
        }
        send_message(page.picture_input, content, data[offset : offset + CHUNK_BYTES])
        if not acknowledgements[-1]["more"]:
            break
    return acknowledgements


def send_verdict(page: Page, verdict: str, *, item_id: int = 0, comment: str = "") -> None:
    """Click on a verdict button other than a digit."""
    content = {"type": "verdict", "verdict": verdict, "comment": comment, "item_id": item_id}
    send_message(page.verdict_buttons, content)


def send_label(page: Page, label: int, *, item_id: int = 0, comment: str = "") -> None:
    """Click on a digit."""
    content = {"type": "label", "label": label, "comment": comment, "item_id": item_id}
    send_message(page.verdict_buttons, content)


def send_undo(page: Page) -> None:
    """Click on "Undo"."""
    send_message(page.verdict_buttons, {"type": "undo"})
