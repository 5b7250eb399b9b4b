"""The pages that the server answers with: dashboard, login, health, errors."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from jupyter_server.auth.login import LoginFormHandler
from jupyter_server.base.handlers import APIHandler, JupyterHandler
from tornado import web
from voila.request_info_handler import RequestInfoSocketHandler
from voila.tornado.handler import TornadoVoilaHandler

SENTENCES = {
    400: "The browser sent a request that makes no sense here.",
    403: "This request is not allowed. Behind a proxy, the server needs a token.",
    404: "There is no such page here.",
    405: "This request is not allowed.",
    503: "All places are taken. Please try again in a few minutes.",
}
"""What a person reads instead of the page, by HTTP status."""

FAILED = '<i id="failed" hidden></i>'
"""What makes the page's script say that it could not start."""

OTHERWISE = "Something went wrong. The server's log says more."


class PlainErrors(JupyterHandler):
    """Errors as one sentence of HTML, with nothing of the request in it."""

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        if status_code == HTTPStatus.SERVICE_UNAVAILABLE:
            self.set_header("Retry-After", "60")
        self.set_header("Content-Type", "text/html; charset=utf-8")
        self.finish(self.page("message.html", sentence=SENTENCES.get(status_code, OTHERWISE)))

    def page(self, name: str, **values: object) -> str:
        """One of the template's small pages, as HTML."""
        template = self.settings["voila_jinja2_env"].get_template(name)
        html: str = template.render(base_url=self.base_url, **values)
        return html


class DashboardHandler(TornadoVoilaHandler, PlainErrors):  # type: ignore[misc] # untyped base
    """The dashboard itself. Each GET of it is a session with a kernel of its own."""

    @web.authenticated
    async def get(self, path: str | None = None) -> None:
        if path:
            raise web.HTTPError(404)  # Voilà would offer a file below the notebook's folder
        if self.get_query_argument("token", None) is not None:
            self.redirect(self.base_url)  # known by its cookie now; out of address and history
            return
        self.xsrf_token  # noqa: B018 # sets the cookie without which closing the page gets a 403
        kernels: Any = self.kernel_manager
        try:
            async for html in self.get_generator():
                if "voila_heartbeat()" in html and not kernels.visit_goes_on():
                    self.finish(FAILED)  # Voilà would send heartbeats as long as one listens
                    return
                self.write(html)
                self.flush()
        finally:
            RequestInfoSocketHandler._cache.clear()  # nobody asks; it would grow for ever


class ShutdownHandler(APIHandler):
    """Ends the session of a page that is being closed. Ending it twice is no error."""

    @web.authenticated
    async def post(self, kernel_id: str) -> None:
        kernels: Any = self.kernel_manager
        if kernel_id in kernels:
            await kernels.shutdown_kernel(kernel_id)
        self.set_status(HTTPStatus.NO_CONTENT)
        self.finish()


class LoginHandler(PlainErrors, LoginFormHandler):
    """Asks for the token."""

    def _render(self, message: dict[str, str] | None = None) -> None:
        target = quote(self.get_query_argument("next", default=self.base_url), safe="")
        self.finish(
            self.page(
                "login.html",
                target=target,
                wrong=message is not None,
                xsrf=self.xsrf_token.decode(),
            )
        )


class HealthHandler(web.RequestHandler):
    """Says that the server is up and how full it is. Needs no login and starts no kernel."""

    def get(self) -> None:
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
