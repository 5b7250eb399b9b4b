"""The HTTP handlers of the server: dashboard, login, health, kernels of a session, errors."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, Final
from urllib.parse import quote

from jupyter_server.auth.login import LoginFormHandler
from jupyter_server.base.handlers import APIHandler, JupyterHandler
from jupyter_server.services.kernels.handlers import KernelHandler
from tornado import web
from voila.request_info_handler import RequestInfoSocketHandler
from voila.tornado.handler import TornadoVoilaHandler
from voila.tornado.kernel_websocket_handler import VoilaKernelWebsocketHandler

from digitlab.server.admission import TICKET_COOKIE, Admission, Tickets, admission

ERROR_SENTENCES = {
    400: "The server cannot understand this request.",
    403: "This request is not allowed. Behind a proxy, the server needs a token.",
    404: "There is no such page here.",
    405: "This request is not allowed.",
    429: "Too many wrong tokens came from your address. Please wait a minute and try again.",
    503: "All places are taken. Please try again in a few minutes.",
}
"""The sentence on an error page, by HTTP status."""

DEFAULT_ERROR_SENTENCE = "Something went wrong. The server's log has the details."

FULL_RETRY_S: Final = 60
"""Seconds after which a visitor over the limit of sessions should try again."""

KERNEL_COOKIE: Final = "digitlab-kernel"
"""Cookie with the key of a session, for the addresses of its kernel. Its path contains the id of
the kernel, so each page of a browser has its own cookie."""

SHUTDOWN_COOKIE: Final = "digitlab-shutdown"
"""The same for the message that ends the session."""


class RetryAfter(JupyterHandler):
    """Names the seconds after which a refused request may succeed."""

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Add the header `Retry-After` to the answer."""
        error = kwargs.get("exc_info", (None, None))[1]
        seconds = getattr(error, "retry_after_s", None)
        if seconds is None and status_code == HTTPStatus.SERVICE_UNAVAILABLE:
            seconds = FULL_RETRY_S
        if seconds is not None:
            self.set_header("Retry-After", str(seconds))
        super().write_error(status_code, **kwargs)


class TemplateHandler(JupyterHandler):
    """Answers with the template's small pages; an error page shows nothing of the request."""

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Answer with the sentence for `status_code`."""
        self.set_header("Content-Type", "text/html; charset=utf-8")
        sentence = ERROR_SENTENCES.get(status_code, DEFAULT_ERROR_SENTENCE)
        self.finish(self.render_page("message.html", sentence=sentence))

    def render_page(self, name: str, **values: object) -> str:
        """Return the HTML of one of the small pages; the template escapes the values."""
        template = self.settings["voila_jinja2_env"].get_template(name)
        html: str = template.render(base_url=self.base_url, **values)
        return html


class DashboardHandler(RetryAfter, TornadoVoilaHandler, TemplateHandler):  # type: ignore[misc] # untyped base
    """Answers with the dashboard, and starts a session when a person has opened it."""

    _kernel_id: str | None = None
    _left = False

    def initialize(self, *, tickets: Tickets, **kwargs: Any) -> None:
        """Keep the tickets of the start pages."""
        super().initialize(**kwargs)
        self._tickets = tickets

    @web.authenticated
    async def get(self, path: str | None = None) -> None:
        """Stream the page while the notebook runs, or send the start page."""
        if path:
            raise web.HTTPError(404)  # Voilà would offer a file below the notebook's folder
        if self.get_query_argument("token", None) is not None:
            # The cookie identifies the visitor; keep the token out of the address and history.
            self.redirect(self.base_url)
            return
        self.set_header("Vary", "Sec-Fetch-Site, Sec-Fetch-Mode, Sec-Fetch-Dest, Sec-Purpose")
        match admission(self.request.headers):
            case Admission.REFUSE:
                raise web.HTTPError(403)
            case Admission.LATER:
                raise web.HTTPError(503)
            case Admission.GREET | Admission.ASK as admitted:
                ticket = self.get_cookie(TICKET_COOKIE)
                if not self._tickets.redeem(ticket):
                    self._send_start_page(ask=admitted is Admission.ASK or ticket is not None)
                    return
        if self.get_cookie(TICKET_COOKIE):
            self.clear_cookie(TICKET_COOKIE, path=self.base_url)
        await self._start_session()

    def on_connection_close(self) -> None:
        """End the session of a page that left before it was complete."""
        super().on_connection_close()
        self._left = True
        if self._kernel_id is not None:
            kernels: Any = self.kernel_manager
            kernels.end_soon(self._kernel_id)

    def _send_start_page(self, *, ask: bool) -> None:
        self.set_header("Cache-Control", "no-store")
        self.finish(
            self.render_page(
                "start.html",
                ticket=self._tickets.issue(),
                cookie=TICKET_COOKIE,
                secure=self.request.protocol == "https",
                ask=ask,
            )
        )

    async def _start_session(self) -> None:
        self.xsrf_token  # noqa: B018 # sets the cookie that the page needs to end its session
        kernels: Any = self.kernel_manager
        try:
            async for html in self.get_generator():
                if self._kernel_id is None:
                    self._kernel_id = kernels.visitors_kernel()
                    self._set_session_cookies(kernels)
                # After its kernel died, Voilà would send heartbeats until the page is closed.
                if "voila_heartbeat()" in html and kernels.visitors_kernel() is None:
                    self.finish(self.render_page("failed.html"))
                    return
                self.write(html)
                self.flush()
        except Exception:
            if not self._left:  # else its kernel has ended
                raise
        finally:
            RequestInfoSocketHandler._cache.clear()  # never read here, and it would only grow

    def _set_session_cookies(self, kernels: Any) -> None:
        """Give the browser the key of its session, before the first part of the page is sent."""
        if self._kernel_id is None:
            return
        paths = {KERNEL_COOKIE: "api/kernels", SHUTDOWN_COOKIE: "voila/api/shutdown"}
        for name, path in paths.items():
            self.set_cookie(
                name,
                kernels.key_of(self._kernel_id),
                path=f"{self.base_url}{path}/{self._kernel_id}",
                httponly=True,
                samesite="Strict",
                secure=self.request.protocol == "https",
            )


class OwnKernel(JupyterHandler):
    """Answers only the browser that received the key of the kernel's session."""

    async def prepare(self, **kwargs: Any) -> None:
        """Answer 404, as for a kernel that does not exist, if the key is missing or wrong."""
        await super().prepare(**kwargs)
        kernels: Any = self.kernel_manager
        kernel_id = self.path_kwargs["kernel_id"]
        if not kernels.is_key(kernel_id, self.get_cookie(KERNEL_COOKIE)):
            raise web.HTTPError(404)


class OwnKernelHandler(RetryAfter, OwnKernel, KernelHandler):
    """Reports that the kernel of a session runs."""

    SUPPORTED_METHODS = ("GET",)


class OwnChannelsHandler(RetryAfter, TemplateHandler, OwnKernel, VoilaKernelWebsocketHandler):  # type: ignore[misc] # untyped base
    """Connects the page of a session to its kernel."""


class ShutdownHandler(RetryAfter, APIHandler):
    """Ends the session of a page that is being closed. A second request is no error."""

    SUPPORTED_METHODS = ("POST",)

    @web.authenticated
    async def post(self, kernel_id: str) -> None:
        """End the kernel, if it still runs and the request has the key of its session."""
        kernels: Any = self.kernel_manager
        if kernel_id in kernels:
            if not kernels.is_key(kernel_id, self.get_cookie(SHUTDOWN_COOKIE)):
                raise web.HTTPError(404)
            await kernels.end(kernel_id)
        self.set_status(HTTPStatus.NO_CONTENT)
        self.finish()


class LoginHandler(RetryAfter, TemplateHandler, LoginFormHandler):
    """Shows and checks the form for the token."""

    takes_token = False  # a client whose token was wrong is redirected here with it

    def _render(self, message: dict[str, str] | None = None) -> None:
        target = quote(self.get_query_argument("next", default=self.base_url), safe="")
        self.finish(
            self.render_page(
                "login.html",
                target=target,
                wrong=message is not None,
                xsrf=self.xsrf_token.decode(),
            )
        )


class HealthHandler(web.RequestHandler):
    """Reports that the server is up and how full it is. Needs no login and starts no kernel."""

    def get(self) -> None:
        """Answer with the numbers of sessions and kernels, as JSON."""
        kernels: Any = self.settings["kernel_manager"]
        self.set_header("Cache-Control", "no-store")
        self.finish(
            {
                "status": "ok",
                "sessions": kernels.sessions,
                "max_sessions": kernels.max_sessions,
                "kernels": len(kernels),
            }
        )
