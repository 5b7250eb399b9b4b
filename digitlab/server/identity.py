"""Access to the server: with the token, or for every visitor if there is no token."""

from __future__ import annotations

import hmac
from typing import Any

from jupyter_server.auth.identity import IdentityProvider, User
from tornado import web


class TokenIdentity(IdentityProvider):
    """One shared token, or none. Reads no password from a file."""

    @property
    def auth_enabled(self) -> bool:
        """Whether visitors must log in."""
        return bool(self.token)

    def get_handlers(self) -> list[tuple[str, object]]:
        """Return no handlers: `Dashboards` adds the login page, below the base URL."""
        return []

    async def get_user_token(self, handler: web.RequestHandler) -> User | None:
        """Return the visitor if the request carries the token (`?token=` or Authorization)."""
        if not self._is_token(self.get_token(handler) or ""):
            return None
        user = self.get_user_cookie(handler)
        return user if isinstance(user, User) else self.generate_anonymous_user(handler)

    def process_login_form(self, handler: web.RequestHandler) -> User | None:
        """Return the visitor if the password in the form is the token."""
        if not self._is_token(handler.get_body_argument("password", default="")):
            return None
        return self.generate_anonymous_user(handler)

    def _is_token(self, password: str) -> bool:
        token: Any = self.token
        return bool(token) and hmac.compare_digest(password.encode(), str(token).encode())
