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


def send_commands(
    page: Page, *commands: dict[str, Any], client: str = "browser", first_seq: int | None = None
) -> dict[str, Any]:
    """Send commands as the browser does, and return the grid's answer.

    Args:
        page: the page.
        commands: without their numbers.
        client: the browser's id of the open page.
        first_seq: number of the first command; None for the next one of `client`.
    """
    answers: list[dict[str, Any]] = []
    page.visit_grid.send = lambda content, buffers=None: answers.append(content)
    if first_seq is None:
        send_message(page.visit_grid, {"type": "commands", "client": client, "commands": []})
        first_seq = answers.pop()["done"] + 1
    numbered = [{"seq": first_seq + place, **each} for place, each in enumerate(commands)]
    send_message(page.visit_grid, {"type": "commands", "client": client, "commands": numbered})
    return answers[0]


def verdict_command(
    verdict: str | int, *, item_id: int = 0, comment: str = "", revision: int = 0
) -> dict[str, Any]:
    """Return a verdict on an item; a number is the digit that the person pressed."""
    content = {"item_id": item_id, "comment": comment, "revision": revision}
    if isinstance(verdict, int):
        return {"type": "label", "label": verdict, **content}
    return {"type": "verdict", "verdict": verdict, **content}


def send_verdict(
    page: Page, verdict: str | int, *, item_id: int = 0, comment: str = ""
) -> dict[str, Any]:
    """Give a verdict on an item, and return the answer."""
    return send_commands(page, verdict_command(verdict, item_id=item_id, comment=comment))


def send_confirm(page: Page, *item_ids: int) -> dict[str, Any]:
    """Confirm items with one click, and return the answer."""
    items = [[item_id, 0, ""] for item_id in item_ids]
    return send_commands(page, {"type": "confirm", "items": items})


def send_undo(page: Page, target: int | None = None) -> dict[str, Any]:
    """Take back a command, or the last verdict of the visit, and return the answer."""
    return send_commands(page, {"type": "undo", "target": target})
