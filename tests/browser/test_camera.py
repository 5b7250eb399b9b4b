"""Pictures from the camera: the live view, and the file input where there is none."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest
from PIL import Image
from support.browser_page import (
    choose_pictures,
    expect,
    expect_in_view,
    open_page,
    png_file,
    visit_item,
)
from support.live_server import Server
from support.picture_input_view import open_picture_input, wait_for_files
from support.stored_feedback import stored_verdicts

from digitlab.settings import Settings
from digitlab.store import FeedbackStore

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser

KEEP_STREAMS = """
  window.streams = [];
  const getUserMedia = MediaDevices.prototype.getUserMedia;
  MediaDevices.prototype.getUserMedia = async function (request) {
    window.streams.push(await getUserMedia.call(this, request));
    return window.streams.at(-1);
  };
"""

TRACK_STATES = (
    "window.streams.flatMap((stream) => stream.getTracks().map(({ readyState }) => readyState))"
)

NO_CAMERA = """(name) => {
  MediaDevices.prototype.getUserMedia = async () => { throw new DOMException("no", name); };
}"""

INSECURE = """
  for (const name of ["mediaDevices", "clipboard"])
    Object.defineProperty(Navigator.prototype, name, { get: () => undefined });
"""
"""The interfaces that a page lacks over plain HTTP from another machine."""

REMOVE_VIEW = """async () => {
  for (const promise of Object.values(window.jupyterapp.widgetManager._models)) {
    const model = await promise;
    if (model.get("max_side")) await model.close(true);
  }
}"""


@pytest.fixture
def camera_page(browser_page: Page, server: Server) -> Page:
    """Return the page with the permission to use the camera."""
    browser_page.add_init_script(KEEP_STREAMS)
    browser_page.context.grant_permissions(["camera"])
    return open_page(browser_page, server)


@pytest.fixture
def camera_input(browser_page: Page) -> Page:
    """Return the picture input alone, with the permission to use the camera."""
    browser_page.add_init_script(KEEP_STREAMS)
    browser_page.context.grant_permissions(["camera"])
    return open_picture_input(browser_page)


def open_camera(page: Page) -> None:
    """Open the camera with the keyboard, and wait for its first frame."""
    page.get_by_test_id("camera").press("Enter")
    expect(page.get_by_test_id("camera-view")).to_be_visible()
    expect(page.get_by_test_id("camera-view")).to_have_js_property("readyState", 4)


def wait_for_tracks(page: Page, *states: str) -> None:
    """Wait until the cameras that the page has used are in these states, in order."""
    page.wait_for_function(f"states => {TRACK_STATES}.join() === states.join()", arg=list(states))


def test_the_camera_takes_a_picture_at_its_full_size(camera_page: Page, server: Server) -> None:
    open_camera(camera_page)
    expect(camera_page.get_by_test_id("camera-take")).to_be_focused()
    size = camera_page.get_by_test_id("camera-view").evaluate(
        "video => [video.videoWidth, video.videoHeight]"
    )
    camera_page.keyboard.press("Enter")
    expect(visit_item(camera_page, 0)).to_contain_text("photo 1.jpg")
    expect(camera_page.get_by_test_id("camera-view")).to_be_hidden()
    wait_for_tracks(camera_page, "ended")

    camera_page.get_by_test_id("judge-unsure").click()
    expect(camera_page.get_by_test_id("receipt")).not_to_be_empty()
    (entry,) = stored_verdicts(camera_page, server)
    with (
        FeedbackStore.open(Settings.load(server.home)) as store,
        Image.open(io.BytesIO(store.pictures.get(str(entry.picture_sha256)))) as picture,
    ):
        assert (picture.format, list(picture.size)) == ("JPEG", size)
        assert max(size) >= 1280


def test_keys_judge_nothing_while_the_camera_is_open(camera_page: Page, server: Server) -> None:
    choose_pictures(camera_page, png_file("2"))
    expect_in_view(camera_page, 0)
    open_camera(camera_page)
    camera_page.keyboard.press("3")
    camera_page.keyboard.press("Escape")
    expect(camera_page.get_by_test_id("camera-view")).to_be_hidden()
    camera_page.keyboard.press("u")  # the kernel handles it after the 3
    expect(camera_page.locator(".dl-count")).to_have_text("1 picture, 1 judged")
    contributor = camera_page.get_by_test_id("contributor").input_value()
    with FeedbackStore.open(Settings.load(server.home)) as store:
        entries = store.entries(contributor=contributor, history=True)
    assert [entry.verdict for entry in entries] == ["unsure"]


def test_the_camera_stops_when_its_view_is_removed(camera_page: Page) -> None:
    open_camera(camera_page)
    camera_page.evaluate(REMOVE_VIEW)
    wait_for_tracks(camera_page, "ended")
    expect(camera_page.get_by_test_id("camera-view")).to_be_hidden()


@pytest.mark.parametrize(
    "end",
    [
        "document.querySelector('[data-testid=camera-close]').click()",
        "dispatchEvent(new PageTransitionEvent('pagehide'))",
    ],
    ids=["close", "pagehide"],
)
def test_the_camera_stops_when_the_view_closes_or_the_page_ends(
    camera_input: Page, end: str
) -> None:
    open_camera(camera_input)
    camera_input.evaluate(end)
    wait_for_tracks(camera_input, "ended")
    expect(camera_input.get_by_test_id("camera-view")).to_be_hidden()


def test_a_second_picture_gets_the_next_number(camera_input: Page) -> None:
    for count in (1, 2):
        open_camera(camera_input)
        camera_input.get_by_test_id("camera-take").click()
        files = wait_for_files(camera_input, count)
    assert [name for name, _ in files] == ["photo 1.jpg", "photo 2.jpg"]
    wait_for_tracks(camera_input, "ended", "ended")


def test_escape_closes_the_camera_and_restores_the_focus(camera_input: Page) -> None:
    open_camera(camera_input)
    wait_for_tracks(camera_input, "live")
    camera_input.keyboard.press("Escape")
    expect(camera_input.get_by_test_id("camera-view")).to_be_hidden()
    expect(camera_input.get_by_test_id("camera")).to_be_focused()
    wait_for_tracks(camera_input, "ended")
    choose_pictures(camera_input, png_file("2"))
    assert [name for name, _ in wait_for_files(camera_input, 1)] == ["2.png"]


def test_a_refused_camera_gives_a_note_and_a_file_input(picture_input: Page) -> None:
    picture_input.context.grant_permissions(["geolocation"])  # and no other one
    picture_input.get_by_test_id("camera").press("Enter")
    expect(picture_input.get_by_test_id("input-says")).to_have_text(
        "The camera was not allowed; choose a picture instead."
    )
    file_input = picture_input.get_by_test_id("camera-file-input")
    expect(file_input).to_be_focused()
    file_input.set_input_files(png_file("2"))
    assert [name for name, _ in wait_for_files(picture_input, 1)] == ["2.png"]


@pytest.mark.parametrize(
    ("error", "note", "buttons"),
    [
        ("NotFoundError", "No camera was found here; choose a picture instead.", 0),
        ("NotReadableError", "The camera is in use elsewhere; close it there and try again.", 1),
        ("AbortError", "The camera did not start; choose a picture instead.", 0),
    ],
)
def test_a_camera_that_does_not_start_gives_a_note(
    picture_input: Page, error: str, note: str, buttons: int
) -> None:
    picture_input.evaluate(NO_CAMERA, error)
    picture_input.get_by_test_id("camera").click()
    expect(picture_input.get_by_test_id("input-says")).to_have_text(note)
    expect(picture_input.get_by_test_id("camera")).to_have_count(buttons)
    expect(picture_input.get_by_test_id("camera-file-input")).to_have_count(1 - buttons)


def test_over_plain_http_a_file_input_opens_the_phones_own_camera(browser_page: Page) -> None:
    browser_page.add_init_script(INSECURE)
    page = open_picture_input(browser_page)
    expect(page.get_by_test_id("camera")).to_have_count(0)
    expect(page.get_by_test_id("paste")).to_have_count(0)
    expect(page.get_by_text("Take a picture")).to_be_visible()
    file_input = page.get_by_label("Take a picture")
    expect(file_input).to_have_attribute("capture", "environment")
    expect(file_input).to_have_attribute("accept", "image/*")
    file_input.set_input_files(png_file("2", "image.jpg"))
    assert [name for name, _ in wait_for_files(page, 1)] == ["image.jpg"]
