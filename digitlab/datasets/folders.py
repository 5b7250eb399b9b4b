"""Labelled folders: the pictures below a folder with the labels in names and tables."""

from __future__ import annotations

import hashlib
import os
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final, NamedTuple

from digitlab.datasets.folder_files import PICTURE_SUFFIXES, FolderFiles, LeftOut, list_files
from digitlab.datasets.label_names import (
    KNOWN_FORMS,
    FileLabel,
    LabelName,
    may_count_files,
    parse_file_label,
    parse_label_name,
    parse_legacy_name,
)
from digitlab.datasets.label_tables import read_label_tables
from digitlab.errors import DataError

_YEAR: Final = re.compile(r"(?:19|20)\d\d(?:[-_.]?\d\d)?")
_TEXT_ENDS: Final = (".txt", ".json", ".jsonl", ".xlsx", ".xml")  # may hold labels
_SHOWN_NAMES: Final = 3  # folder names in the text of a rule

Paths = Mapping[PurePosixPath, Path]
"""Files by their path within the folder."""


class LabelledPicture(NamedTuple):
    """A picture with its label.

    Attributes:
        path: the file.
        name: its path within the folder, with "/".
        label: the true digit, 0-9.
    """

    path: Path
    name: str
    label: int


@dataclass(frozen=True, kw_only=True)
class LabelledFolder:
    """The labelled pictures of a folder.

    Attributes:
        pictures: sorted by path.
        contradictions: files with the same bytes under different labels; none of them is among
            the pictures.
        left_out: all other files, except hidden ones, sorted by path.
        rule: where the labels come from, for example "folder names (7)".
    """

    pictures: tuple[LabelledPicture, ...]
    contradictions: tuple[tuple[LabelledPicture, ...], ...]
    left_out: tuple[LeftOut, ...]
    rule: str

    def counts(self) -> dict[str, int]:
        """Count the files left out by their cause; contradictions count as "two labels"."""
        counts = Counter[str](item.cause for item in self.left_out)
        counts["two labels"] += sum(map(len, self.contradictions))
        return dict(sorted((+counts).items()))


class _Labels(NamedTuple):
    """Labels by path; paths without a label are in `left_out`."""

    labels: dict[PurePosixPath, int]
    left_out: list[LeftOut]
    rule: str


def find_labelled_pictures(folder: Path, *, shown: str = "") -> LabelledFolder:
    """Find the labelled pictures below a folder.

    The labels come from the first of these that the folder has:

    1. a table with a column of file names and one of labels, such as `metadata.csv`;
    2. the names of folders on the way to a picture (`parse_label_name`), or the old app's file
       names (`parse_legacy_name`);
    3. the name of the folder itself;
    4. file names, if all of them have a known form (`parse_file_label`).

    Args:
        folder: the folder.
        shown: its name in messages; by default `folder`.

    Raises:
        DataError: there is no such folder, no picture in it has a label, a folder with pictures
            has no known name, or the names are ambiguous.
    """
    root = Path(os.path.abspath(folder))  # "." may be the folder that a digit names
    shown = shown or str(root)
    if not root.is_dir():
        raise DataError(f"{shown}: no such folder.", path=shown, expected="a folder")
    files = list_files(root)
    if not files.pictures:
        raise DataError(
            f"{shown}: holds no picture; expected files ending in "
            f"{', '.join(sorted(PICTURE_SUFFIXES))}{_found_instead(files)}.",
            path=shown,
            expected="pictures",
        )
    found = _labels_of(root, files, shown)
    pictures, contradictions = _split_contradictions(
        [
            LabelledPicture(files.pictures[within], within.as_posix(), label)
            for within, label in sorted(found.labels.items())
        ]
    )
    left_out = sorted([*files.left_out, *found.left_out])
    if not pictures and not contradictions:
        first = found.left_out[0] if found.left_out else left_out[0]
        raise DataError(
            f"{shown}: no picture in it has a label; the first, {first.name}: {first.reason}.",
            path=shown,
            expected="labelled pictures",
        )
    return LabelledFolder(
        pictures=tuple(pictures),
        contradictions=tuple(contradictions),
        left_out=tuple(left_out),
        rule=found.rule,
    )


def _found_instead(files: FolderFiles) -> str:
    if len(files.tables) > 1:
        names = ", ".join(map(str, list(files.tables)[:_SHOWN_NAMES]))
        return f", found the tables {names}; name one of them"
    first = next(iter(files.left_out), None)
    return "" if first is None else f", found {first.name} ({first.reason})"


def _labels_of(root: Path, files: FolderFiles, shown: str) -> _Labels:
    table = read_label_tables(files, shown)
    if table is not None:
        return _labels_from_table(files.pictures, *table, shown)
    left_out = [
        LeftOut(within.as_posix(), "not a picture", "a table without file names and labels")
        for within in files.tables
    ]
    names = _label_folders(files.pictures, shown)
    for within, (_, name) in names.items():
        if name.digit is None:
            left_out.append(_without_digit(within.as_posix(), name))
    rest = {path: file for path, file in files.pictures.items() if not _is_out(names.get(path))}
    names = {within: name for within, name in names.items() if within in rest}
    if not rest:
        return _Labels({}, left_out, "")
    try:
        labels = _labels_from_names(root, names, rest, shown)
    except DataError as error:
        raise _with_unread_tables(error, files) from error
    return labels._replace(left_out=left_out + labels.left_out)


def _with_unread_tables(error: DataError, files: FolderFiles) -> DataError:
    """Add the files that may have been meant as tables of labels to an error."""
    texts = (name for item in files.left_out if (name := item.name).lower().endswith(_TEXT_ENDS))
    names = [*map(str, files.tables), *texts]
    if not names:
        return error
    shown = ", ".join(names[:_SHOWN_NAMES])
    message = f"{error} No labels come from {shown}: expected a .csv file with these two columns."
    return DataError(message, path=error.path, expected=error.expected)


def _labels_from_names(
    root: Path, folders: dict[PurePosixPath, _LabelFolder], pictures: Paths, shown: str
) -> _Labels:
    """Label pictures by folder names, the folder's own name, or file names."""
    legacy = {
        within: parts[0]
        for within in pictures
        if (parts := parse_legacy_name(within.name)) is not None
    }
    if folders:
        _check_label_folders(root, folders, shown)
        _check_other_folders(folders, [p for p in pictures if p not in legacy], shown)
        by_folder = {within: folder.name.digit for within, folder in folders.items()}
        return _merge(by_folder, legacy, pictures, _folder_rule(folders))
    file_labels = {within: parse_file_label(within.name) for within in pictures}
    own_name = parse_label_name(root.name)
    if own_name is not None and own_name.digit is not None:
        own = _LabelFolder(-1, own_name)
        _check_label_folders(root, dict.fromkeys(pictures, own), shown)
        digits = {label.digit for label in file_labels.values() if label is not None}
        is_labelled = None not in file_labels.values() and len(digits) > 1
        if is_labelled and not _may_count(file_labels):
            raise DataError(
                f"{shown}: the folder's name says {own_name.digit}, the file names say "
                f"{', '.join(map(str, sorted(digits)))}; rename the folder if the file names "
                "are right.",
                path=shown,
                expected="one label for each picture",
            )
        by_folder = dict.fromkeys(pictures, own_name.digit)
        rule = f"the name of the folder ({root.name} = {own_name.digit})"
        return _merge(by_folder, legacy, pictures, rule)
    if legacy and None in file_labels.values():
        return _merge({}, legacy, pictures, "")
    return _labels_from_file_names(file_labels, shown)


class _LabelFolder(NamedTuple):
    """The folder on the way to a picture that gives its label.

    Attributes:
        place: index of the folder in the picture's path; -1 for the whole folder itself.
        name: the label in its name.
    """

    place: int
    name: LabelName


def _is_out(folder: _LabelFolder | None) -> bool:
    return folder is not None and folder.name.digit is None


def _label_folders(pictures: Paths, shown: str) -> dict[PurePosixPath, _LabelFolder]:
    """Return the label folder of each picture that has one."""
    folders = {}
    for within in pictures:
        found = [
            _LabelFolder(place, name)
            for place, part in enumerate(within.parts[:-1])
            if (name := parse_label_name(part)) is not None
        ]
        if len({(folder.name.digit, folder.name.digit is None) for folder in found}) > 1:
            parts = " and ".join(within.parts[folder.place] for folder in found)
            raise DataError(
                f"{shown}: in {within}, both {parts} look like labels; expected one label folder "
                "on the way to each picture. Rename the others, or name a folder below them.",
                path=shown,
                expected="one label for each picture",
            )
        if found:
            folders[within] = found[-1]
    return folders


def _check_label_folders(
    root: Path, folders: Mapping[PurePosixPath, _LabelFolder], shown: str
) -> None:
    """Refuse folders that may be dates, or the numbers of writers and samples.

    Raises:
        DataError: the folder is 1 to 12 or 31 below a year, or 001 without a 000 beside it.
    """
    siblings: dict[tuple[str, ...], set[str]] = defaultdict(set)
    digits: dict[tuple[str, ...], set[int | None]] = defaultdict(set)
    for within, folder in folders.items():
        way = (*root.parts, *within.parts[:-1])
        place = len(root.parts) + folder.place
        siblings[way[:place]].add(way[place])
        digits[way[:place]].add(folder.name.digit)
    for parent, names in siblings.items():
        padded = sorted(name for name in names if re.fullmatch(r"\d{3}", name))
        if padded and "000" not in names:
            raise DataError(
                f"{shown}: the folder {padded[0]} may number writers or samples, because there "
                f"is no folder 000 beside it; rename it to {int(padded[0])} if that is the label.",
                path=shown,
                expected="folders 0 to 9",
            )
        numeric = sorted(name for name in names if name.isdigit())
        year = next((part for part in parent[-2:] if _YEAR.fullmatch(part)), None)
        if numeric and year is not None and 0 not in digits[parent]:
            raise DataError(
                f"{shown}: the folder {numeric[0]} may be part of a date, because it is in "
                f"{year}; rename it to digit_{int(numeric[0])} if that is the label.",
                path=shown,
                expected="folders 0 to 9",
            )


def _check_other_folders(
    folders: Mapping[PurePosixPath, _LabelFolder], pictures: Iterable[PurePosixPath], shown: str
) -> None:
    """Refuse a folder with pictures beside the label folders that has no known name."""
    above = {
        within.parts[:depth]
        for within, folder in folders.items()
        for depth in range(folder.place + 1)
    }
    for within in pictures:
        if within in folders or within.parts[:-1] in above:
            continue
        depth = next(d for d in range(1, len(within.parts)) if within.parts[:d] not in above)
        raise _unknown_folder("/".join(within.parts[:depth]), shown)


def _unknown_folder(name: str, shown: str) -> DataError:
    if re.fullmatch(r"(\D*[\W_])?0*10", name.rpartition("/")[2]):
        return DataError(
            f"{shown}: the folder {name} names no digit; in some data sets, for example SVHN, 10 "
            "stands for 0. Rename it to 0 if it does here, or take it out.",
            path=shown,
            expected="folders 0 to 9",
        )
    return DataError(
        f"{shown}: the folder {name} names no digit; expected names such as {KNOWN_FORMS}, or a "
        "table with the columns file_name and label. Rename it, or take it out.",
        path=shown,
        expected="folders named by digits",
    )


def _merge(
    by_folder: Mapping[PurePosixPath, int | None],
    legacy: Mapping[PurePosixPath, int],
    pictures: Paths,
    rule: str,
) -> _Labels:
    """Combine the labels of folders with those in the old app's file names."""
    labels, left_out = {}, []
    for within in pictures:
        folder_label, file_label = by_folder.get(within), legacy.get(within)
        label = file_label if folder_label is None else folder_label
        if label is None:
            reason = (
                "has no label: it is beside the label folders, and its name is not the old app's, "
                "such as 7_x_y_1_photo.png"
            )
            left_out.append(LeftOut(within.as_posix(), "no label", reason))
        elif file_label is not None and file_label != label:
            reason = f"its folder says {label}, its file name {file_label}"
            left_out.append(LeftOut(within.as_posix(), "two labels", reason))
        else:
            labels[within] = label
    rules = [rule] if rule else []
    if set(labels) - set(by_folder):
        rules.append("the old app's file names")
    return _Labels(labels, left_out, " and ".join(rules))


def _labels_from_table(
    pictures: Paths,
    labels: Mapping[PurePosixPath, LabelName],
    left_out: list[LeftOut],
    rule: str,
    shown: str,
) -> _Labels:
    """Label the pictures that a table lists; leave out what contradicts a folder's name."""
    digits: dict[PurePosixPath, int] = {}
    left_out = list(left_out)
    n_other = 0
    done = {item.name for item in left_out}
    for within in pictures:
        name = labels.get(within)
        if within.as_posix() in done:
            continue
        if name is None:
            reason = "not listed in the table of labels"
            left_out.append(LeftOut(within.as_posix(), "not in the table", reason))
        elif name.digit is None:
            left_out.append(_without_digit(within.as_posix(), name))
        else:
            parts = {p.digit for part in within.parts[:-1] if (p := parse_label_name(part))}
            if parts and name.digit not in parts:
                reason = f"its folder says {parts.pop()}, the table {name.digit}"
                left_out.append(LeftOut(within.as_posix(), "two labels", reason))
                n_other += 1
            else:
                digits[within] = name.digit
    if n_other > len(digits):
        raise DataError(
            f"{shown}: for {n_other:,} of {len(pictures):,} pictures, the labels from {rule} are "
            "not those of the folders; expected one label for each picture. Take out the table if "
            "it holds other numbers.",
            path=shown,
            expected="one label for each picture",
        )
    return _Labels(digits, left_out, rule)


def _labels_from_file_names(
    file_labels: Mapping[PurePosixPath, FileLabel | None], shown: str
) -> _Labels:
    labels = {}
    for within, label in file_labels.items():
        if label is None:
            raise _without_label(within, shown)
        labels[within] = label.digit
    # One digit in all names, as in 1_0001.png, may be that of a batch, a class or a page.
    is_one = len(labels) > 1 and len(set(labels.values())) == 1
    is_certain = any(label is not None and label.is_certain for label in file_labels.values())
    if numbered := (list(labels) if is_one and not is_certain else _may_count(file_labels)):
        raise DataError(
            f"{shown}: the names {', '.join(path.as_posix() for path in numbered[:3])} may only "
            "number the pictures; put the pictures into folders such as 7, or add a table with "
            "the columns file_name and label.",
            path=shown,
            expected="labels",
        )
    first = min(labels)
    return _Labels(labels, [], f"file names ({first.name} = {labels[first]})")


def _may_count(file_labels: Mapping[PurePosixPath, FileLabel | None]) -> list[PurePosixPath]:
    """Return the files of the first folder whose names may only number them."""
    places: dict[PurePosixPath, list[PurePosixPath]] = defaultdict(list)
    for within in file_labels:
        places[within.parent].append(within)
    for paths in places.values():
        if may_count_files(label for path in paths if (label := file_labels[path])):
            return paths
    return []


def _without_label(within: PurePosixPath, shown: str) -> DataError:
    if len(within.parts) > 1:
        return _unknown_folder(within.parent.as_posix(), shown)
    return DataError(
        f"{shown}: {within} has no label; expected a folder such as {KNOWN_FORMS}, a file name "
        "such as 7_001.png, three_02.png or x_label_7.png, or a table with the columns file_name "
        "and label.",
        path=shown,
        expected="a label",
    )


def _without_digit(name: str, label: LabelName) -> LeftOut:
    if label.kind == "letter":
        return LeftOut(name, "a letter", "one of Chars74K's letters")
    return LeftOut(name, "not a digit", "its label names no digit")


def _folder_rule(folders: Mapping[PurePosixPath, _LabelFolder]) -> str:
    names = {(f.name.digit or 0, within.parts[f.place]) for within, f in folders.items()}
    kinds = {folder.name.kind for folder in folders.values()}
    texts = [name if kinds == {"digit"} else f"{name} = {digit}" for digit, name in sorted(names)]
    if len(texts) > _SHOWN_NAMES:
        texts[_SHOWN_NAMES:] = ["..."]
    dataset = "Chars74K's " if kinds == {"chars74k"} else ""
    return f"{dataset}folder names ({', '.join(texts)})"


def _split_contradictions(
    pictures: list[LabelledPicture],
) -> tuple[list[LabelledPicture], list[tuple[LabelledPicture, ...]]]:
    """Separate the files with the same bytes under different labels."""
    by_size: dict[int, list[LabelledPicture]] = defaultdict(list)
    for picture in pictures:
        by_size[_size(picture.path)].append(picture)
    by_content: dict[bytes, list[LabelledPicture]] = defaultdict(list)
    for group in by_size.values():
        if len({picture.label for picture in group}) > 1:
            for picture in group:
                by_content[_sha256(picture.path)].append(picture)
    contradictions = [
        tuple(group)
        for group in by_content.values()
        if len({picture.label for picture in group}) > 1
    ]
    names = {picture.name for group in contradictions for picture in group}
    return [picture for picture in pictures if picture.name not in names], contradictions


def _size(path: Path) -> int:
    """Return the size of a file; -1 if it cannot be told, which is reported later."""
    try:
        return path.stat().st_size
    except OSError:
        return -1


def _sha256(path: Path) -> bytes:
    """Return the hash of a file; of its name if it cannot be read, which is reported later."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").digest()
    except OSError:
        return os.fsencode(path)
