"""The list of picture formats: what decodes also exports with a suffix that import takes."""

import pytest
from PIL import Image
from support.picture_files import encode
from support.predictions import make_prediction

from digitlab.datasets import PICTURE_SUFFIXES, list_pictures
from digitlab.images import decode
from digitlab.images.formats import PICTURE_FORMATS, format_of, suffixes
from digitlab.settings import Settings
from digitlab.store import FeedbackStore, open_import

PAGE = Image.new("RGB", (60, 40), "white")
PAGE.paste((20, 20, 20), (20, 5, 30, 35))

FILES = {
    **{known.name: (known.name, encode(PAGE, known.name)) for known in PICTURE_FORMATS},
    "MPO": ("JPEG", encode(PAGE, "MPO", save_all=True, append_images=[PAGE])),
    "GIF87a": ("GIF", b"GIF87a" + encode(PAGE, "GIF")[6:]),
    "BigTIFF": ("TIFF", encode(PAGE, "TIFF", big_tiff=True)),
}
"""Name of the format and content of the file."""


@pytest.mark.parametrize(("name", "data"), FILES.values(), ids=FILES)
def test_the_first_bytes_tell_the_format(name, data):
    assert format_of(data).name == name
    assert format_of(data[:32]).name == name


@pytest.mark.parametrize(("name", "data"), FILES.values(), ids=FILES)
def test_every_picture_that_decodes_can_be_exported_and_imported_again(name, data, tmp_path):
    decode(data)
    with FeedbackStore.open(Settings.load(tmp_path / "home", environ={})) as store:
        store.add(make_prediction(picture=data), "right", contributor="ann")
        store.export(tmp_path / "out")
    with open_import(tmp_path / "out") as scan:
        (item,) = scan.items
        assert item.source.read_bytes() == data
    assert scan.skipped == ()
    assert list_pictures(tmp_path / "out") == [item.source]
    assert item.source.suffix in next(f.suffixes for f in PICTURE_FORMATS if f.name == name)


@pytest.mark.parametrize("signature", [b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"])
def test_tiff_and_bigtiff_of_either_byte_order_are_tiff(signature):
    assert format_of(signature + bytes(28)).name == "TIFF"


def test_the_bigtiff_of_these_tests_is_one():
    assert FILES["BigTIFF"][1][:4] == b"II+\0"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"BMW is a car, and this is a text about it",
        b"RIFF\x00\x00\x00\x00WAVEfmt ",
        b"\x00\x00\x00\x18ftypmp42" + bytes(16),
        b"\xff\xd8",
    ],
    ids=["nothing", "text", "sound", "video", "two bytes of JPEG"],
)
def test_other_files_have_no_format(data):
    assert format_of(data) is None


def test_no_two_formats_share_a_name_or_a_suffix():
    names = [known.name for known in PICTURE_FORMATS]
    every = [suffix for known in PICTURE_FORMATS for suffix in known.suffixes]
    assert len(set(names)) == len(names)
    assert len(set(every)) == len(every)
    assert suffixes() == PICTURE_SUFFIXES == set(every)


def test_suffixes_are_in_lower_case_with_their_dot():
    assert all(suffix == suffix.lower() and suffix[0] == "." for suffix in suffixes())
