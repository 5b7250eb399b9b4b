"""The configuration and environments made from the options, without a running server."""

from __future__ import annotations

import errno
import logging
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from support.live_server import environment

from digitlab.errors import ServeError
from digitlab.server import ServeOptions
from digitlab.server.config import (
    CONTENT_SECURITY_POLICY,
    cull_interval,
    dashboard,
    socket_paths_fit,
    tornado_settings,
    voila_config,
)
from digitlab.server.environment import TEMPLATE_ROOT, kernel_environment, server_environment
from digitlab.server.page_kernel_main import is_worth_logging
from digitlab.settings import Settings, bundled, checkout

RUNTIME = Path("/tmp/digitlab-x")  # noqa: S108 # never created


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings.load(tmp_path)


def config(settings: Settings, **options: Any) -> Any:
    return voila_config(ServeOptions(**options), settings, runtime=RUNTIME, environ={})


def test_importing_the_server_loads_neither_voila_nor_tornado() -> None:
    code = "import sys, digitlab.server; print({'voila', 'tornado', 'traitlets'} & {*sys.modules})"
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment()
    )
    assert result.stdout.strip() == "set()"


def test_a_visitor_can_override_neither_template_nor_theme(settings: Settings) -> None:
    voila = config(settings).VoilaConfiguration
    assert (voila.allow_template_override, voila.allow_theme_override) == ("NO", "NO")


def test_no_file_beside_the_notebook_is_served(settings: Settings) -> None:
    assert config(settings).VoilaConfiguration.file_allowlist == []


def test_only_the_widgets_extensions_are_loaded(settings: Settings) -> None:
    assert sorted(config(settings).VoilaConfiguration.extension_allowlist) == [
        "@jupyter-widgets/jupyterlab-manager",
        "@voila-dashboards/widgets-manager8",
        "anywidget",
    ]


def test_a_picture_at_the_limit_fits_into_one_message(settings: Settings) -> None:
    largest = tornado_settings(ServeOptions())["websocket_max_message_size"]
    assert isinstance(largest, int)
    assert largest > settings.max_upload_bytes * 4 / 3  # also if it came as base64


def test_the_policy_allows_no_other_host() -> None:
    assert "http" not in CONTENT_SECURITY_POLICY
    assert CONTENT_SECURITY_POLICY.startswith("default-src 'self';")


def test_without_a_token_a_local_server_answers_only_to_local_names() -> None:
    def any_host(**options: Any) -> object:
        return tornado_settings(ServeOptions(**options))["allow_remote_access"]

    assert not any_host()
    assert any_host(token="secret")  # noqa: S106
    assert any_host(ip="0.0.0.0")  # noqa: S104


def test_the_limit_the_pool_and_the_grace_reach_the_kernel_manager(settings: Settings) -> None:
    c = config(settings, max_sessions=3, warm=2, grace_s=9, cull_idle_s=100)
    assert (c.SessionKernels.max_sessions, c.SessionKernels.grace_s) == (3, 9.0)
    assert c.SessionKernels.kernel_pools_config["default"]["pool_size"] == 2
    assert c.PlainKernels.cull_idle_timeout == 100


@pytest.mark.parametrize(
    ("cull_idle_s", "grace_s", "interval"), [(3600, 60, 30), (3600, 10, 5), (4, 60, 2), (1, 1, 1)]
)
def test_idle_sessions_are_checked_at_most_half_a_limit_apart(
    cull_idle_s: int, grace_s: int, interval: int
) -> None:
    assert cull_interval(ServeOptions(cull_idle_s=cull_idle_s, grace_s=grace_s)) == interval


def test_a_dead_kernel_is_not_restarted(settings: Settings) -> None:
    assert config(settings).KernelRestarter.restart_limit == 0


def test_unix_sockets_are_used_where_their_paths_fit() -> None:
    assert socket_paths_fit(RUNTIME, "linux")
    assert not socket_paths_fit(RUNTIME, "win32")
    assert not socket_paths_fit(Path("/var/folders") / ("x" * 60), "darwin")


def test_the_shipped_notebook_is_served_unless_another_is_given(tmp_path: Path) -> None:
    other = tmp_path / "other.ipynb"
    other.touch()
    assert dashboard(ServeOptions()) == (bundled("dashboards") / "digits.ipynb").resolve()
    assert dashboard(ServeOptions(dashboard=other)) == other.resolve()


def test_kernels_receive_the_home_but_no_secret(settings: Settings) -> None:
    env = kernel_environment(
        {
            "DIGITLAB_TOKEN": "a",
            "DIGITLAB_CURATOR_TOKEN": "b",
            "JUPYTER_TOKEN": "c",
            "DIGITLAB_HOME": "/elsewhere",
            "LANG": "C.UTF-8",
        },
        settings,
        RUNTIME,
    )
    assert env["DIGITLAB_HOME"] == str(settings.home)
    assert env["DIGITLAB_DATABASE_URL"] == settings.database_url
    assert env["LANG"] == "C.UTF-8"
    assert env["OMP_NUM_THREADS"] == "1"
    assert not {"a", "b", "c"} & set(env.values())


def test_kernels_run_no_startup_files(settings: Settings) -> None:
    env = kernel_environment({"PYTHONSTARTUP": "x.py", "IPYTHONDIR": "/mine"}, settings, RUNTIME)
    assert "PYTHONSTARTUP" not in env
    assert env["IPYTHONDIR"] == str(RUNTIME / "ipython")


def test_kernels_import_the_digitlab_that_serves(settings: Settings) -> None:
    env = kernel_environment({"PYTHONPATH": "/mine"}, settings, RUNTIME)
    assert env["PYTHONPATH"].split(os.pathsep) == [str(checkout()), "/mine"]


def test_the_template_comes_before_the_persons_jupyter_path() -> None:
    env = server_environment({"JUPYTER_PATH": "/mine"}, RUNTIME)
    assert env["JUPYTER_PATH"].split(os.pathsep) == [str(TEMPLATE_ROOT), "/mine"]
    assert (TEMPLATE_ROOT / "voila/templates/digitlab/index.html.j2").is_file()


def test_the_template_names_no_other_host() -> None:
    for path in (TEMPLATE_ROOT / "voila/templates/digitlab").iterdir():
        text = path.read_text().replace("xmlns='http://www.w3.org/2000/svg'", "")
        assert "http:" not in text, path
        assert "https:" not in text, path


@pytest.mark.parametrize("base_url", ["", "/", "//"])
def test_an_empty_base_url_is_the_root(base_url: str) -> None:
    assert ServeOptions(base_url=base_url).prefix == "/"


@pytest.mark.parametrize("base_url", ["lab", "/lab", "lab/", "/lab/"])
def test_a_base_url_gets_a_slash_at_each_end(base_url: str) -> None:
    assert ServeOptions(base_url=base_url).prefix == "/lab/"


@pytest.mark.parametrize(
    ("ip", "local"),
    [("127.0.0.1", True), ("::1", True), ("localhost", True), ("0.0.0.0", False), ("", False)],  # noqa: S104
)
def test_a_loopback_address_is_local(ip: str, local: bool) -> None:
    assert ServeOptions(ip=ip).is_local is local


@pytest.mark.parametrize(
    ("ip", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:80/lab/"),
        ("0.0.0.0", "http://127.0.0.1:80/lab/"),  # noqa: S104
        ("::1", "http://[::1]:80/lab/"),
    ],
)
def test_the_announced_address_opens_on_this_machine(ip: str, url: str) -> None:
    assert ServeOptions(ip=ip, base_url="lab").url(80) == url


@pytest.mark.parametrize(
    "wrong",
    [
        {"port": 70000},
        {"max_sessions": 0},
        {"grace_s": 0},
        {"warm": -1},
        {"certfile": Path(__file__)},
        {"dashboard": Path("nowhere.ipynb")},
    ],
)
def test_impossible_options_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ServeError):
        ServeOptions(**wrong)


@pytest.mark.parametrize(("number", "logged"), [(errno.ENOTSOCK, False), (errno.EIO, True)])
def test_a_kernel_does_not_log_the_error_of_a_closed_socket(number: int, logged: bool) -> None:
    exc_info = (OSError, OSError(number, "of a socket"), None)
    record = logging.LogRecord("tornado.general", logging.ERROR, "", 0, "Uncaught", (), exc_info)
    assert is_worth_logging(record) is logged


def test_a_kernel_logs_a_message_without_an_error() -> None:
    message = logging.LogRecord("tornado.general", logging.INFO, "", 0, "x", (), None)
    assert is_worth_logging(message)
