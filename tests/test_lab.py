"""Lab: predict, judge, evaluate, and one home for all processes."""

import dataclasses
import inspect
import io
import os
import shutil
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image
from support.number_sheets import write_sheet

import digitlab
from digitlab.datasets import mnist
from digitlab.errors import FeedbackError, ImageError


@pytest.fixture
def lab(tmp_path, reference_cache):
    shutil.copytree(reference_cache, tmp_path / "models" / "cache")
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


def test_many_pictures_give_the_results_of_one_by_one(lab, tmp_path):
    x, y = mnist.load("validation")
    digits = [255 - x[row] if row % 2 else x[row] for row in range(70)]
    sheet = Image.fromarray(255 - x[80]).resize((90, 90))
    pictures = [*digits[:66], b"no picture", sheet, tmp_path / "none.png", *digits[66:], x[7] // 4]
    lab.correct(lab.predict(x[3]), int(y[3] + 1) % 10)
    results = list(lab.predict_many(iter(pictures)))
    errors = {row: one for row, one in enumerate(results) if isinstance(one, ImageError)}
    assert {row: error.code for row, error in errors.items()} == {
        66: "not-a-picture",
        68: "not-found",
    }
    fields = ("digit", "probabilities", "refused", "remembered", "box", "fingerprint", "correction")
    for picture, result in zip(pictures, results, strict=True):
        if not isinstance(result, ImageError):
            alone = lab.predict(picture)
            for field in fields:
                assert getattr(result, field) == getattr(alone, field), field
            assert (result.digit_image == alone.digit_image).all()
    assert results[3].remembered
    assert results[67].preview  # of a picture that is no digit image
    ids = [result.id for result in results if not isinstance(result, ImageError)]
    assert ids == list(range(2, 74))


def test_declared_digit_images_keep_their_pixels(lab):
    x, _ = mnist.load("validation")
    moved = np.roll(x[0], 3, axis=1)
    pictures = [moved, 255 - moved, np.zeros((28, 28), np.uint8), np.pad(moved, 20)]
    results = list(lab.predict_many(pictures, digit_images=True))
    for result in results[:2]:
        assert (result.digit_image == moved).all()
    assert results[2].refused
    assert (results[3].digit_image != moved).any()
    assert (next(lab.predict_many([moved])).digit_image != moved).any()


def test_all_digits_of_a_picture_share_it_and_have_their_own_verdicts(lab, tmp_path):
    path = tmp_path / "row.png"
    Image.fromarray(write_sheet("2019")).save(path)
    predictions = lab.predict_all(path)
    assert [prediction.digit for prediction in predictions] == [2, 0, 1, 9]
    assert [prediction.id for prediction in predictions] == [1, 2, 3, 4]
    assert {prediction.name for prediction in predictions} == {"row.png"}
    assert len({prediction.picture_sha256 for prediction in predictions}) == 1
    lab.correct(predictions[0], 3)
    lab.confirm(predictions[1])
    lab.correct(predictions[0], 5)  # supersedes the verdict on this digit alone
    labels = [(entry.box, entry.label) for entry in lab.feedback.entries()]
    assert labels == [(predictions[1].box, 0), (predictions[0].box, 5)]
    assert lab.feedback.pictures.get(predictions[0].picture_sha256) == path.read_bytes()
    kept = [file for file in (tmp_path / "feedback" / "pictures").rglob("*") if file.is_file()]
    assert len(kept) == 1


def test_a_blank_picture_has_no_digits_to_predict(lab):
    assert lab.predict_all(np.full((100, 120), 230, np.uint8)) == ()
    assert lab.feedback.counts().predictions == 0


def test_each_prediction_stores_one_row(lab, prediction):
    assert prediction.id == 1
    assert lab.feedback.counts().predictions == 1


def test_a_correction_is_stored_with_its_comment(lab, prediction):
    receipt = lab.correct(prediction, 8, comment="an eight")
    entry = lab.feedback.get(receipt.id)
    assert (entry.verdict, entry.label, entry.comment) == ("wrong", 8, "an eight")
    assert entry.contributor == "ann"
    assert entry.prediction_id == prediction.id
    assert np.array_equal(entry.digit_image, prediction.digit_image)


def test_correcting_to_the_predicted_digit_confirms_it(lab, prediction):
    assert lab.feedback.get(lab.correct(prediction, 3).id).verdict == "right"


def test_confirm_and_undo(lab, prediction):
    lab.confirm(prediction)
    assert lab.undo().verdict == "right"
    assert lab.feedback.accepted() == []
    assert lab.undo() is None


def test_confirm_all_and_undo_all(lab, prediction):
    receipts = lab.confirm_all(iter([prediction]))
    entry = lab.feedback.get(receipts[0].id)
    assert (entry.verdict, entry.label, entry.contributor) == ("right", 3, "ann")
    assert [taken.id for taken in lab.undo_all([entry.id])] == [entry.id]
    assert lab.feedback.accepted() == []


def test_a_label_above_9_is_refused(lab, prediction):
    with pytest.raises(FeedbackError):
        lab.correct(prediction, 10)


def test_a_broken_picture_is_an_image_error_with_a_code(lab):
    with pytest.raises(ImageError) as caught:
        lab.predict(b"hello")
    assert caught.value.code == "not-a-picture"


def test_predict_reads_open_files_pillow_images_and_arrays_alike(lab, tmp_path):
    x, y = (array[0] for array in mnist.load("validation"))
    image = Image.fromarray(255 - x).resize((112, 112))
    stream = io.BytesIO()
    image.save(stream, "PNG")
    path = tmp_path / "digit.png"
    path.write_bytes(stream.getvalue())
    by_path = lab.predict(path)
    with path.open("rb") as file:
        by_file = lab.predict(file)
    assert (by_file.name, by_file.picture) == ("digit.png", by_path.picture)
    assert lab.predict(stream).picture_sha256 == by_path.picture_sha256
    for source in (image, Image.open(path), np.asarray(image), np.asarray(image) / 255):
        prediction = lab.predict(source, name="mine")
        assert (prediction.digit, prediction.name) == (y, "mine")
        assert np.array_equal(prediction.digit_image, by_path.digit_image)
    assert [prediction.digit for prediction in lab.predict_all(image.convert("RGB"))] == [y]


def test_predict_of_another_object_says_what_it_takes(lab):
    with pytest.raises(ImageError, match="This is a dict; expected a path, the bytes"):
        lab.predict({})
    assert lab.feedback.counts().predictions == 0


def test_a_prediction_shows_itself_in_a_notebook(prediction):
    html = prediction._repr_html_()
    assert "data:image/png;base64," in html
    assert ">3<" in html


def test_the_page_is_a_widget(lab):
    import ipywidgets

    assert isinstance(lab.page(), ipywidgets.Widget)


def test_evaluate_counts_correct_predictions_of_arrays(lab):
    x, y = (array[:50] for array in mnist.load("validation"))
    evaluation = lab.evaluate((x, y))
    assert (evaluation.n, evaluation.model) == (50, "base")
    assert evaluation.correct >= 49
    assert lab.feedback.counts().predictions == 0


def test_evaluate_of_arrays_and_of_the_same_npz_file_agree(lab, tmp_path):
    x, y = (array[:20] for array in mnist.load("test"))
    np.savez(tmp_path / "digits.npz", x=x, y=y)
    by_path = lab.evaluate(tmp_path / "digits.npz", version="base")
    assert (by_path.n, by_path.correct) == (20, lab.evaluate((x, y)).correct)


def test_an_evaluation_shows_itself_as_a_table(lab):
    x, y = (array[:5] for array in mnist.load("test"))
    html = lab.evaluate((x, y))._repr_html_()
    assert html.count("<tr>") == 2
    assert "<td>5</td>" in html
    assert "95 % interval" in html


def test_fine_tune_names_every_parameter_of_its_configuration():
    parameters = set(inspect.signature(digitlab.Lab.fine_tune).parameters)
    fields = {field.name for field in dataclasses.fields(digitlab.FineTuneConfig)}
    assert parameters - {"self", "wait", "trigger", "by", "evaluate_on"} == fields


def test_a_misspelt_parameter_of_fine_tune_is_a_type_error(lab):
    with pytest.raises(TypeError, match="sed"):
        lab.fine_tune(sed=1)


def test_examples_are_few_and_small(lab):
    examples = lab.examples()
    assert 6 <= len(examples) <= 12
    assert sum(len(e.data) for e in examples) <= 300_000


def test_the_base_reads_most_examples_correctly_and_some_wrong(lab):
    examples = lab.examples()
    wrong = sum(lab.predict(e.data).digit != e.label for e in examples)
    assert 1 <= wrong <= len(examples) // 3


def test_a_correction_of_another_process_is_visible(lab, tmp_path):
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
    digitlab.open(tmp_path).close()  # this process creates and migrates the home
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
