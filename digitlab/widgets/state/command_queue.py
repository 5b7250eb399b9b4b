"""Carry out the browser's numbered commands in order, each exactly once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from digitlab.widgets.state.bulk_confirm import step_verdicts
from digitlab.widgets.state.error_guard import UNEXPECTED_ERROR
from digitlab.widgets.state.session import Session

UNEXPECTED_REJECTION: Final = "Something went wrong in the program; please try again."

Command = Mapping[str, Any]
Rejections = dict[int, str]
"""The reason why a command was rejected, by item."""


@dataclass
class _Client:
    """The commands of one open page.

    Attributes:
        done: number of the last command that was carried out or rejected.
        rejected: rejections of commands, by number.
    """

    done: int = 0
    rejected: dict[int, Rejections] = field(default_factory=dict)


class CommandQueue:
    """Verdicts, comments and undos as the browser sends them.

    The browser numbers its commands from 1 and sends a command again until it is answered: a
    message may be lost with its connection. So a command may arrive twice or after a gap.

    Commands by type, each with "seq": "label" (item_id, revision, label, comment), "verdict"
    (item_id, revision, verdict, comment), "comment" (item_id, comment), "confirm" (items: id,
    revision and comment of each), "undo" (target: number of the command to take back; None
    for the visit's last verdict) and "read-all" (item_id), which an undo does not take back.

    Args:
        session: the session that stores the verdicts.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._clients: dict[str, _Client] = {}
        self._handlers: dict[str, Callable[[str, Command], Rejections]] = {
            "label": self._label,
            "verdict": self._verdict,
            "comment": self._comment,
            "confirm": self._confirm,
            "undo": self._undo,
            "read-all": self._read_all,
        }

    def receive(self, client_id: str, commands: Sequence[Command]) -> dict[str, Any]:
        """Carry out the commands that are due, and return the answer to the browser.

        Args:
            client_id: the browser's id of the open page.
            commands: in the order of their numbers.

        Returns:
            client; done: number of the last command that was carried out or rejected; missing:
            whether a command before these is missing, so that the browser must send all again;
            rejected: number, item and reason of each rejection among `commands`.
        """
        client = self._clients.setdefault(client_id, _Client())
        missing = False
        for command in commands:
            if command["seq"] == client.done + 1:
                rejections = self._carry_out(client_id, command)
                if rejections:
                    client.rejected[command["seq"]] = rejections
                client.done += 1
            elif command["seq"] > client.done:
                missing = True
                break
        return {
            "client": client_id,
            "done": client.done,
            "missing": missing,
            "rejected": [
                [command["seq"], item_id, reason]
                for command in commands
                for item_id, reason in client.rejected.get(command["seq"], {}).items()
            ],
        }

    def _carry_out(self, client_id: str, command: Command) -> Rejections:
        """Carry out one command; return the reason for each item where that was impossible."""
        rejections: Rejections = {}
        reasons: list[str] = []
        with self._session.guard(reasons.append):
            rejections = self._handlers[command["type"]](client_id, command)
        if not reasons:
            return rejections
        reason = UNEXPECTED_REJECTION if reasons[0] == UNEXPECTED_ERROR else reasons[0]
        item_ids = self._unsaved_items(client_id, command)
        if not item_ids:
            self._session.error = reason
        return dict.fromkeys(item_ids, reason)

    def _unsaved_items(self, client_id: str, command: Command) -> list[int]:
        """Return the items that a failed command was about and that it left as they were."""
        items = self._session.items
        if command.get("type") == "undo":
            verdicts = step_verdicts(items, self._target(client_id, command))
            return sorted({item.id for item, _ in verdicts})
        if command.get("type") == "confirm":
            return [item_id for item_id, *_ in command["items"] if items[item_id].pending]
        return [command["item_id"]] if "item_id" in command else []

    def _label(self, client_id: str, command: Command) -> Rejections:
        self._session.judge_by_label(
            command["label"],
            command["comment"],
            item_id=command["item_id"],
            revision=command["revision"],
            step=_step(client_id, command["seq"]),
        )
        return {}

    def _verdict(self, client_id: str, command: Command) -> Rejections:
        self._session.judge(
            command["verdict"],
            comment=command["comment"],
            item_id=command["item_id"],
            revision=command["revision"],
            step=_step(client_id, command["seq"]),
        )
        return {}

    def _comment(self, client_id: str, command: Command) -> Rejections:
        self._session.add_comment(
            command["comment"], item_id=command["item_id"], step=_step(client_id, command["seq"])
        )
        return {}

    def _confirm(self, client_id: str, command: Command) -> Rejections:
        choices = [(item_id, revision, comment) for item_id, revision, comment in command["items"]]
        self._session.confirm(choices, step=_step(client_id, command["seq"]))
        return {}

    def _undo(self, client_id: str, command: Command) -> Rejections:
        return self._session.undo(self._target(client_id, command))

    def _read_all(self, _: str, command: Command) -> Rejections:
        self._session.read_all_digits(command["item_id"])
        return {}

    @staticmethod
    def _target(client_id: str, command: Command) -> str | None:
        """Return the step that an undo takes back; None for the last one."""
        target = command["target"]
        return None if target is None else _step(client_id, target)


def _step(client_id: str, seq: int) -> str:
    """Return the step of a session that a command is."""
    return f"{client_id}:{seq}"
