"""OwnVerdicts: the verdicts that one browser gave, in this visit and in earlier ones."""

from __future__ import annotations

import hashlib
import hmac
import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from digitlab.errors import StoreError
from digitlab.widgets.state.session import Session

if TYPE_CHECKING:
    from digitlab.lab import Lab

log = logging.getLogger(__name__)

MAX_PROOFS: Final = 1000
"""Largest number of earlier verdicts that a browser may prove."""

_SECRET: Final = "own-verdicts"  # the name of a setting of the home  # noqa: S105
_CODE_DIGITS: Final = 32


class OwnVerdicts:
    """The numbers of the verdicts whose pictures this browser may see.

    A contributor's name proves nothing: everyone can enter any name. So the page gives the
    browser a code for each verdict of the visit, which only the home can compute, and the browser
    shows the codes at its next visit.

    Args:
        lab: its home has the secret behind the codes.
        session: the visit.
    """

    def __init__(self, lab: Lab, session: Session) -> None:
        self._lab, self._session = lab, session
        self._proven: frozenset[int] = frozenset()
        self._coded: set[int] = set()
        self._key: bytes | None = None

    @property
    def ids(self) -> frozenset[int]:
        """Numbers of the verdicts of this visit and of the proven earlier ones."""
        return self._proven | self._of_visit()

    def new_codes(self) -> dict[str, str]:
        """Return the codes of this visit's verdicts that have none yet, by number."""
        new = sorted(self._of_visit() - self._coded)
        try:
            codes = {str(number): self._code(number) for number in new}
        except StoreError as error:  # the next visit shows fewer pictures
            log.warning("verdicts get no codes: %s", error)
            return {}
        self._coded.update(new)
        return codes

    def prove(self, codes: Mapping[str, str]) -> None:
        """Add the earlier verdicts whose codes are right.

        Args:
            codes: from the browser, by number of the verdict; the last `MAX_PROOFS` count.
        """
        self._proven |= {
            int(number)
            for number, code in [*codes.items()][-MAX_PROOFS:]
            if number.isascii()
            and number.isdecimal()
            and hmac.compare_digest(self._code(int(number)).encode(), str(code).encode())
        }

    def _of_visit(self) -> frozenset[int]:
        return frozenset(verdict.id for item in self._session.items for verdict in item.verdicts)

    def _code(self, number: int) -> str:
        if self._key is None:
            self._key = self._lab.home_settings.secret(_SECRET, by=self._lab.contributor)
        digest = hmac.new(self._key, str(number).encode(), hashlib.sha256).hexdigest()
        return digest[:_CODE_DIGITS]
