"""The import of feedback, and the round trip from an export into an empty home."""

import base64
import csv
import re
import shutil
import zipfile
import zlib
from datetime import UTC, datetime

import numpy as np
import pytest
from PIL import Image
from support.picture_files import encode

from digitlab.datasets import mnist
from digitlab.feedback_import import import_feedback
from digitlab.lab import Lab
from digitlab.picture_reader import limits_of
from digitlab.settings import Settings
from digitlab.store import EXPORT_FORMATS, open_import
from digitlab.store.feedback.export import SIDECAR_SUFFIX

HOSTILE = [
    '=HYPERLINK("http://x","y")',
    "+1",
    "-1",
    "@SUM(1)",
    "'=quoted",
    "''",
    "tab\there; semi, comma",
    "a \"quote\" and 'another'",
    "line\nbreak\r\nand\rreturn",
    "\x1b[31mred\x07",
    "\u202eright to left \u0007 \ufeff mark",
    "ж 数 🙂 é e\u0301",
    "＝full width",
    "x" * 2000,
    "\\N",
    "NULL",
    "",
]
"""Comments that break careless writers and readers of CSV."""


@pytest.fixture(scope="module")
def digits():
    x, y = mnist.load("validation")
    return x[:60], y[:60]


def photo(image, format="PNG"):
    """The bytes of a picture file with one digit, dark on light."""
    return encode(Image.fromarray(255 - image).resize((84, 84)).convert("RGB"), format)


@pytest.fixture
def open_lab(tmp_path):
    """Open the lab of a new home by its name; label issues are not looked for."""
    labs = []

    def open_lab(name):
        settings = Settings.load(tmp_path / name, environ={})
        labs.append(Lab(settings, contributor="me", screening=False))
        return labs[-1]

    yield open_lab
    for lab in labs:
        lab.close()


def load(lab, path, **options):
    with open_import(path) as scan:
        limits = limits_of(lab.settings)
        options = {"contributor": lab.contributor, "limits": limits} | options
        return scan, import_feedback(scan, lab.feedback, lab.reader(), **options)


@pytest.fixture(scope="module")
def filled(digits, tmp_path_factory):
    """Verdicts of each kind by several people, on each kind of picture, with hostile texts."""
    settings = Settings.load(tmp_path_factory.mktemp("filled"), environ={})
    lab = Lab(settings, contributor="me", screening=False)
    x, _ = digits
    for n, comment in enumerate(HOSTILE):
        picture = photo(x[n], ("PNG", "JPEG", "TIFF", "GIF")[n % 4])
        prediction = lab.predict(picture, name=f"{comment[:300]}{n}.png")
        verdict = ("right", "wrong", "not-a-digit")[n % 3]
        label = (prediction.digit + 1) % 10 if verdict == "wrong" else None
        lab.feedback.add(
            prediction,
            verdict,
            label=label,
            contributor=f"{comment[:30]}{n}" or "ann",
            comment=comment,
            now=datetime(2024, 2, 3, 4, 5, 6, 789 + n, tzinfo=UTC),
        )
    shared = lab.predict(photo(x[30]), name="shared.png")
    for name in ("ann", "bob"):
        lab.feedback.add(shared, "right", contributor=name, comment=f"by {name}")
    disputed = lab.predict(photo(x[31]), name="disputed.png")
    lab.feedback.add(disputed, "right", contributor="ann")
    lab.feedback.add(disputed, "wrong", label=(disputed.digit + 1) % 10, contributor="bob")
    sheet = np.full((60, 150), 255, np.uint8)
    sheet[16:44, 20:48], sheet[16:44, 100:128] = 255 - x[32], 255 - x[33]
    data = encode(Image.fromarray(sheet), "PNG")
    for prediction in lab.predict_all(data, name="sheet.png"):
        lab.feedback.add(prediction, "right", contributor="ann")
    lab.feedback.add(lab.predict(x[34]), "right", contributor="ann", comment="an array")
    yield lab
    lab.close()


def content(lab):
    """All that a round trip must keep, and the bytes of the originals."""
    rows = []
    for entry in lab.feedback.accepted():
        original = lab.feedback.pictures.get(entry.picture_sha256) if entry.picture_bytes else b""
        values = entry.to_dict()
        for name in ("id", "prediction_id", "state", "by", "reason"):
            del values[name]
        rows.append((values, original, entry.digit_image.tobytes()))
    return sorted(rows, key=repr)


@pytest.mark.parametrize("suffix", ["", ".zip"])
@pytest.mark.parametrize("form", EXPORT_FORMATS)
def test_an_export_restores_all_verdicts_in_an_empty_home(filled, open_lab, tmp_path, form, suffix):
    name = f"out{suffix or ('.csv' if form == 'csv' else '')}"
    filled.feedback.export(tmp_path / name, form)
    copy = open_lab("copy")
    scan, result = load(copy, tmp_path / name)
    n = len(filled.feedback.accepted())
    assert (scan.skipped, result.unreadable) == ((), ())
    assert (result.added, result.known) == (n, 0)
    assert content(copy) == content(filled)
    again = load(copy, tmp_path / name)[1]
    assert (again.added, again.known) == (0, n)
    assert content(copy) == content(filled)


def test_the_correction_memory_recognises_a_restored_correction(open_lab, digits, tmp_path):
    lab, copy = open_lab("home"), open_lab("copy")
    prediction = lab.predict(photo(digits[0][0]), name="x.png")
    label = (prediction.digit + 1) % 10
    lab.judge(prediction, "wrong", label=label)
    lab.feedback.export(tmp_path / "out")
    load(copy, tmp_path / "out")
    answer = copy.predict(photo(digits[0][0], "JPEG"))
    assert (answer.digit, answer.remembered) == (label, True)


def test_a_given_contributor_replaces_the_exported_one(filled, open_lab, tmp_path):
    filled.feedback.export(tmp_path / "out")
    copy = open_lab("copy")
    load(copy, tmp_path / "out", contributor="eve", override=True)
    names = {entry.contributor for entry in copy.feedback.entries()}
    assert all(name.startswith("eve") for name in names)


def edited(folder, change):
    """Change the rows of an export's metadata."""
    path = folder / "metadata.csv"
    with path.open(newline="", encoding="utf-8") as file:
        reader = csv.DictReader(file)
        rows = list(reader)
    for row in rows:
        change(row)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, reader.fieldnames)
        writer.writeheader()
        writer.writerows(rows)


@pytest.fixture
def exported(open_lab, digits, tmp_path):
    """The export of one verdict: the folder and the picture in it."""
    lab = open_lab("home")
    lab.judge(lab.predict(photo(digits[0][0]), name="x.png"), "right")
    lab.feedback.export(tmp_path / "out")
    (picture,) = (tmp_path / "out").rglob("*.png")
    return tmp_path / "out", picture


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("label", "x", "label is 'x'"),
        ("label", "not-a-digit", "cannot have the label"),
        ("label", "{other}", "its folder says"),
        ("verdict", "maybe", "the verdict is 'maybe'"),
        ("predicted", "12", "predicted is '12'"),
        ("confidence", "nan", "a probability"),
        ("probabilities", "1 0", "2 probabilities"),
        ("box", "0 0 1", "the box is"),
        ("box", "0 0 9999 9999", "not in the picture"),
        ("time", "yesterday", "yesterday"),
        ("time", "2999-01-01T00:00:00+00:00", "in the future"),
        ("contributor", "", "name of the contributor"),
        ("comment", "y" * 2001, "at most 2,000"),
        ("file_name", "../../etc/passwd", "not there"),
        ("original", "../../etc/passwd", "not in the export"),
        ("original", "originals.zip/../../x.png", "not in the export"),
        ("picture_sha256", "0" * 64, "other bytes"),
        ("picture_sha256", "../x", "no SHA-256"),
        ("digit_image", "AAAA", "cannot be unpacked"),
        ("digit_image", base64.b64encode(zlib.compress(bytes(10**7))).decode(), "bytes or more"),
    ],
)
def test_a_row_that_was_changed_is_skipped_with_its_reason(exported, open_lab, name, value, reason):
    folder, picture = exported
    other = str((int(picture.parent.name) + 1) % 10)
    edited(folder, lambda row: row.update({name: value.format(other=other)}))
    scan, result = load(open_lab("copy"), folder)
    reasons = [*(item.reason for item in scan.skipped), *(text for _, text in result.unreadable)]
    assert (result.added, result.known) == (0, 0)
    assert any(re.search(reason, text) for text in reasons)


@pytest.mark.parametrize("column", ["refused", "original", "picture_sha256", "probabilities"])
def test_a_missing_column_is_named(exported, open_lab, column):
    folder, _ = exported
    path = folder / "metadata.csv"
    path.write_text(path.read_text(encoding="utf-8").replace(column, "other", 1), encoding="utf-8")
    scan, _ = load(open_lab("copy"), folder)
    assert any(f"the column {column} is missing" in item.reason for item in scan.skipped)


def test_a_picture_that_was_moved_is_skipped(exported, open_lab):
    folder, picture = exported
    other = folder / str((int(picture.parent.name) + 1) % 10)
    other.mkdir()
    picture.rename(other / picture.name)
    scan, result = load(open_lab("copy"), folder)
    assert result.added == 0
    assert {item.cause for item in scan.skipped} == {"changed after the export", "not in the table"}


def test_a_picture_with_other_bytes_is_skipped(exported, open_lab, digits):
    folder, picture = exported
    picture.write_bytes(photo(digits[0][1]))
    scan, result = load(open_lab("copy"), folder)
    assert result.added == 0
    assert "other bytes" in scan.skipped[0].reason


def test_a_table_that_was_changed_does_not_match_the_file_beside_it(filled, tmp_path):
    filled.feedback.export(tmp_path / "out.csv", "csv")
    lines = (tmp_path / "out.csv").read_text().splitlines()
    lines[1] = str((int(lines[1][0]) + 1) % 10) + lines[1][1:]
    (tmp_path / "out.csv").write_text("\n".join(lines))
    with pytest.raises(Exception, match="does not match out.feedback.zip"):
        load(filled, tmp_path / "out.csv")


def test_a_table_alone_gives_its_digits(filled, open_lab, tmp_path):
    n = filled.feedback.export(tmp_path / "out.csv", "csv")
    (tmp_path / f"out{SIDECAR_SUFFIX}").unlink()
    copy = open_lab("copy")
    result = load(copy, tmp_path / "out.csv")[1]
    assert result.added + result.known == n
    assert all(entry.contributor.startswith("me") for entry in copy.feedback.entries())


def test_an_export_of_digitlab_0_1_is_restored_from_its_pictures(exported, open_lab):
    folder, _ = exported
    path = folder / "metadata.csv"
    with path.open(newline="", encoding="utf-8") as file:
        rows = [row[:12] for row in csv.reader(file)]
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(rows)
    copy = open_lab("copy")
    assert load(copy, folder, contributor="eve")[1].added == 1
    (entry,), (before,) = copy.feedback.entries(), open_lab("home").feedback.entries()
    assert (entry.contributor, entry.time, entry.label) == ("me", before.time, before.label)


@pytest.fixture
def labelled(tmp_path, digits):
    """A folder of labelled photographs, one for each of twelve digits."""
    x, y = digits
    for n in range(12):
        folder = tmp_path / "pictures" / str(y[n])
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{n}.png").write_bytes(photo(x[n]))
    return tmp_path / "pictures"


def test_labelled_pictures_are_added_once(open_lab, labelled):
    lab = open_lab("home")
    assert load(lab, labelled)[1].added == 12
    before = lab.feedback.counts()
    again = load(lab, labelled)[1]
    assert (again.added, again.known) == (0, 12)
    assert lab.feedback.counts() == before
    assert sorted(entry.label for entry in lab.feedback.entries()) == sorted(
        int(path.parent.name) for path in labelled.rglob("*.png")
    )


def test_one_file_under_two_labels_is_held_under_both(open_lab, labelled):
    picture = next(labelled.rglob("*.png"))
    label = int(picture.parent.name)
    other = (label + 1) % 10
    (labelled / str(other)).mkdir(exist_ok=True)
    shutil.copy(picture, labelled / str(other) / "copy.png")
    lab = open_lab("home")
    assert load(lab, labelled)[1].added == 13
    held = lab.feedback.pending()
    assert {entry.label for entry in held} == {label, other}
    assert len({entry.picture_sha256 for entry in held}) == 1
    assert "has the labels" in held[0].reason
    again = load(lab, labelled)[1]
    assert (again.added, again.known, len(lab.feedback.pending())) == (0, 13, 2)
    assert len(lab.feedback.accepted()) == 11


def test_another_label_of_a_later_import_is_held_and_supersedes_nothing(open_lab, labelled):
    lab = open_lab("home")
    load(lab, labelled)
    picture = next(labelled.rglob("*.png"))
    label = int(picture.parent.name)
    later = labelled.parent / "later" / str((label + 1) % 10)
    later.mkdir(parents=True)
    shutil.copy(picture, later)
    load(lab, labelled.parent / "later")
    assert {entry.label for entry in lab.feedback.pending()} == {label, int(later.name)}
    assert lab.feedback.counts().states["superseded"] == 0


def test_what_a_reviewer_accepted_stays_accepted(open_lab, labelled):
    lab = open_lab("home")
    load(lab, labelled)
    entry = lab.feedback.entries()[0]
    lab.feedback.review([entry.id], "accepted", by="curator")
    later = labelled.parent / "later" / str((entry.label + 1) % 10)
    later.mkdir(parents=True)
    (later / "x.png").write_bytes(lab.feedback.pictures.get(entry.picture_sha256))
    load(lab, labelled.parent / "later")
    assert lab.feedback.get(entry.id).state == "accepted"
    assert [held.label for held in lab.feedback.pending()] == [int(later.name)]


def test_a_picture_that_cannot_be_read_is_skipped_and_the_others_are_added(open_lab, labelled):
    next(labelled.iterdir()).joinpath("broken.png").write_bytes(b"no picture")
    result = load(open_lab("home"), labelled)[1]
    assert result.added == 12
    assert [name.split("/")[1] for name, _ in result.unreadable] == ["broken.png"]


def test_a_zip_file_of_labelled_pictures_is_imported(open_lab, labelled, tmp_path):
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        for path in labelled.rglob("*.png"):
            archive.write(path, path.relative_to(labelled.parent))
    assert load(open_lab("home"), tmp_path / "x.zip")[1].added == 12
