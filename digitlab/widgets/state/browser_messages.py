"""Deliver the browser's messages to the handlers of a view, through the session's guard."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from digitlab.widgets.state.session import Session

Content = Mapping[str, Any]
Handler = Callable[[Content, Sequence[bytes]], None]


def listen(widget: Any, session: Session, handlers: Mapping[str, Handler]) -> None:
    """Call the handler that a custom message names by its "type".

    ipywidgets swallows what a handler raises; the session's guard reports it instead. The
    guard also reports a message of an unknown type.

    Args:
        widget: any ipywidgets widget.
        session: the session whose guard is used.
        handlers: handlers by type; each gets the message's content and its buffers.
    """

    def receive(_: Any, content: Content, buffers: Sequence[memoryview]) -> None:
        with session.guard():
            handlers[content["type"]](content, [bytes(buffer) for buffer in buffers])

    widget.on_msg(receive)
