"""The picture input accepts chunks, refuses what cannot be read, and offers examples."""

from __future__ import annotations

from typing import Any

from support.fake_lab import FakeLab, png
from support.page_messages import send_message, send_verdict, upload

from digitlab.widgets import Page
from digitlab.widgets.state.chunked_uploads import CHUNK_BYTES


def test_a_large_picture_arrives_in_chunks(page: Page, lab: FakeLab) -> None:
    data = png() + bytes(2 * CHUNK_BYTES)
    acknowledgements = upload(page, data)
    assert [acknowledgement["more"] for acknowledgement in acknowledgements] == [True, True, False]
    send_verdict(page, "right")
    assert lab.feedback.pictures.get(lab.entries[0].picture_sha256) == data


def test_a_chunk_in_the_wrong_order_is_an_error_and_ends_the_upload(page: Page) -> None:
    acknowledgements: list[dict[str, Any]] = []
    page.picture_input.send = lambda content, buffers=None: acknowledgements.append(content)
    content = {
        "type": "chunk",
        "upload_id": "1",
        "name": "a.png",
        "size": 9,
        "offset": 4,
        "first_of_batch": True,
    }
    send_message(page.picture_input, content, b"12345")
    assert acknowledgements == [{"type": "ack", "upload_id": "1", "more": False}]
    assert page.banner.error == "a.png: It did not arrive whole; please send it again."


def test_a_picture_over_the_limit_is_refused(page: Page) -> None:
    content = {"type": "too-large", "name": "big.bmp", "size": 21_000_000, "first_of_batch": True}
    send_message(page.picture_input, content)
    assert page.banner.error.startswith("big.bmp: This file has 21 MB; pictures of up to 3 MB")


def test_the_kernel_checks_the_size_too(page: Page) -> None:
    acknowledgements = upload(page, bytes(3_000_001), "big.bmp")
    assert acknowledgements == [{"type": "ack", "upload_id": "1", "more": False}]
    assert "up to 3 MB" in page.banner.error


def test_a_dropped_folder_is_an_error(page: Page) -> None:
    content = {"type": "unreadable", "name": "holiday", "first_of_batch": True}
    send_message(page.picture_input, content)
    assert page.banner.error.startswith("holiday: The browser could not read it.")


def test_the_same_file_twice_in_a_row_is_read_twice(page: Page) -> None:
    upload(page, png(), upload_id="1")
    upload(page, png(), upload_id="2")
    assert len(page.visit_grid.rows) == 2


def test_an_example_is_read(page: Page) -> None:
    assert len(page.picture_input.examples) == 2
    send_message(page.picture_input, {"type": "example", "number": 1})
    assert page.visit_grid.rows[0]["name"] == "two.png"


def test_the_thumbnails_of_examples_are_small(page: Page) -> None:
    assert all(len(example["thumbnail"]) < 10_000 for example in page.picture_input.examples)
