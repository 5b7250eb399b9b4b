"""No command passes a control character on to the terminal."""

import json
import re
from pathlib import Path

import pytest
from PIL import Image
from support.command_line import command_line
from support.picture_files import encode

import digitlab.cli
from digitlab.cli.output import printable
from digitlab.datasets import mnist

HOSTILE = "a\x1b]0;title\x07\x9b31m\x7f\u202e\nforged line\r.png"
CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]")

CALLS = [
    ("predict", HOSTILE),
    ("predict", "--json", HOSTILE),
    ("predict", f"--{HOSTILE}", "x"),
    (HOSTILE,),
    (f"--{HOSTILE}",),
    ("feedback", HOSTILE),
    ("feedback", "add", HOSTILE, "--label", "3"),
    ("feedback", "add", "x", "--label", HOSTILE),
    ("feedback", "import", HOSTILE),
    ("feedback", "accept", HOSTILE),
    ("feedback", "retract", "--contributor", HOSTILE),
    ("feedback", "export", HOSTILE, "--format", HOSTILE),
    ("evaluate", HOSTILE),
    ("evaluate", "mnist:test", "--model", HOSTILE),
    ("models", "show", HOSTILE),
    ("models", "promote", HOSTILE),
    ("models", "import", HOSTILE),
    ("models", "export", HOSTILE, "out"),
    ("schedule", "--cron", HOSTILE),
    ("schedule", "--cron", "@daily", "--zone", HOSTILE),
    ("fine-tune", "--set", HOSTILE),
    ("fine-tune", "--set", f"seed={HOSTILE}"),
    ("fine-tune", "--set", f"{HOSTILE}=1"),
    ("serve", "--ip", HOSTILE),
    ("serve", "--certfile", HOSTILE),
    ("serve", "--retrain", HOSTILE),
    ("train", "--epochs", HOSTILE),
]


@pytest.mark.parametrize("arguments", CALLS, ids=lambda call: " ".join(call).split("a\x1b")[0])
def test_arguments_are_escaped(arguments, tmp_path):
    done = command_line(tmp_path, text=True)(*arguments)
    assert done.returncode in {0, 1, 2}
    assert "Traceback" not in done.stderr
    for text in (done.stdout, done.stderr):
        assert not CONTROL.search(text)
        assert not any(line.startswith("forged") for line in text.splitlines())


def test_stored_text_is_escaped(tmp_path):
    call = command_line(tmp_path, text=True)
    name = "evil\x1b[2J\x85.png"
    picture = tmp_path / name
    picture.write_bytes(encode(Image.fromarray(mnist.load("validation")[0][0]), "PNG"))
    hostile = "x\x1b[31m\nforged line\x7f"
    added = call("feedback", "add", picture, "--label", "3", "--comment", hostile,
                 "--contributor", hostile)  # fmt: skip
    assert added.returncode == 0
    listed = call("feedback", "list")
    as_json = call("feedback", "list", "--json")
    for done in (added, listed, as_json):
        assert not CONTROL.search(done.stdout)
        assert not any(line.startswith("forged") for line in done.stdout.splitlines())
    assert r"x\x1b[31m\nforged line\x7f" in listed.stdout
    assert json.loads(as_json.stdout)["comment"] == hostile


def test_printable_keeps_ordinary_text():
    text = "Zoë's 3, 数字, «7» – 100 %"
    assert printable(text) == text


def test_only_the_writer_prints():
    folder = Path(digitlab.cli.__file__).parent
    others = [path for path in folder.glob("*.py") if path.name != "output.py"]
    assert not [path for path in others if re.search(r"click\.s?echo|\bprint\(", path.read_text())]
