"""The facade: digitlab.open(), predict, judge; and that every trigger shares one home."""

import os
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image
from support.number_sheets import sheet

import digitlab
from digitlab.datasets import mnist
from digitlab.errors import FeedbackError, ImageError


@pytest.fixture
def lab(tmp_path):
    with digitlab.open(tmp_path, contributor="ann") as lab:
        yield lab


@pytest.fixture
def prediction(lab):
    x, y = mnist.load("validation")
    return lab.predict(255 - x[np.flatnonzero(y == 3)[0]], name="three")


def test_an_array_of_pixels_is_read(prediction):
    assert (prediction.digit, prediction.name, prediction.model) == (3, "three", "base")
    assert prediction.digit_image.shape == (28, 28)


def test_path_and_bytes_give_the_same_prediction(lab, tmp_path):
    example = lab.examples()[0]
    path = tmp_path / "picture.bin"
    path.write_bytes(example.data)
    by_path, by_bytes = lab.predict(path), lab.predict(example.data)
    assert by_path.probabilities == by_bytes.probabilities
    assert by_path.picture_sha256 == by_bytes.picture_sha256
    assert (by_path.name, by_bytes.name) == ("picture.bin", "")


def test_all_digits_of_a_picture_share_it_and_are_judged_apart(lab, tmp_path):
    path = tmp_path / "row.png"
    Image.fromarray(sheet("2019")).save(path)
    read = lab.predict_all(path)
    assert [prediction.digit for prediction in read] == [2, 0, 1, 9]
    assert [prediction.id for prediction in read] == [1, 2, 3, 4]
    assert {prediction.name for prediction in read} == {"row.png"}
    assert len({prediction.picture_sha256 for prediction in read}) == 1
    lab.correct(read[0], 3)
    lab.confirm(read[1])
    lab.correct(read[0], 5)  # supersedes what was said of this digit, and of no other
    said = [(entry.box, entry.label) for entry in lab.feedback.entries()]
    assert said == [(read[1].box, 0), (read[0].box, 5)]
    assert lab.feedback.pictures.get(read[0].picture_sha256) == path.read_bytes()
    kept = [file for file in (tmp_path / "feedback" / "pictures").rglob("*") if file.is_file()]
    assert len(kept) == 1


def test_a_blank_picture_has_no_digits_to_predict(lab):
    assert lab.predict_all(np.full((100, 120), 230, np.uint8)) == ()
    assert lab.feedback.counts().predictions == 0


def test_every_prediction_leaves_one_small_row(lab, prediction):
    assert prediction.id == 1
    assert lab.feedback.counts().predictions == 1


def test_a_correction_is_kept_with_its_comment(lab, prediction):
    receipt = lab.correct(prediction, 8, comment="an eight")
    entry = lab.feedback.get(receipt.id)
    assert (entry.verdict, entry.label, entry.comment) == ("wrong", 8, "an eight")
    assert entry.contributor == "ann"
    assert entry.prediction_id == prediction.id
    assert np.array_equal(entry.digit_image, prediction.digit_image)


def test_correcting_to_the_digit_that_was_read_confirms_it(lab, prediction):
    assert lab.feedback.get(lab.correct(prediction, 3).id).verdict == "right"


def test_confirm_and_undo(lab, prediction):
    lab.confirm(prediction)
    assert lab.undo().verdict == "right"
    assert lab.feedback.accepted() == []
    assert lab.undo() is None


def test_many_are_confirmed_and_taken_back_at_once(lab, prediction):
    receipts = lab.confirm_all(iter([prediction]))
    entry = lab.feedback.get(receipts[0].id)
    assert (entry.verdict, entry.label, entry.contributor) == ("right", 3, "ann")
    assert [taken.id for taken in lab.undo_all([entry.id])] == [entry.id]
    assert lab.feedback.accepted() == []


def test_a_digit_that_is_none_is_refused(lab, prediction):
    with pytest.raises(FeedbackError):
        lab.correct(prediction, 10)


def test_a_broken_picture_is_an_image_error_with_a_code(lab):
    with pytest.raises(ImageError) as caught:
        lab.predict(b"hello")
    assert caught.value.code == "not-a-picture"


def test_a_prediction_shows_itself_in_a_notebook(prediction):
    html = prediction._repr_html_()
    assert "data:image/png;base64," in html
    assert ">3<" in html


def test_the_page_is_a_widget(lab):
    import ipywidgets

    assert isinstance(lab.page(), ipywidgets.Widget)


def test_examples_are_few_and_small(lab):
    examples = lab.examples()
    assert 6 <= len(examples) <= 12
    assert sum(len(e.data) for e in examples) <= 300_000


def test_the_base_reads_some_examples_wrong_and_most_right(lab):
    examples = lab.examples()
    wrong = sum(lab.predict(e.data).digit != e.label for e in examples)
    assert 1 <= wrong <= len(examples) // 3


def test_what_another_process_corrects_is_read_here(lab, tmp_path):
    code = (
        "import digitlab, numpy as np\n"
        "lab = digitlab.open()\n"
        "p = lab.predict(np.zeros((40, 40), np.uint8))\n"
        "lab.judge(p, 'not-a-digit', contributor='bob')\n"
    )
    environ = {**os.environ, "DIGITLAB_HOME": str(tmp_path)}
    subprocess.run([sys.executable, "-c", code], check=True, env=environ)
    assert [e.verdict for e in lab.feedback.entries()] == ["not-a-digit"]


def test_opening_and_predicting_loads_nothing_heavy(tmp_path):
    digitlab.open(tmp_path).close()  # the home is made and migrated by this process
    code = (
        "import sys, digitlab\n"
        "lab = digitlab.open()\n"
        "lab.confirm(lab.predict(lab.examples()[0].data))\n"
        "lab.page()\n"
        "heavy = ('tensorflow', 'keras', 'pandas', 'papermill', 'matplotlib', 'alembic')\n"
        "print([m for m in heavy if m in sys.modules])\n"
    )
    environ = {**os.environ, "DIGITLAB_HOME": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", code], check=True, env=environ, capture_output=True, text=True
    )
    assert done.stdout.strip() == "[]"
