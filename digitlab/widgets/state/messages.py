"""Messages: from a view's browser side to the session, always through its guard."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from digitlab.widgets.state.session import Session

Content = Mapping[str, Any]
Handler = Callable[[Content, Sequence[bytes]], None]


def listen(widget: Any, session: Session, handlers: Mapping[str, Handler]) -> None:
    """Call the handler that a custom message's "type" names.

    ipywidgets swallows what a handler raises; here it becomes a sentence on the page and a
    traceback in the log. Messages of an unknown type are such an error too.

    Args:
        widget: any ipywidgets widget.
        session: whose guard to use.
        handlers: by type; each gets the message's content and its buffers.
    """

    def receive(_: Any, content: Content, buffers: Sequence[memoryview]) -> None:
        with session.guard():
            handlers[content["type"]](content, [bytes(buffer) for buffer in buffers])

    widget.on_msg(receive)
