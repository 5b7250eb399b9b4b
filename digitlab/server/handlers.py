"""The HTTP handlers of the server: dashboard, login, health, end of a session, errors."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from jupyter_server.auth.login import LoginFormHandler
from jupyter_server.base.handlers import APIHandler, JupyterHandler
from tornado import web
from voila.request_info_handler import RequestInfoSocketHandler
from voila.tornado.handler import TornadoVoilaHandler

ERROR_SENTENCES = {
    400: "The server cannot understand this request.",
    403: "This request is not allowed. Behind a proxy, the server needs a token.",
    404: "There is no such page here.",
    405: "This request is not allowed.",
    503: "All places are taken. Please try again in a few minutes.",
}
"""The sentence on an error page, by HTTP status."""

DEFAULT_ERROR_SENTENCE = "Something went wrong. The server's log has the details."


class TemplateHandler(JupyterHandler):
    """Answers with the template's small pages; an error page shows nothing of the request."""

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Answer with the sentence for `status_code`."""
        if status_code == HTTPStatus.SERVICE_UNAVAILABLE:
            self.set_header("Retry-After", "60")
        self.set_header("Content-Type", "text/html; charset=utf-8")
        sentence = ERROR_SENTENCES.get(status_code, DEFAULT_ERROR_SENTENCE)
        self.finish(self.render_page("message.html", sentence=sentence))

    def render_page(self, name: str, **values: object) -> str:
        """Return the HTML of one of the small pages; the template escapes the values."""
        template = self.settings["voila_jinja2_env"].get_template(name)
        html: str = template.render(base_url=self.base_url, **values)
        return html


class DashboardHandler(TornadoVoilaHandler, TemplateHandler):  # type: ignore[misc] # untyped base
    """Answers with the dashboard. Each GET starts a session with its own kernel."""

    @web.authenticated
    async def get(self, path: str | None = None) -> None:
        """Stream the page while the notebook runs."""
        if path:
            raise web.HTTPError(404)  # Voilà would offer a file below the notebook's folder
        if self.get_query_argument("token", None) is not None:
            # The cookie identifies the visitor; keep the token out of the address and history.
            self.redirect(self.base_url)
            return
        self.xsrf_token  # noqa: B018 # sets the cookie that the page needs to end its session
        kernels: Any = self.kernel_manager
        try:
            async for html in self.get_generator():
                # After its kernel died, Voilà would send heartbeats until the page is closed.
                if "voila_heartbeat()" in html and not kernels.visitor_has_kernel():
                    self.finish(self.render_page("failed.html"))
                    return
                self.write(html)
                self.flush()
        finally:
            RequestInfoSocketHandler._cache.clear()  # never read here, and it would only grow


class ShutdownHandler(APIHandler):
    """Ends the session of a page that is being closed. A second request is no error."""

    @web.authenticated
    async def post(self, kernel_id: str) -> None:
        """End the kernel, if it still runs."""
        kernels: Any = self.kernel_manager
        if kernel_id in kernels:
            await kernels.shutdown_kernel(kernel_id)
        self.set_status(HTTPStatus.NO_CONTENT)
        self.finish()


class LoginHandler(TemplateHandler, LoginFormHandler):
    """Shows and checks the form for the token."""

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
