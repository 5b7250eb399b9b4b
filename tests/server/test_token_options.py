"""The token of a server: in a file, typed, or in the environment."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import psutil
import pytest
from support.live_server import environment, wait_until

from digitlab.cli.serve import _without_token
from digitlab.errors import ServeError
from digitlab.server.token_file import checked_token, read_token

DIGITLAB = [sys.executable, "-m", "digitlab"]


def token_file(folder: Path, content: bytes, mode: int = 0o600) -> Path:
    path = folder / "token.txt"
    path.write_bytes(content)
    path.chmod(mode)
    return path


@pytest.mark.parametrize(
    "content", [b"s3cret", b"s3cret\n", b"s3cret\r\n", b"\xef\xbb\xbfs3cret\n", b"s3cret\n\n"]
)
def test_the_token_is_the_line_of_its_file(tmp_path: Path, content: bytes) -> None:
    assert read_token(token_file(tmp_path, content)) == ("s3cret", "")


def test_a_token_may_hold_any_letters_and_inner_spaces(tmp_path: Path) -> None:
    text = "drei Äpfel & 1 %"
    assert read_token(token_file(tmp_path, text.encode()))[0] == text


@pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX")
def test_a_file_that_others_can_read_gives_a_warning(tmp_path: Path) -> None:
    path = token_file(tmp_path, b"s3cret\n", 0o644)
    text, warning = read_token(path)
    assert text == "s3cret"
    assert warning.endswith(f"run: chmod 600 {path}")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="named pipes of POSIX")
def test_the_token_may_come_through_a_pipe(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    writer = threading.Thread(target=path.write_text, args=["s3cret\n"])
    writer.start()
    assert read_token(path) == ("s3cret", "")
    writer.join()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "is empty"),
        (b" \n", "is empty"),
        (b"one\ntwo\n", "one line"),
        (b" s3cret", "without spaces"),
        (b"s3\x00cret", "visible characters"),
        (b"\xff\xfes\x003\x00", "not text in UTF-8"),
        (b"x" * 10_000, "longer than 1024 bytes"),
    ],
)
def test_an_unusable_token_is_refused(tmp_path: Path, content: bytes, reason: str) -> None:
    with pytest.raises(ServeError, match=reason):
        read_token(token_file(tmp_path, content))


def test_an_empty_token_is_not_taken_for_no_token() -> None:
    with pytest.raises(ServeError, match="DIGITLAB_TOKEN is empty"):
        checked_token(" ", "DIGITLAB_TOKEN")


@pytest.mark.parametrize(
    "given", [["--token", "s3cret"], ["--token=s3cret"], ["--token", "s3cret", "--token=s3cret"]]
)
def test_the_token_leaves_the_command_line(given: list[str]) -> None:
    command = ["python", "-m", "digitlab", "serve", *given, "--port", "0"]
    assert _without_token(command, "s3cret") == ["python", "-m", "digitlab", "serve", "--port", "0"]


@pytest.mark.server
@pytest.mark.skipif(os.name != "posix", reason="the command restarts itself")
@pytest.mark.parametrize("how", ["command line", "file", "standard input", "environment"])
def test_no_command_line_contains_the_token_and_no_kernel_knows_it(
    tmp_path: Path, how: str
) -> None:
    token = "s3cret-of-this-test"  # noqa: S105
    options = {
        "command line": ["--token", token],
        "file": ["--token-file", str(token_file(tmp_path, token.encode()))],
        "standard input": ["--token", "-"],
        "environment": [],
    }
    process = subprocess.Popen(
        [*DIGITLAB, "--home", str(tmp_path / "home"), "serve", "--port", "0", *options[how]],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(**({"DIGITLAB_TOKEN": token} if how == "environment" else {})),
    )
    try:
        if how == "standard input":
            assert process.stdin is not None
            process.stdin.write(f"{token}\n")
            process.stdin.flush()
        assert process.stdout is not None
        announcement = process.stdout.readline()
        assert "digitlab serves on" in announcement
        server = psutil.Process(process.pid)
        wait_until(lambda: server.children(recursive=True), "the warm kernel")
        children = server.children(recursive=True)
        for each in [server, *children]:
            assert token not in " ".join(each.cmdline())
        for each in children:
            assert token not in " ".join(each.environ().values())
    finally:
        process.terminate()
        _, errors = process.communicate(timeout=60)
    assert token not in announcement + errors
    assert ("can read a token in a command" in errors) is (how == "command line")


def test_two_tokens_are_refused(tmp_path: Path) -> None:
    result = subprocess.run(
        [*DIGITLAB, "serve", "--token", "a", "--token-file", token_file(tmp_path, b"b")],
        capture_output=True,
        text=True,
        check=False,
        env=environment(),
    )
    assert result.returncode == 1
    assert "with --token or with --token-file, not with both" in result.stderr
