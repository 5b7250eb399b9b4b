"""Hostile comments and names reach no terminal, spreadsheet or page as commands."""

import csv
import html
import json
import re
from html.parser import HTMLParser

import pytest
from PIL import Image
from support.command_line import command_line
from support.hostile_files.text import TEXTS
from support.picture_files import encode

import digitlab
from digitlab.datasets import mnist

CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]")


@pytest.fixture(scope="module")
def call(tmp_path_factory):
    """The command line with a home that holds a verdict for each text."""
    folder = tmp_path_factory.mktemp("texts")
    call = command_line(folder, text=True)
    images = mnist.load("validation")[0]
    call.folder, call.added = folder, {}
    for number, text in enumerate(TEXTS):
        picture = folder / _file_name(text, number)
        picture.write_bytes(encode(Image.fromarray(images[number]), "PNG"))
        options = ("--label", "3", "--comment", text, "--contributor", text)
        call.added[text] = call("feedback", "add", picture, *options)
    return call


def _file_name(text, number):
    allowed = text.replace("/", "").replace("\0", "").encode(errors="ignore")[:200]
    return f"{allowed.decode(errors='ignore')}{number}.png"


@pytest.mark.parametrize("text", TEXTS, ids=lambda text: ascii(text)[:20])
def test_a_text_is_stored_or_refused_with_one_line(call, text):
    done = call.added[text]
    assert done.returncode in {0, 1}, done.stderr
    assert "Traceback" not in done.stderr
    assert len(done.stderr.splitlines()) == 1 + done.returncode
    assert len(done.stdout.splitlines()) == 1 - done.returncode
    assert not CONTROL.search(done.stdout + done.stderr)


def test_most_texts_are_stored(call):
    assert sum(done.returncode == 0 for done in call.added.values()) > len(TEXTS) * 0.8


def test_the_list_has_a_line_for_each_verdict(call):
    listed, as_json = call("feedback", "list"), call("feedback", "list", "--json")
    entries = [json.loads(line) for line in as_json.stdout.splitlines()]
    assert len(listed.stdout.splitlines()) == len(entries)
    assert not CONTROL.search(listed.stdout + as_json.stdout)


def test_no_cell_of_an_export_is_a_formula(call):
    done = call("feedback", "export", call.folder / "out", "--format", "imagefolder")
    assert done.returncode == 0
    with (call.folder / "out" / "metadata.csv").open(newline="", encoding="utf-8") as file:
        cells = [cell for row in csv.reader(file) for cell in row]
    assert any("cmd|" in cell for cell in cells)
    dangerous = [cell for cell in cells if cell[:1] in set("=+-@\t\r") and not _is_number(cell)]
    assert not dangerous


def _is_number(cell):
    try:
        float(cell)
    except ValueError:
        return False
    return True


def test_a_prediction_escapes_its_name(call):
    data = encode(Image.fromarray(mnist.load("validation")[0][0]), "PNG")
    with digitlab.open(call.folder / "home") as lab:
        shown = "".join(lab.predict(data, name=text)._repr_html_() for text in TEXTS)
    assert html.escape("<img src=x onerror=alert(1)>") in shown
    tags, attributes = set(), set()

    class Parser(HTMLParser):
        def handle_starttag(self, tag, attrs):
            tags.add(tag)
            attributes.update(name for name, _ in attrs)

    Parser().feed(shown)
    assert "script" not in tags
    assert not [name for name in attributes if name.startswith("on")]
