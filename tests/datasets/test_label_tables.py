"""Labels in tables beside pictures."""

import pytest

from digitlab.datasets import find_labelled_pictures
from digitlab.errors import DataError


@pytest.fixture
def folder(tmp_path):
    for name in ("train/a.png", "train/b.png", "test/c.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(name)
    return tmp_path


def labels(folder):
    labelled = find_labelled_pictures(folder)
    return {picture.name: picture.label for picture in labelled.pictures}, labelled.counts()


ALL = {"test/c.png": 0, "train/a.png": 7, "train/b.png": 3}


@pytest.mark.parametrize(
    "text",
    [
        "file_name,label\ntrain/a.png,7\ntrain/b.png,3\ntest/c.png,0\n",
        "\ufefffile_name;label\r\ntrain/a.png;seven\r\ntrain/b.png;3.0\r\ntest/c.png;zero\r\n",
        "id\tclass\na\tdigit_7\nb\t3\nc\t0\n",
        "label,image\n7,a.png\n3,b.png\n0,c.png\n",
        '"","filename","label"\n1,"train\\a.png",7\n2,"./train/b.png","3"\n3,"c.png",0\n',
        "a.png,7\nb.png,3\nc.png,0\n",
    ],
    ids=["Hugging Face", "semicolon", "tab and stem", "label first", "index", "no header"],
)
def test_a_table_gives_the_labels(folder, text):
    (folder / "labels.csv").write_text(text, encoding="utf-8", newline="")
    assert labels(folder) == (ALL, {})


def test_a_table_in_utf_16_gives_the_labels(folder):
    text = "file_name,label\ntrain/a.png,7\ntrain/b.png,3\ntest/c.png,0\n"
    (folder / "labels.csv").write_bytes(text.encode("utf-16"))
    assert labels(folder) == (ALL, {})


def test_each_split_can_have_its_table(folder):
    (folder / "train" / "metadata.csv").write_text("file_name,label\na.png,7\nb.png,3\n")
    (folder / "test" / "metadata.csv").write_text("file_name,label\nc.png,0\n")
    assert labels(folder) == (ALL, {})
    assert find_labelled_pictures(folder).rule == (
        "test/metadata.csv (file_name, label) and train/metadata.csv (file_name, label)"
    )


def test_pictures_without_one_label_in_the_table_are_left_out_and_counted(folder):
    for name in ("d.png", "e.png", "f.png"):
        (folder / name).write_text(name)
    (folder / "labels.csv").write_text(
        "file_name,label\na.png,7\nb.png,3\nb.png,4\nc.png,\nd.png,not-a-digit\ne.png,2\ng.png,1\n"
    )
    assert labels(folder) == (
        {"e.png": 2, "train/a.png": 7},
        {
            "listed, but missing": 1,
            "no label": 1,
            "not a digit": 1,
            "not in the table": 1,
            "two labels": 1,
        },
    )


def test_a_table_that_contradicts_a_folder_leaves_the_picture_out(tmp_path):
    for digit in (3, 5):
        (tmp_path / str(digit)).mkdir()
        (tmp_path / str(digit) / "x.png").write_text(str(digit))
    (tmp_path / "labels.csv").write_text("file_name,label\n3/x.png,4\n5/x.png,5\n")
    assert labels(tmp_path) == ({"5/x.png": 5}, {"two labels": 1})


def test_a_table_cannot_name_files_outside_the_folder(folder):
    (folder.parent / "outside.png").write_text("x")
    (folder / "labels.csv").write_text(
        "file_name,label\n../outside.png,7\n/etc/passwd,3\ntrain/a.png,7\n"
    )
    assert labels(folder)[0] == {"train/a.png": 7}


@pytest.mark.parametrize("value", ["10", "cat", "-1", "7 or 3"])
def test_a_label_that_is_no_digit_is_refused_with_its_line(folder, value):
    (folder / "labels.csv").write_text(f"file_name,label\na.png,7\nb.png,{value}\n")
    with pytest.raises(DataError, match=rf"labels.csv, line 3: the label is '{value}'"):
        find_labelled_pictures(folder)


def test_a_row_with_too_few_fields_is_refused_with_its_line(folder):
    (folder / "labels.csv").write_text("file_name,label\na.png,7\nb.png\n")
    with pytest.raises(DataError, match="line 3: 1 fields"):
        find_labelled_pictures(folder)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("notes.csv", "time,text\n1,x\n"),
        ("kaggle.csv", "label,pixel0,pixel1\n1,0,0\n"),
        ("predictions.csv", "file_name,label\nx.png,3\n"),
        ("sample_submission.csv", "id,label\nx,0\n"),
        ("empty.csv", ""),
    ],
)
def test_other_tables_are_left_out(tmp_path, name, text):
    (tmp_path / "7").mkdir()
    (tmp_path / "7" / "x.png").write_text("x")
    (tmp_path / name).write_text(text)
    assert labels(tmp_path) == ({"7/x.png": 7}, {"not a picture": 1})
