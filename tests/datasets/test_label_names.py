"""The labels in names of folders and files."""

import pytest

from digitlab.datasets.label_names import (
    may_count_files,
    parse_file_label,
    parse_label_name,
    parse_legacy_name,
)


@pytest.mark.parametrize(
    "name",
    [
        *("7", "07", "007", "7s", "seven", "Seven", "SEVEN", "sevens", " 7 "),
        *("digit_7", "digit-7", "digit 7", "Digit7", "DigitSeven", "class_7", "label7", "num7"),
        *("label=7", "class.7", "class 7 (seven)", "7 - seven", "7_seven", "7 (seven)"),
        *("07_seven", "seven (7)", "Sample008", "sample_008"),
    ],
)
def test_these_names_say_seven(name):
    assert parse_label_name(name).digit == 7


@pytest.mark.parametrize(("sample", "digit"), [("Sample001", 0), ("Sample010", 9)])
def test_chars74k_counts_its_samples_from_one(sample, digit):
    assert parse_label_name(sample) == (digit, "chars74k")


@pytest.mark.parametrize("sample", ["Sample011", "Sample062"])
def test_the_other_samples_of_chars74k_are_letters(sample):
    assert parse_label_name(sample) == (None, "letter")


@pytest.mark.parametrize(
    "name",
    [
        *("not-a-digit", "not_a_digit", "Not a digit", "NotADigit", "non-digit", "none"),
        *("unknown", "Unlabelled", "other"),
    ],
)
def test_these_names_say_that_there_is_no_digit(name):
    assert parse_label_name(name) == (None, "no-digit")


@pytest.mark.parametrize(
    "name",
    [
        *("10", "ten", "010", "0007", "2024", "-7", "7.0", "1a", "59ee3b", "7 3", "7_7", "7=three"),
        *("7 (1)", "7 - Copy", "7 digits", "one_hot", "fold_1", "batch1", "c0", "cat", "train"),
        *("Sample000", "Sample063", "Sample1", "²", "７", "٧", "", "digit", "null"),
    ],
)
def test_other_names_give_no_label(name):
    assert parse_label_name(name) is None


@pytest.mark.parametrize(
    "name",
    [
        *("7.png", "7_001.png", "7-12.png", "7 (1).png", "7 copy.jpg", "7_light.tif"),
        *("seven.png", "seven_02.png", "seven2.png", "Seven (3).png", "seven_3.png"),
        *("digit_7_12.png", "label7.png", "img_12_label_7.png", "00012-num7.png", "x_class_7_.png"),
    ],
)
def test_these_file_names_say_seven(name):
    assert parse_file_label(name).digit == 7


@pytest.mark.parametrize(
    "name",
    [
        *("59ee3b.tif", "1a2b.png", "7f3e-11.png", "3a.png", "12.png", "12_a.png", "07_001.png"),
        *("2024-05-01.jpg", "5-1-2024.jpg", "5-1-24.png", "3 Mar 2024.png", "7.30.png"),
        *("7-05-59.png", "0-00-05 img.png"),
        *("IMG_1234.jpg", "IMG_7.jpg", "photo_7.png", "0001_7.png", "digit_12.png", "num20.png"),
        *("one_more_time.png", "x_label_3_class_4.png", "7 - three.png", "holiday.png"),
    ],
)
def test_other_file_names_give_no_label(name):
    assert parse_file_label(name) is None


@pytest.mark.parametrize(
    "names",
    [
        *(["1"], ["1", "2"], ["0", "1", "2"], ["1", "2", "4"], ["1_a", "2_b", "3_c"]),
        *(["digit_1", "digit_2", "digit_3"],),
    ],
)
def test_digits_may_count_the_files(names):
    assert may_count_files(parse_file_label(f"{name}.png") for name in names)


@pytest.mark.parametrize(
    "names",
    [
        *(["7"], ["3", "7"], ["1", "7"], [*"0123456789"], ["1_a", "1_b", "2_c"], ["1_a"]),
        *(["0_me", "1_me", "2_me"], ["1_me", "2_me", "3_me"], ["1_a", "2_b"]),
        *(["1_a", "7_b"], ["one", "two"]),
    ],
)
def test_digits_that_repeat_or_leave_gaps_are_labels(names):
    assert not may_count_files(parse_file_label(f"{name}.png") for name in names)


@pytest.mark.parametrize(
    ("filename", "parts"),
    [
        ("7_a_b_1_photo.png", (7, 1, "photo.png")),
        ("7_correct_predicted_1_my_long_name.jpg", (7, 1, "my_long_name.jpg")),
        ("0___9_x.png", (0, 9, "x.png")),
        ("3_a_b_3_same.png", (3, 3, "same.png")),
    ],
)
def test_a_name_of_the_old_app_contains_both_digits(filename, parts):
    assert parse_legacy_name(filename) == parts


@pytest.mark.parametrize(
    "filename",
    [
        *("photo.png", "7_a_b_1.png", "17_a_b_1_x.png", "x_a_b_1_x.png", "7_a_b_one_x.png"),
        *("7_12_2024_1_scan.png", "3_05_1999_0_x.png"),
        "²_a_b_1_x.png",
    ],
)
def test_other_names_are_not_names_of_the_old_app(filename):
    assert parse_legacy_name(filename) is None
