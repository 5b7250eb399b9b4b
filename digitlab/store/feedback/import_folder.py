"""What `digitlab feedback import` finds: labelled pictures, or the verdicts of an export."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cached_property
from hashlib import file_digest
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from digitlab.errors import DataError
from digitlab.store.feedback.export import METADATA_NAME, ORIGINALS_NAME, SIDECAR_SUFFIX
from digitlab.store.feedback.metadata import StoredVerdict, is_metadata, read_metadata

if TYPE_CHECKING:  # digitlab.datasets loads Pillow, which a process of the store need not
    from digitlab.datasets.folder_files import FolderFiles, LeftOut


@dataclass(frozen=True, kw_only=True)
class ImportItem:
    """One labelled picture, or one verdict of an export.

    Attributes:
        name: its name in messages.
        source: the picture's file, or its pixels, uint8 (H, W); None for an exported verdict
            whose original is not stored.
        label: the true digit, 0-9; None for a verdict without one.
        picture_name: the picture's own name.
        predicted: the digit that the old app predicted; None if the file name does not tell.
        stored: the exported verdict; None for a labelled picture.
    """

    name: str
    source: Path | NDArray[np.uint8] | None
    label: int | None
    picture_name: str
    predicted: int | None = None
    stored: StoredVerdict | None = None


@dataclass(frozen=True, kw_only=True)
class ImportScan:
    """All that an import reads.

    Attributes:
        items: in the order of their import.
        skipped: files and rows that are left out, each with its reason.
        rule: where the labels come from.
        contradictions: files with the same bytes under different labels, one line for each
            picture; they are among the items.
    """

    items: tuple[ImportItem, ...]
    skipped: tuple[LeftOut, ...]
    rule: str
    contradictions: tuple[str, ...] = ()


@contextmanager
def open_import(path: str | os.PathLike[str]) -> Iterator[ImportScan]:
    """Open what can be imported: a folder, a zip file, or a table.

    - A folder or zip file with the `metadata.csv` of an export gives the exported verdicts.
    - Any other folder or zip file gives labelled pictures: `datasets.find_labelled_pictures`.
    - A table gives digits with labels; an exported CSV file with its `.feedback.zip` beside it
      gives the exported verdicts.

    The files exist until the context ends.

    Raises:
        DataError: there is nothing to import, or it cannot be read.
    """
    from digitlab.datasets.picture_archive import open_folder

    path = Path(os.path.abspath(path))  # "." may be a folder that is named by a digit
    if not os.path.lexists(path):
        raise DataError(
            f"{path}: no such file or folder; expected labelled pictures in a folder or a .zip "
            "file, or a table.",
            path=str(path),
            expected="a folder, a .zip file or a table",
        )
    with ExitStack() as stack:
        if path.is_dir() or path.suffix.lower() == ".zip":
            yield _scan_folder(stack.enter_context(open_folder(path)), path, stack)
        else:
            yield _scan_table(path, path, stack)


def _scan_folder(folder: Path, path: Path, stack: ExitStack) -> ImportScan:
    """Return what a folder or an unpacked zip file holds; `path` is its name in messages."""
    from digitlab.datasets.folder_files import list_files
    from digitlab.datasets.folders import find_labelled_pictures
    from digitlab.datasets.label_names import parse_legacy_name
    from digitlab.datasets.label_tables import read_table_text
    from digitlab.datasets.tables import find_table, is_table_archive

    files = list_files(folder)
    texts = {
        within: text
        for within, path in files.tables.items()
        if within.name == METADATA_NAME and is_metadata(text := read_table_text(path))
    }
    if texts:
        return _scan_export(files, texts, stack)
    table = find_table(folder)
    if table is not None:
        return _scan_table(table, path, stack)
    if not files.pictures and not files.tables and path.is_file() and is_table_archive(path):
        return _scan_table(path, path, stack)  # arrays in a zip file
    labelled = find_labelled_pictures(folder, shown=str(path))
    pictures = [*labelled.pictures, *(p for group in labelled.contradictions for p in group)]
    items = []
    for picture in sorted(pictures):
        legacy = parse_legacy_name(picture.path.name)
        _, predicted, name = legacy or (0, None, picture.path.name)
        items.append(
            ImportItem(
                name=picture.name,
                source=picture.path,
                label=picture.label,
                picture_name=name,
                predicted=predicted,
            )
        )
    return ImportScan(
        items=tuple(items),
        skipped=labelled.left_out,
        contradictions=tuple(
            " and ".join(f"{picture.name} ({picture.label})" for picture in group)
            for group in labelled.contradictions
        ),
        rule=labelled.rule,
    )


def _scan_export(
    files: FolderFiles, texts: Mapping[PurePosixPath, str], stack: ExitStack
) -> ImportScan:
    """Return the verdicts in each `metadata.csv` of digitlab."""
    from digitlab.datasets.folder_files import LeftOut

    items: list[ImportItem] = []
    skipped: list[LeftOut] = []
    used: set[PurePosixPath] = set()
    for within, text in texts.items():
        export = _ExportFolder(within.parent, files, stack)
        for line, row in read_metadata(text, within.as_posix()):
            place = f"{within}, line {line}"
            if isinstance(row, str):
                skipped.append(LeftOut(place, "cannot be read", row.removeprefix(f"{place}: ")))
                continue
            used.add(export.folder / row.file_name)
            if row.evidence is not None:
                used.add(export.folder / row.evidence.original)
            problem = export.problem(row)
            if problem is not None:
                skipped.append(LeftOut(row.file_name or place, "changed after the export", problem))
                continue
            items.append(
                ImportItem(
                    name=row.file_name or place,
                    source=export.original(row),
                    label=row.label,
                    picture_name=row.picture,
                    stored=row,
                )
            )
    for within in files.pictures.keys() - used:
        reason = "not listed in the metadata.csv of the export"
        skipped.append(LeftOut(within.as_posix(), "not in the table", reason))
    tables = files.tables.keys() - texts.keys()
    skipped += [LeftOut(t.as_posix(), "not a picture", "no table of the export") for t in tables]
    skipped += [item for item in files.left_out if PurePosixPath(item.name).name != ORIGINALS_NAME]
    names = " and ".join(within.as_posix() for within in texts)
    return ImportScan(items=tuple(items), skipped=tuple(sorted(skipped)), rule=names)


class _ExportFolder:
    """The pictures of one export, by the paths in its metadata.

    Args:
        folder: the export's path within `files`.
        files: all files.
        stack: keeps the unpacked `originals.zip` until the import ends.
    """

    def __init__(self, folder: PurePosixPath, files: FolderFiles, stack: ExitStack) -> None:
        self.folder = folder
        self._files = files
        self._stack = stack

    @cached_property
    def _originals(self) -> Path | None:
        """The unpacked `originals.zip`; None if there is none."""
        from digitlab.datasets.picture_archive import open_folder

        path = self._files.root / self.folder / ORIGINALS_NAME
        return self._stack.enter_context(open_folder(path)) if path.is_file() else None

    def original(self, row: StoredVerdict) -> Path | None:
        """Return the file of the original picture; None if the export has none."""
        name = row.file_name if row.evidence is None else row.evidence.original
        if not name:
            return None
        start, slash, member = name.partition("/")
        if start == ORIGINALS_NAME and slash and self._originals is not None:
            path = self._originals / PurePosixPath(member).name
            return path if path.is_file() else None
        return self._files.pictures.get(self.folder / name)

    def problem(self, row: StoredVerdict) -> str | None:
        """Return why the files do not match a row; None if they do."""
        from digitlab.datasets.label_names import parse_label_name

        if row.file_name and self.folder / row.file_name not in self._files.pictures:
            return "metadata.csv lists it, but it is not there"
        folders = [parse_label_name(part) for part in PurePosixPath(row.file_name).parts[:-1]]
        for name in folders:
            if name is not None and name.digit != row.label:
                return f"its folder says {name.digit}, metadata.csv says {row.label}"
        has_original = row.evidence is None or row.evidence.original
        path = self.original(row)
        if has_original and path is None:
            return "its original picture is not in the export"
        if path is not None and row.evidence is not None:
            with path.open("rb") as file:
                if file_digest(file, "sha256").hexdigest() != row.evidence.picture_sha256:
                    return "its original picture has other bytes than the exported one"
        return None


def _scan_table(path: Path, shown: Path, stack: ExitStack) -> ImportScan:
    """Return the digits of a table, or the verdicts in the file beside an exported one.

    Args:
        path: the table.
        shown: the table in messages, or the folder or zip file with it.
        stack: keeps unpacked files until the import ends.
    """
    from digitlab.datasets.folder_files import list_files
    from digitlab.datasets.label_tables import read_table_text
    from digitlab.datasets.mnist_frame import to_mnist_frame
    from digitlab.datasets.picture_archive import open_folder
    from digitlab.datasets.tables import read_table

    table = read_table(path, shown=None if path == shown else shown)
    sidecar = path.with_name(path.stem + SIDECAR_SUFFIX)
    # A transposed digit must not become an example; an export has upright ones.
    if not sidecar.is_file() and table.pictures.shape[1:] == (28, 28):
        framed = to_mnist_frame(table.pictures, table.labels)
        rules = (*table.rules, *framed.rules)
        table = dataclasses.replace(table, pictures=framed.pictures, rules=rules)
    items = tuple(
        ImportItem(
            name=f"row {row}",
            source=picture,
            label=int(label),
            picture_name=f"{path.stem} {row}",
        )
        for row, (picture, label) in enumerate(zip(table.pictures, table.labels, strict=True), 1)
    )
    if not sidecar.is_file():
        return ImportScan(items=items, skipped=(), rule=", ".join(table.rules))
    files = list_files(stack.enter_context(open_folder(sidecar)))
    metadata = PurePosixPath(METADATA_NAME)
    text = read_table_text(files.tables[metadata]) if metadata in files.tables else ""
    scan = _scan_export(files, {metadata: text}, stack) if is_metadata(text) else None
    if scan is None or not _matches(items, text):
        raise DataError(
            f"{shown}: does not match {sidecar.name} beside it; one of them was changed after the "
            "export. Move that file away to import the digits of the table alone.",
            path=str(path),
            expected="the table of the export",
        )
    return dataclasses.replace(scan, rule=f"{sidecar.name}: {scan.rule}")


def _matches(items: Sequence[ImportItem], text: str) -> bool:
    """Tell whether a table has the digits of a `metadata.csv`, in the same order."""
    digits = [
        (row.label, row.evidence.digit_image.tobytes())
        for _, row in read_metadata(text, METADATA_NAME)
        if not isinstance(row, str) and row.label is not None and row.evidence is not None
    ]
    return digits == [(item.label, np.asarray(item.source).tobytes()) for item in items]
