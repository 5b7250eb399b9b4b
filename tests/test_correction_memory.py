"""A stored correction answers at once for its picture and similar ones, and for no others."""

import io
import shutil

import numpy as np
import pytest
from PIL import Image
from support.feedback_rows import add_verdict

import digitlab
from digitlab.datasets import mnist
from digitlab.prediction import confidence_text
from digitlab.settings import Settings
from digitlab.store import FeedbackStore
from digitlab.synthetic.photographs.photograph import photograph
from digitlab.synthetic.photographs.scene import Scene


@pytest.fixture
def lab(tmp_path, reference_cache):
    shutil.copytree(reference_cache, tmp_path / "models" / "cache")
    with digitlab.open(tmp_path, contributor="ann", screening=False) as lab:
        yield lab


@pytest.fixture(scope="module")
def seven():
    """A photograph of a 7, which the base predicts correctly."""
    x, y = mnist.load("validation")
    row = np.flatnonzero(y == 7)[3]
    return photograph(x[row], rng=np.random.default_rng(7), scene=Scene(size=(400, 400)))


@pytest.fixture(scope="module")
def others():
    """Other ordinary digits, as pictures."""
    x, _ = mnist.load("validation")
    return [255 - image for image in x[:60]]


def png(image):
    data = io.BytesIO()
    image.save(data, "PNG")
    return data.getvalue()


def corrected(lab, picture, digit=3):
    return lab.correct(lab.predict(picture), digit)


def test_a_correction_answers_for_the_same_picture(lab, seven):
    before = lab.predict(png(seven))
    receipt = lab.correct(before, 3)
    after = lab.predict(png(seven))
    assert (before.digit, before.remembered) == (7, False)
    assert (after.digit, after.remembered, after.refused) == (3, True, False)
    assert (after.correction.verdict, after.correction.own, after.correction.learned) == (
        receipt.id,
        True,
        False,
    )


def test_the_probabilities_of_a_remembered_answer_sum_to_one(lab, seven):
    corrected(lab, png(seven))
    after = lab.predict(png(seven))
    assert sum(after.probabilities) == pytest.approx(1)
    assert int(np.argmax(after.probabilities)) == after.digit == 3
    assert after.confidence == after.probabilities[3] > 0.9


@pytest.mark.parametrize(
    "change",
    [
        lambda image: image.resize((280, 280), Image.Resampling.LANCZOS),
        lambda image: image.rotate(5, Image.Resampling.BICUBIC, fillcolor=image.getpixel((0, 0))),
    ],
    ids=["smaller", "turned"],
)
def test_a_slightly_changed_picture_is_recognised(lab, seven, change):
    corrected(lab, png(seven))
    assert lab.predict(png(change(seven))).remembered


def test_a_similar_digit_image_is_recognised(lab):
    x, y = mnist.load("validation")
    image = x[np.flatnonzero(y == 4)[0]][:, ::-1]  # a 4 in a mirror
    corrected(lab, 255 - image, 6)
    moved = lab.predict(255 - np.roll(image, 1, axis=0))
    assert (moved.digit, moved.remembered) == (6, True)


def test_a_correction_does_not_answer_for_other_digits(lab, seven, others):
    corrected(lab, png(seven))
    assert not any(lab.predict(other).remembered for other in others)


def test_a_correction_of_an_ordinary_digit_answers_for_that_picture_alone(lab):
    x, y = mnist.load("validation")
    sevens = [255 - image for image in x[y == 7][:60]]
    corrected(lab, sevens[0], 1)
    assert [lab.predict(one).remembered for one in sevens] == [True, *[False] * 59]


def test_not_a_digit_is_remembered_as_a_refusal(lab, seven):
    lab.judge(lab.predict(png(seven)), "not-a-digit")
    after = lab.predict(png(seven))
    assert (after.refused, after.remembered, after.correction.label) == (True, True, None)


def test_an_empty_picture_does_not_recall_another_empty_one(lab):
    x = np.mgrid[0:300, 0:300][1]
    first, second = np.full((300, 300), 220, np.uint8), (150 + x // 4).astype(np.uint8)
    corrected(lab, first, 5)
    assert not lab.predict(second).remembered


def test_the_version_answers_if_it_agrees_with_the_correction(lab, seven):
    lab.correct(lab.predict(png(seven)), 3)
    lab.correct(lab.predict(png(seven)), 7)  # the person was wrong the first time
    after = lab.predict(png(seven))
    assert (after.digit, after.remembered) == (7, False)
    assert after.correction.label == 7


def test_a_training_example_of_the_version_counts_as_learned(lab, seven, monkeypatch):
    entry = lab.feedback.get(corrected(lab, png(seven)).id)
    card = lab.models.load().card
    monkeypatch.setitem(vars(card), "training_examples", [entry.digit_sha256])
    assert lab.predict(png(seven)).correction.learned


def test_an_undone_correction_is_forgotten_at_once(lab, seven):
    corrected(lab, png(seven))
    assert lab.predict(png(seven)).remembered
    lab.undo()
    assert not lab.predict(png(seven)).remembered


def test_another_lab_of_the_home_recalls_a_new_correction(lab, seven, tmp_path):
    with digitlab.open(tmp_path, contributor="bob") as other:
        assert not other.predict(png(seven)).remembered
        corrected(lab, png(seven))
        after = other.predict(png(seven))
    assert (after.digit, after.remembered, after.correction.own) == (3, True, False)


def test_a_held_correction_counts_for_its_contributor_alone(lab, seven):
    receipt = corrected(lab, png(seven))
    lab.feedback.review([receipt.id], "held", by="eve")
    assert lab.predict(png(seven)).remembered
    assert not lab.predict(png(seven), contributor="bob").remembered
    lab.feedback.review([receipt.id], "accepted", by="eve")
    assert lab.predict(png(seven), contributor="bob").remembered


def test_an_own_correction_is_preferred(lab, seven):
    corrected(lab, png(seven), 3)
    bobs = lab.predict(png(seven), contributor="bob")
    lab.judge(bobs, "wrong", label=9, contributor="bob")
    assert lab.predict(png(seven)).digit == 3
    assert lab.predict(png(seven), contributor="bob").digit == 9


def test_memory_can_be_switched_off(lab, seven, tmp_path):
    corrected(lab, png(seven))
    assert lab.reader().read(png(seven)).digit == 7
    with digitlab.open(tmp_path, memory=False) as plain:
        assert plain.predict(png(seven)).digit == 7


def test_one_of_several_digits_is_recalled_by_its_digit_image(lab):
    x, y = mnist.load("validation")
    row = [x[np.flatnonzero(y == digit)[2]] for digit in (2, 8, 5)]
    page = np.full((60, 140), 0, np.uint8)
    for place, image in enumerate(row):
        page[16:44, 8 + 44 * place : 36 + 44 * place] = image
    read = lab.predict_all(page)
    lab.correct(read[1], 0)
    after = lab.predict_all(page)
    assert [one.remembered for one in after] == [False, True, False]
    assert after[1].digit == 0
    assert after[1].fingerprint == b""


def test_confirming_a_remembered_answer_counts_as_a_correction(lab, seven):
    corrected(lab, png(seven))
    turned = lab.predict(png(seven.rotate(4, fillcolor=seven.getpixel((0, 0)))))
    entry = lab.feedback.get(lab.confirm(turned).id)
    assert turned.remembered
    assert (entry.verdict, entry.label, entry.is_correction) == ("right", 3, True)


def test_the_confidence_text_names_the_correction(lab, seven):
    corrected(lab, png(seven))
    mine, bobs = lab.predict(png(seven)), lab.predict(png(seven), contributor="bob")
    time = mine.correction.time.astimezone()
    assert (
        confidence_text(mine) == f"remembered from your correction of {time:%H:%M}, not yet learned"
    )
    assert confidence_text(bobs) == f"remembered from a correction of {time:%H:%M}, not yet learned"


def test_the_receipt_says_what_happens_next(lab, seven):
    assert corrected(lab, png(seven)).message.endswith(
        "It is remembered from now on, and the next fine-tune uses it."
    )


def test_each_version_uses_its_own_embeddings(lab, seven, base):
    corrected(lab, png(seven))
    lab.predict(png(seven))
    image = lab.predict(png(seven)).digit_image
    turned_round = Negative(base)
    found = lab.memory.recall(
        image, turned_round.embed(image[None])[0], classifier=turned_round, contributor="ann"
    )
    assert found is not None
    assert turned_round.asked > 0


class Negative:
    """A version with the negated embeddings of another one; it counts its calls."""

    def __init__(self, base):
        self._base, self.card, self.asked = base, base.card, 0

    def embed(self, images):
        self.asked += len(images)
        return -self._base.embed(images)


@pytest.mark.slow
def test_a_thousand_corrections_of_misread_digits_change_no_other_digit(tmp_path, base):
    x, y = mnist.load("validation")
    mirrored = np.ascontiguousarray(x[:, :, ::-1])
    wrong = np.flatnonzero(base.logits_and_embeddings(mirrored)[0].argmax(axis=1) != y)[:300]
    settings = Settings.load(tmp_path, environ={})
    with FeedbackStore.open(settings) as store:
        for row in wrong:
            add_verdict(store, mirrored[row], int(y[row]), predicted=int(y[row] + 1) % 10)
    with digitlab.open(tmp_path) as lab:
        labels = [lab.reader(memory=on).read_images(x)[0] for on in (False, True)]
    assert (labels[0] != labels[1]).sum() <= 1
