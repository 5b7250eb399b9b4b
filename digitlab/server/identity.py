"""Access to the server: with the token, or for every visitor if there is no token."""

from __future__ import annotations

import hashlib
import hmac
import math
from typing import Any

from jupyter_server.auth.identity import IdentityProvider, User
from tornado import web

from digitlab.server.wrong_tokens import WrongTokens


class TooManyWrongTokens(web.HTTPError):
    """Status 429. `retry_after_s` are the seconds until the next token is checked."""

    def __init__(self, wait_s: float) -> None:
        super().__init__(429)
        self.retry_after_s = math.ceil(wait_s)


class TokenIdentity(IdentityProvider):
    """One shared token, or none. Reads no password from a file."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._wrong_tokens = WrongTokens()

    @property
    def auth_enabled(self) -> bool:
        """Whether visitors must log in."""
        return bool(self.token)

    def get_handlers(self) -> list[tuple[str, object]]:
        """Return no handlers: `Dashboards` adds the login page, below the base URL."""
        return []

    async def get_user_token(self, handler: web.RequestHandler) -> User | None:
        """Return the visitor if the request carries the token (`?token=` or Authorization).

        The token is checked only for a visitor without a valid cookie. The token of a request
        that another site makes without the person, such as for an image, does not count.

        Raises:
            TooManyWrongTokens: the visitor's address sent too many wrong tokens.
        """
        token = self.get_token(handler)
        if not token or not self.auth_enabled or _is_background(handler):
            return None
        if not getattr(handler, "takes_token", True):
            return None
        if isinstance(self.get_user_cookie(handler), User):
            return None
        return self.generate_anonymous_user(handler) if self._check(handler, token) else None

    def process_login_form(self, handler: web.RequestHandler) -> User | None:
        """Return the visitor if the password in the form is the token.

        Raises:
            TooManyWrongTokens: the visitor's address sent too many wrong tokens.
        """
        token = handler.get_body_argument("password", default="")
        return self.generate_anonymous_user(handler) if self._check(handler, token) else None

    def is_token_authenticated(self, handler: web.RequestHandler) -> bool:
        """Return False: a token lifts no check of the request's origin."""
        return False

    def _check(self, handler: web.RequestHandler, token: str) -> bool:
        address = str(handler.request.remote_ip)
        if wait_s := self._wrong_tokens.wait_s(address):
            raise TooManyWrongTokens(wait_s)
        if bool(self.token) and hmac.compare_digest(_digest(token), _digest(str(self.token))):
            return True
        self._wrong_tokens.note(address)
        return False


def _is_background(handler: web.RequestHandler) -> bool:
    """Return whether another site makes the request without opening the page."""
    headers = handler.request.headers
    foreign = headers.get("Sec-Fetch-Site") in {"cross-site", "same-site"}
    opened = (headers.get("Sec-Fetch-Mode"), headers.get("Sec-Fetch-Dest"))
    return foreign and opened != ("navigate", "document")


def _digest(token: str) -> bytes:
    """Return a digest of a token: the time of a comparison tells nothing about its length."""
    return hashlib.sha256(token.encode(errors="surrogatepass")).digest()
