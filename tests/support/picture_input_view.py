"""The picture input alone in a browser, with a stand-in for the kernel that receives its files.

It needs no server and no kernel, so it opens in a fraction of a second.
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

from digitlab.settings import Settings
from digitlab.widgets.state.chunked_uploads import CHUNK_BYTES
from digitlab.widgets.views import assets
from digitlab.widgets.views.picture_input import MAX_SIDE, PictureInput

if TYPE_CHECKING:
    from playwright.sync_api import Page

URL = "http://127.0.0.1/"
"""Address of the page. Browsers give camera and clipboard only to pages of such an origin."""

HTML = """<!DOCTYPE html>
<html lang="en">
<body data-voila="voila">
  <div class="digitlab-page widget-vbox">
    <h1>digitlab</h1>
    <input type="text" data-testid="text-field">
    <div id="view"></div>
  </div>
</body>
</html>
"""

OPEN = """async ([script, traits]) => {
  const handlers = {};
  const messages = []; // contents of all messages from the view
  const files = []; // complete uploads
  const chunks = {};
  const receiveChunk = ({ upload_id, name, size }, chunk) => {
    const upload = (chunks[upload_id] ??= []);
    upload.push(chunk);
    const more = upload.reduce((sum, { byteLength }) => sum + byteLength, 0) < size;
    if (!more) files.push({ name, blob: new Blob(upload) });
    handlers["msg:custom"]?.({ type: "ack", upload_id, more });
  };
  const model = {
    get: (name) => traits[name],
    on: (event, handler) => { handlers[event] = handler; },
    off: (event) => { delete handlers[event]; },
    send: (content, _, buffers) => {
      messages.push(content);
      if (content.type === "chunk") queueMicrotask(() => receiveChunk(content, buffers[0]));
    },
  };
  const address = URL.createObjectURL(new Blob([script], { type: "text/javascript" }));
  const { default: view } = await import(address);
  const close = view.render({ model, el: document.getElementById("view") });
  window.view = { messages, files, close };
}"""

READ_FILES = """() => Promise.all(view.files.map(async ({ name, blob }) => {
  const reader = new FileReader();
  reader.readAsDataURL(blob);
  await new Promise((resolve) => (reader.onload = resolve));
  return [name, reader.result.split(",")[1] ?? ""];
}))"""


def open_picture_input(page: Page) -> Page:
    """Show the picture input on an empty page, below a text field."""
    traits = {
        "chunk_bytes": CHUNK_BYTES,
        "max_bytes": Settings.max_upload_bytes,
        "max_side": MAX_SIDE,
        "examples": [],
        "several_digits": False,
    }
    page.route(URL, lambda route: route.fulfill(content_type="text/html", body=HTML))
    page.goto(URL)
    page.add_style_tag(content=assets.style("page", "picture_input"))
    page.evaluate(OPEN, [str(PictureInput._esm), traits])
    return page


def messages_of(page: Page) -> list[dict[str, Any]]:
    """Return the contents of the messages to the kernel."""
    messages: list[dict[str, Any]] = page.evaluate("view.messages")
    return messages


def wait_for_files(page: Page, count: int) -> list[tuple[str, bytes]]:
    """Wait until the kernel has received `count` files; return their names and bytes in order.

    Raises:
        AssertionError: the kernel has received more files.
    """
    page.wait_for_function("count => view.files.length >= count", arg=count)
    files = [(name, base64.b64decode(content)) for name, content in page.evaluate(READ_FILES)]
    assert len(files) == count
    return files
