"""CSV files: every usual variant gives the same digits, and an unclear one is refused by line."""

import codecs
import gzip
import zipfile

import numpy as np
import pytest
from support.digit_tables import PIXELS, csv_text, digits, rows_of

from digitlab.datasets.tables import limits, read_table
from digitlab.datasets.tables.limits import TableLimits
from digitlab.errors import DataError

X, Y = digits(20)
ROWS = rows_of(X, Y)
HEADER = ["label", *PIXELS]
KAGGLE = csv_text(HEADER, ROWS)
GRID = [f"{row}x{column}" for row in range(1, 29) for column in range(1, 29)]
SORTED = sorted(range(784), key=str)  # pixel0, pixel1, pixel10, pixel100, ...


def last(rows):
    return [[*row[1:], row[0]] for row in rows]


def scaled(rows, function):
    return [[row[0], *map(function, row[1:])] for row in rows]


def indexed(rows, start=0):
    return [[number, *row] for number, row in enumerate(rows, start)]


VARIANTS = {
    "kaggle": (KAGGLE, "label in column 'label'; pixel0 to pixel783 as 28x28; values 0 to 255"),
    "from pixel1": (
        csv_text(["label", *(f"pixel{i + 1}" for i in range(784))], ROWS),
        "pixel1 to pixel784",
    ),
    "grid": (csv_text(["label", *GRID], ROWS), "1x1 to 28x28"),
    "grid by columns": (
        csv_text(
            ["label", *(f"{row}x{column}" for column in range(28) for row in range(28))],
            rows_of(X.transpose(0, 2, 1), Y),
        ),
        "columns in the order of their numbers",
    ),
    "names in the order of texts": (
        csv_text(
            ["label", *(f"pixel{i}" for i in SORTED)],
            [[row[0], *(row[1 + i] for i in SORTED)] for row in ROWS],
        ),
        "columns in the order of their numbers",
    ),
    "label last": (csv_text([*PIXELS, "class"], last(ROWS)), "label in column 'class'"),
    "label in the middle": (
        csv_text(
            [*PIXELS[:300], "Target", *PIXELS[300:]],
            [[*row[1:301], row[0], *row[301:]] for row in ROWS],
        ),
        "label in column 'target'",
    ),
    "comments above": (f"# digits\n# by me, 2024\n{KAGGLE}", "label in column 'label'"),
    "a separator after each line": (
        csv_text(None, [[*row, ""] for row in ROWS]),
        "label in the first column by its values",
    ),
    "label of another name": (
        csv_text(["ziffer", *PIXELS], ROWS),
        "label in 'ziffer', the only column beside the pixels",
    ),
    "column numbers": (csv_text(range(785), ROWS), "label in the first column by its values"),
    "label and column numbers": (csv_text(["label", *range(784)], ROWS), "0 to 783 as 28x28"),
    "columns of R": (
        csv_text([f"V{i}" for i in range(1, 786)], ROWS),
        "label in the first column by its values",
    ),
    "names without numbers": (
        csv_text(
            ["label", *("p" + "abcdefghij"[i % 10] * (i // 10 + 1) for i in range(784))], ROWS
        ),
        "all others in the order of the file",
    ),
    "no header": (csv_text(None, ROWS), "no header; label in the first column by its values"),
    "no header, label last": (csv_text(None, last(ROWS)), "label in the last column"),
    "no header, index": (csv_text(None, indexed(ROWS)), "first column as row numbers"),
    "no header, index, label last": (
        csv_text(None, indexed(last(ROWS), 1)),
        "first column as row numbers; label in the last",
    ),
    "unnamed index": (csv_text(["", *HEADER], indexed(ROWS)), "not read: unnamed column"),
    "index of pandas": (csv_text(["Unnamed: 0", *HEADER], indexed(ROWS)), "'unnamed: 0'"),
    "id": (csv_text(["id", *HEADER], indexed(ROWS, 5)), "not read: 'id'"),
    "id last": (csv_text([*HEADER, "Id"], [[*row, 7] for row in ROWS]), "not read: 'id'"),
    "row names without a name": (csv_text(HEADER, indexed(ROWS)), "not read: unnamed column"),
    "comma at the end": (csv_text(HEADER, [[*row, ""] for row in ROWS]), "not read: 'index'"),
    "text column": (
        csv_text([*HEADER, "comment"], [[*row, "good"] for row in ROWS]),
        "not read: 'comment'",
    ),
    "semicolons": (csv_text(HEADER, ROWS, ";"), "CSV with semicolons"),
    "tabs": (csv_text(HEADER, ROWS, "\t"), "CSV with tabs"),
    "spaces": (csv_text(None, ROWS, " "), "CSV with spaces"),
    "columns of spaces": (
        "\n".join(" ".join(f"{value:5}" for value in row) for row in ROWS),
        "CSV with spaces",
    ),
    "bars": (csv_text(HEADER, ROWS, "|"), "CSV with bars"),
    "Excel's first line": ("sep=;\n" + csv_text(HEADER, ROWS, ";"), "CSV with semicolons"),
    "a space after each comma": (csv_text(HEADER, ROWS, ", "), "CSV with commas"),
    "decimals": (csv_text(HEADER, scaled(ROWS, float)), "values 0 to 255"),
    "labels with decimals": (csv_text(HEADER, [[float(v) for v in row] for row in ROWS]), "label"),
    "scientific": (
        csv_text(None, [[f"{value:.18e}" for value in row] for row in ROWS], " "),
        "label in the first column",
    ),
    "0 to 1": (csv_text(HEADER, scaled(ROWS, lambda value: value / 255)), "values 0 to 1"),
    "-1 to 1": (
        csv_text(HEADER, scaled(ROWS, lambda value: value / 127.5 - 1)),
        "values -1 to 1",
    ),
    "decimal commas": (
        csv_text(HEADER, scaled(ROWS, lambda v: str(v / 255).replace(".", ",")), ";"),
        "CSV with semicolons; decimal commas",
    ),
    "quotes": (
        csv_text([f'"{name}"' for name in HEADER], [[f'"{v}"' for v in row] for row in ROWS]),
        "label in column 'label'",
    ),
    "single quotes": (csv_text(None, [[f"'{row[0]}'", *row[1:]] for row in ROWS]), "no header"),
    "header of savetxt": ("# " + KAGGLE, "label in column 'label'"),
    "CRLF": (csv_text(HEADER, ROWS, end="\r\n"), "values 0 to 255"),
    "CR": (csv_text(HEADER, ROWS, end="\r"), "values 0 to 255"),
    "empty lines": (KAGGLE.replace("\n", "\n\n") + "\n\n", "values 0 to 255"),
    "capitals": (csv_text(["LABEL", *(p.upper() for p in PIXELS)], ROWS), "label in column"),
    "one-hot": (
        csv_text(
            [*(f"label_{i}" for i in range(10)), *PIXELS],
            [[*np.eye(10, dtype=int)[row[0]], *row[1:]] for row in ROWS],
        ),
        "one-hot label columns",
    ),
}


@pytest.mark.parametrize(("text", "rule"), VARIANTS.values(), ids=VARIANTS)
def test_every_variant_gives_the_same_digits_and_names_its_rule(tmp_path, text, rule):
    path = tmp_path / "digits.csv"
    path.write_bytes(text.encode())
    table = read_table(path)
    assert np.array_equal(table.labels, Y)
    assert np.array_equal(table.pictures, X)
    assert table.pictures.dtype == table.labels.dtype == np.uint8
    assert rule in "; ".join(table.rules)


@pytest.mark.parametrize(
    ("data", "rule"),
    [
        (codecs.BOM_UTF8 + KAGGLE.encode(), "CSV with commas;"),
        (KAGGLE.encode("utf-16"), "in UTF-16"),
        (codecs.BOM_UTF16_BE + KAGGLE.encode("utf-16-be"), "in UTF-16"),
        (KAGGLE.encode("utf-16-le"), "in UTF-16"),
        (KAGGLE.encode("utf-16-be"), "in UTF-16"),
        (KAGGLE.encode("utf-32"), "in UTF-32"),
        (
            csv_text(["größe", "label", *PIXELS], [[9, *row] for row in ROWS]).encode("latin-1"),
            "label in column 'label'",
        ),
        (gzip.compress(KAGGLE.encode()), "CSV with commas"),
        (gzip.compress(KAGGLE.encode("utf-16")), "in UTF-16"),
    ],
    ids=["utf-8-bom", "utf-16", "be", "le-no-bom", "be-no-bom", "utf-32", "latin-1", "gz", "gz-16"],
)
def test_every_encoding_and_a_gzip_file_give_the_same_digits(tmp_path, data, rule):
    path = tmp_path / "digits.csv"  # the content decides, not the name
    path.write_bytes(data)
    table = read_table(path)
    assert np.array_equal(table.labels, Y)
    assert np.array_equal(table.pictures, X)
    assert rule in "; ".join((*table.rules, ""))


def test_the_only_text_in_a_zip_archive_is_read(tmp_path):
    path = tmp_path / "train.csv.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("train.csv", KAGGLE)
        archive.writestr("__MACOSX/._train.csv", b"\0")
    assert np.array_equal(read_table(path).pictures, X)


def test_a_zip_archive_with_two_texts_is_refused_by_their_names(tmp_path):
    path = tmp_path / "digit-recognizer.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("train.csv", KAGGLE)
        archive.writestr("test.csv", KAGGLE)
    with pytest.raises(DataError, match=r"2 texts \(train.csv, test.csv\)"):
        read_table(path)


def test_more_lines_than_one_chunk_are_read_in_order(tmp_path):
    path = tmp_path / "many.csv"
    text = csv_text(None, ROWS * 300)
    path.write_text(text)
    table = read_table(path)
    assert np.array_equal(table.labels, np.tile(Y, 300))
    assert np.array_equal(table.pictures, np.tile(X, (300, 1, 1)))


ZEROS = [0] * 784
REFUSED = {
    "no label": (csv_text(PIXELS, [row[1:] for row in ROWS]), None, "no label column.*test.csv"),
    "no label, no header": (csv_text(None, [row[1:] for row in ROWS]), None, "no label column"),
    "no label, id": (
        csv_text(["id", *PIXELS], indexed([row[1:] for row in ROWS])),
        None,
        "no label column",
    ),
    "two labels": (
        csv_text(["label", "class", *PIXELS], [[1, *row] for row in ROWS]),
        None,
        "the label columns 'label' and 'class'; expected one",
    ),
    "both columns may be labels": (
        csv_text(None, [[*row[:-1], row[0]] for row in ROWS]),
        None,
        "first column holds 0 to 9, the last 0 to 9, and both may be the label",
    ),
    "letters, and a last column of 0": (
        csv_text(None, [[row[0] + 10, *row[1:-1], 0] for row in ROWS]),
        None,
        "none of them is the label",
    ),
    "predictions alone": (csv_text(["prediction", *PIXELS], ROWS), None, "column 'prediction'"),
    "writers alone": (csv_text(["writer", *PIXELS], ROWS), None, "column 'writer'"),
    "decimal commas in quotes": (
        csv_text([*PIXELS, "label"], last(ROWS)).replace(",0,", ',"0,25",', 1),
        2,
        "'0,25' contains the separator",
    ),
    "no column may be a label": (
        csv_text(None, [[77, *row[1:-1], 88] for row in ROWS]),
        None,
        "none of them is the label",
    ),
    "one digit with label 0": (csv_text(None, [[0, *ZEROS]]), None, "both may be"),
    "no row numbers": (
        csv_text(None, [[5, *row] for row in ROWS]),
        None,
        "first column holds 5 to 5; expected row numbers",
    ),
    "empty": ("", None, "is empty"),
    "only blank lines": ("\n\n\n", 1, "holds no line"),
    "only a header": (csv_text(HEADER, []), 1, "no line after"),
    "other columns": ("name,age\nx,3\n", None, "2 columns .name,age."),
    "16x15 pixels": (csv_text(None, [[1] * 241]), None, "241 columns and no header.*784 pixels"),
    "gaps in the numbers": (
        csv_text(["label", *PIXELS[:-1], "pixel900"], ROWS),
        None,
        "gaps or doubles",
    ),
    "doubles in the numbers": (
        csv_text(["label", *PIXELS[:-1], "pixel5"], ROWS),
        None,
        "gaps or doubles",
    ),
    "short line": (KAGGLE + "1,2,3\n", 22, "line 22: 3 fields; expected 785"),
    "short first line": (csv_text(HEADER, [[1, 2, 3]]), 2, "line 2: 3 fields; expected 785"),
    "long line": (KAGGLE + ",".join(["1"] * 800), 22, "line 22: 800 fields; expected 785"),
    "long second line": (
        csv_text(HEADER, [ROWS[0], [*ROWS[1], 5], ROWS[2]]),
        3,
        "line 3: 786 fields; expected 785",
    ),
    "text": (csv_text(HEADER, [*ROWS, [1, "x", *ZEROS[1:]]]), 22, "line 22, field 2: is 'x'"),
    "hole": (csv_text(HEADER, [*ROWS, [1, "", *ZEROS[1:]]]), 22, "line 22, field 2: is empty"),
    "not a number": (csv_text(HEADER, [*ROWS, [1, "nan", *ZEROS[1:]]]), 22, "field 2: is empty"),
    "text as label": (csv_text(HEADER, [*ROWS, ["x", *ZEROS]]), 22, "line 22: the label is 'x'"),
    "label 11": (csv_text(HEADER, [*ROWS, [11, *ZEROS]]), 22, "line 22: the label is 11"),
    "label -1": (csv_text(HEADER, [[-1, *ZEROS], *ROWS]), 2, "line 2: the label is -1"),
    "label 2.5": (csv_text(HEADER, [*ROWS, [2.5, *ZEROS]]), 22, "the label is 2.5"),
    "line after blank lines": ("\n\n" + KAGGLE + "\n1,2\n", 25, "line 25: 2 fields"),
    "pixel 256": (csv_text(HEADER, [*ROWS, [1, 256, *ZEROS[1:]]]), 22, "line 22: a pixel is 256"),
    "pixel -1": (csv_text(HEADER, [*ROWS, [1, -1, *ZEROS[1:]]]), 22, "line 22: a pixel is -1"),
    "infinite pixel": (csv_text(HEADER, [*ROWS, [1, "inf", *ZEROS[1:]]]), 22, "a pixel is inf"),
    "0 to 16": (
        csv_text(HEADER, scaled(ROWS, lambda value: value // 16)),
        None,
        "the pixels run from 0 to 15; expected values from 0 to 255, from 0 to 1",
    ),
    "standardised": (
        csv_text(HEADER, scaled(ROWS, lambda value: (value / 255 - 0.13) / 0.31)),
        2,
        "line 2: a pixel is -0.4",
    ),
    "two scales": (
        csv_text(HEADER, [*ROWS, *scaled(ROWS, lambda value: value / 255)]),
        22,
        "line 22: its pixels run from 0 to 1, those of other lines to 255",
    ),
}


@pytest.mark.parametrize(("text", "line", "message"), REFUSED.values(), ids=REFUSED)
def test_an_unclear_or_broken_text_is_refused_by_its_line(tmp_path, text, line, message):
    path = tmp_path / "digits.csv"
    path.write_text(text)
    with pytest.raises(DataError, match=message) as caught:
        read_table(path)
    assert (caught.value.path, caught.value.row) == (str(path), line)
    assert str(caught.value).startswith(f"{path}")
    assert "; expected" in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("limit", "data", "message"),
    [
        ({"max_bytes": 10_000}, KAGGLE.encode(), "more than 0 MB of text"),
        ({"max_bytes": 10_000}, gzip.compress(KAGGLE.encode()), "more than 0 MB of text"),
        ({"max_line_bytes": 5_000}, b"1," * 20_000, "a line of more than 5,000 bytes"),
        ({"max_line_bytes": 5_000}, KAGGLE.encode() + b"1" * 70_000, "a line of more than 5,000"),
        ({"max_pictures": 10}, KAGGLE.encode(), "more than 10 lines"),
        ({"max_pictures": 10}, b"\n" * 100_000, "holds no line"),
        ({"max_columns": 500}, KAGGLE.encode(), "785 columns"),
    ],
)
def test_a_text_over_a_limit_is_refused(tmp_path, monkeypatch, limit, data, message):
    for module in ("csv_files", "csv_layout"):
        monkeypatch.setattr(f"digitlab.datasets.tables.{module}.LIMITS", TableLimits(**limit))
    path = tmp_path / "digits.csv"
    path.write_bytes(data)
    with pytest.raises(DataError, match=message):
        read_table(path)


def test_the_default_limits_hold_emnist():
    assert limits.LIMITS.max_pictures >= 280_000
