"""`digitlab predict`: pages of files, and files that are no regular ones."""

import json
import os

import numpy as np
import pytest
from PIL import Image
from support.command_line import command_line, command_process
from support.picture_files import encode

import digitlab
from digitlab.datasets import mnist


def lines(done) -> list[dict]:
    return [json.loads(line) for line in done.stdout.decode().splitlines()]


def picture(digit: int) -> Image.Image:
    x, y = mnist.load("validation")
    return Image.fromarray(255 - x[np.flatnonzero(y == digit)[0]]).resize((280, 280))


@pytest.fixture
def scan(tmp_path_factory):
    """A TIFF and a PDF of a 3, a 7 and an empty page."""
    folder = tmp_path_factory.mktemp("scans")
    first, *others = [picture(3), picture(7), Image.new("L", (280, 280), 255)]
    for kind, name in (("TIFF", "scan.tif"), ("PDF", "scan.pdf")):
        data = encode(first, kind, save_all=True, append_images=others)
        (folder / name).write_bytes(data)
    return folder


@pytest.mark.parametrize("name", ["scan.tif", "scan.pdf"])
def test_predict_says_which_page_it_read(scan, tmp_path, name):
    run = command_line(tmp_path)
    file = scan / name
    assert run("predict", file).stdout.decode().startswith(f"{file} (page 1 of 3): 3 (")
    assert "(page 2 of 3): 7 (" in run("predict", file, "--page", "2").stdout.decode()
    third = run("predict", file, "--page", "3", "--split").stdout.decode()
    assert third == f"{file} (page 3 of 3): I see no digit here\n"
    (line,) = lines(run("predict", file, "--json"))
    assert line["part"] == "page 1 of 3"
    fourth = run("predict", file, "--page", "4")
    assert fourth.returncode == 1
    assert "has 3 pages, so there is no page 4" in fourth.stdout.decode()


def test_predict_reads_the_scans_in_a_folder(scan, tmp_path):
    done = command_line(tmp_path)("predict", scan, "--json")
    assert [line["digits"][0]["digit"] for line in lines(done)] == [3, 3]


def test_a_verdict_on_a_later_page_keeps_this_page(scan, tmp_path):
    with digitlab.open(tmp_path / "home") as lab:
        first, second = (lab.predict(scan / "scan.pdf", page=page) for page in (1, 2))
        assert (first.digit, first.name) == (3, "scan.pdf, page 1 of 3")
        assert (second.digit, second.name) == (7, "scan.pdf, page 2 of 3")
        for prediction in (first, second):
            assert lab.confirm(prediction).added
        assert first.picture_sha256 != second.picture_sha256
        assert lab.predict(second.picture).digit == 7


def test_a_folder_is_no_picture(tmp_path):
    with (
        digitlab.open(tmp_path / "home") as lab,
        pytest.raises(digitlab.ImageError, match="is a folder"),
    ):
        lab.predict(tmp_path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no pipes with names")
def test_pipes_and_devices_are_refused_at_once(tmp_path):
    pipe = tmp_path / "pipe.png"
    os.mkfifo(pipe)
    done = command_process(tmp_path)("predict", pipe, "/dev/zero")
    assert done.returncode == 1
    first, second = done.stdout.decode().splitlines()
    assert "is a named pipe; expected a regular file" in first
    assert "/dev/zero is a device; expected a regular file" in second
