"""Labels in the names of folders and files: the forms that name a digit without doubt."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable
from pathlib import PurePath
from typing import Final, Literal, NamedTuple

Kind = Literal["digit", "padded", "word", "marked", "chars74k", "no-digit", "letter"]
"""The form of a name; see `parse_label_name`."""

WORDS: Final = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
"""The digits in words, in their order."""

KNOWN_FORMS: Final = "7, 07, seven, digit_7, class 7, 7 - seven, or Chars74K's Sample008"
"""Examples of folder names that name a digit, for messages."""

_WORD_DIGITS: Final = {
    **{word: digit for digit, word in enumerate(WORDS)},
    **{f"{word}s": digit for digit, word in enumerate(WORDS)},
    "zeroes": 0,
    "sixes": 6,
}
_MARKS: Final = frozenset(
    ("digit", "digits", "number", "num", "numeral", "label", "class", "cls", "category", "target")
)
"""Words before a digit that say that it is a label."""

_NO_DIGIT_NAMES: Final = frozenset(
    {
        *("notadigit", "notdigit", "nodigit", "nondigit", "notdigits", "nodigits", "nondigits"),
        *("notanumber", "none", "nothing", "unknown", "unknowns", "unsure", "unlabeled"),
        *("unlabelled", "nolabel", "other", "others", "background", "garbage", "junk"),
        *("negative", "negatives", "rejected", "blank", "empty", "noise", "trash", "misc"),
        *("invalid", "unclear", "unreadable"),
    }
)
"""Names of folders with pictures that show no digit or have no label, without separators."""

_WORD: Final = "|".join(sorted(_WORD_DIGITS, key=len, reverse=True))
_MARKED: Final = re.compile(
    r"(?:^|(?<=[\s_\-.(]))(?:digit|number|num|numeral|label|class|cls|target)"
    rf"[\s_\-=]?([0-9]|{_WORD})(?=$|[\s_\-.)])"
)
_LEADING_WORD: Final = re.compile(rf"({_WORD})([\s_\-]*\(?\d.*)?")
_LEADING_DIGIT: Final = re.compile(r"([0-9])(?:\s*[_\- ]\s*(.+))?")
_DATE: Final = re.compile(
    r"\d{1,2}[\s_\-.](?:19|20)\d\d(?!\d)|\d{1,2}-\d\d$|\d\d[\-.]\d\d(?!\d)"
    r"|(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*[\s_\-.]+\d"
)
"""What follows the day, month or hour at the start of a date or time: 1-2024, 1-24, 05-59."""

_MONTH: Final = re.compile(r"0?[1-9]|1[0-2]")
_YEAR: Final = re.compile(r"(?:19|20)\d\d")
_SHORTEST_SERIES: Final = 3  # names with a number in front
_SEPARATORS: Final = re.compile(r"[\s_\-.,:=()\[\]#]*")
_CHARS74K: Final = re.compile(r"sample[ _-]?(\d{3})")
_CHARS74K_CLASSES: Final = 62  # ten digits and two alphabets


class LabelName(NamedTuple):
    """The label that one name gives.

    Attributes:
        digit: the true digit, 0-9; None for "no-digit" and "letter".
        kind: "digit" for 7, "padded" for 07 and 007, "word" for seven and 7 - seven, "marked"
            for digit_7, "chars74k" for Sample008; "no-digit" for not-a-digit, unknown and the
            like; "letter" for Chars74K's letters.
    """

    digit: int | None
    kind: Kind


def parse_label_name(name: str) -> LabelName | None:
    """Return the label in the name of a folder, or in a cell of a table.

    A name gives a label only if nothing in it is left over: an optional mark such as "digit",
    then the digit, its word or both. Chars74K counts its samples from 1: Sample001 is 0,
    Sample010 is 9 and Sample011 is the letter A.

    Returns:
        None if the name does not have one of these forms, or names two digits.
    """
    text = _split_capitals(name)
    if re.sub(r"[\s_\-]+", "", text) in _NO_DIGIT_NAMES:
        return LabelName(None, "no-digit")
    if sample := _CHARS74K.fullmatch(text):
        return _chars74k_label(int(sample[1]))
    return _digit_name(re.sub(r"(?<=\d)'?s\b", "", text))  # 7s


def _digit_name(text: str) -> LabelName | None:
    tokens = re.findall(r"[a-z]+|\d+", text)
    between = re.split(r"[a-z]+|\d+", text)
    values = list(itertools.dropwhile(_MARKS.__contains__, tokens))
    is_marked = len(values) < len(tokens)
    numerals = [value for value in values if re.fullmatch(r"0{0,2}[0-9]", value)]
    words = [value for value in values if value in _WORD_DIGITS]
    digits = {int(numeral) for numeral in numerals} | {_WORD_DIGITS[word] for word in words}
    is_whole = between[0] in {"", "(", "["} and all(_SEPARATORS.fullmatch(part) for part in between)
    is_single = len(numerals) <= 1 and len(words) <= 1 and len(digits) == 1
    if not (is_whole and is_single and len(numerals) + len(words) == len(values)):
        return None
    (digit,) = digits
    if is_marked or words:
        return LabelName(digit, "marked" if is_marked else "word")
    return LabelName(digit, "digit" if len(numerals[0]) == 1 else "padded")


def _split_capitals(name: str) -> str:
    """Return a name in lower case, with a space before each capital within a word."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name.strip()).casefold()


class FileLabel(NamedTuple):
    """The label that a file name gives.

    Attributes:
        digit: the true digit, 0-9.
        is_numeral: whether the name gives it as a numeral, which may also count files.
        is_certain: whether the name says that it is a label: a word, or "digit" or "label" before
            the numeral. A class may be one of a school.
        rest: the rest of the name without its suffix; empty for 7.png and digit_7.png.
    """

    digit: int
    is_numeral: bool
    is_certain: bool
    rest: str


def parse_file_label(filename: str) -> FileLabel | None:
    """Return the label in a file name: 7.png, 7_001.png, three_02.png, x_label_7.png.

    A digit at the start is a label only if it stands alone before "_", "-" or a space. A date
    such as 5-1-2024.jpg gives none, nor does a hash, nor a number with more digits.

    Returns:
        None if the name has none of these forms, or names two digits.
    """
    stem = _split_capitals(PurePath(filename).stem)
    matches = list(_MARKED.finditer(stem))
    marked = {_digit_of(match[1]) for match in matches}
    if marked:
        digit = marked.pop()
        is_certain = matches[0][0].startswith(("digit", "label"))
        return None if marked else FileLabel(digit, True, is_certain, _MARKED.sub("", stem))
    if word := _LEADING_WORD.fullmatch(stem):
        return FileLabel(_WORD_DIGITS[word[1]], False, True, word[2] or "")
    if numeral := _LEADING_DIGIT.fullmatch(stem):
        digit, rest = int(numeral[1]), numeral[2] or ""
        other = _WORD_DIGITS.get(rest)  # "7 - three" names two digits
        if _DATE.match(rest) or other not in {None, digit}:
            return None
        return FileLabel(digit, True, False, rest)
    return None


def may_count_files(labels: Iterable[FileLabel]) -> bool:
    """Tell whether the digits in the names of one folder's files may number them: 1, 2, 3.

    They may if each occurs once and they are the first numbers from 0 or 1, perhaps with gaps.
    In front of a longer name they may if they are 1, 2, 3 and so on, and the names differ. The
    ten digits from 0 to 9 are taken for labels.
    """
    numerals = [label for label in labels if label.is_numeral]
    digits = sorted(label.digit for label in numerals)
    n = len(digits)
    if n == 0 or len(set(digits)) < n or digits == list(range(10)) or digits[0] > 1:
        return False
    rests = {label.rest for label in numerals}
    if rests == {""}:
        return digits[-1] <= 2 * n
    return n >= _SHORTEST_SERIES and digits == list(range(1, n + 1)) and len(rests) == n


def parse_legacy_name(filename: str) -> tuple[int, int, str] | None:
    """Split a file name of the old app into true digit, predicted digit and the picture's name.

    Split at "_", such a name has at least five parts: the first is the true digit, the fourth
    the predicted digit, and the fifth begins the picture's own name, which may contain "_" too.
    A month and a year in second and third place make it a date.

    Returns:
        None if the name does not have this form.
    """
    parts = filename.split("_", 4)
    digits = set("0123456789")
    if len(parts) < 5 or parts[0] not in digits or parts[3] not in digits:
        return None
    if _MONTH.fullmatch(parts[1]) and _YEAR.fullmatch(parts[2]):
        return None  # a date: 7_12_2024_1_scan.png
    return int(parts[0]), int(parts[3]), parts[4]


def _digit_of(text: str) -> int:
    return _WORD_DIGITS[text] if text in _WORD_DIGITS else int(text)


def _chars74k_label(sample: int) -> LabelName | None:
    if 1 <= sample <= 10:
        return LabelName(sample - 1, "chars74k")
    return LabelName(None, "letter") if 11 <= sample <= _CHARS74K_CLASSES else None
