"""The import of feedback: read labelled pictures, or restore exported verdicts, and store them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final

import numpy as np

from digitlab.errors import FeedbackError, ImageError
from digitlab.images import Limits, decode
from digitlab.images.similarity.picture_fingerprint import QueryPicture
from digitlab.picture_reader import Reader, read_file
from digitlab.prediction import Prediction
from digitlab.store import FeedbackStore
from digitlab.store.feedback.add_imported import ImportedVerdict, add_imported, labels_in_force
from digitlab.store.feedback.import_folder import ImportItem, ImportScan
from digitlab.store.feedback.metadata import Evidence, StoredVerdict
from digitlab.store.feedback.types import Receipt, Verdict, is_correction, verdict_by_label
from digitlab.store.feedback.validation import check_contributor, to_row

BATCH: Final = 64
"""Verdicts in one transaction: an import that is stopped loses at most these."""

Progress = Callable[[int, int], None]
"""Called with the number of items done and the total."""


@dataclass(frozen=True, kw_only=True)
class ImportResult:
    """What an import stored.

    Attributes:
        added: number of new verdicts.
        known: number of verdicts that were stored already.
        unreadable: name and reason of each item that could not be stored.
    """

    added: int
    known: int
    unreadable: tuple[tuple[str, str], ...]


def import_feedback(
    scan: ImportScan,
    store: FeedbackStore,
    reader: Reader,
    *,
    limits: Limits,
    contributor: str,
    override: bool = False,
    progress: Progress | None = None,
) -> ImportResult:
    """Store the items of a scan.

    A labelled picture is read; its label confirms or corrects the prediction. An exported verdict
    is restored with its evidence, without reading its picture again.

    Args:
        scan: from `open_import`, inside its context.
        store: the home's feedback.
        reader: reads with the version that serves, without the correction memory.
        limits: of the pictures.
        contributor: name for labelled pictures.
        override: use `contributor` for exported verdicts, too.
        progress: called after each batch.

    Raises:
        StoreError: the home cannot be written. The batches before are stored; the same import
            continues there.
    """
    importer = _Importer(store, reader, limits, check_contributor(contributor), override)
    store.database.check_writable()
    receipts: list[Receipt] = []
    known = done = 0
    items = iter(scan.items)
    while batch := list(islice(items, BATCH)):
        imported, n_known = importer.prepare(batch)
        receipts += add_imported(store, imported)
        known += n_known
        done += len(batch)
        if progress is not None:
            progress(done, len(scan.items))
    added = sum(receipt.added for receipt in receipts)
    return ImportResult(
        added=added,
        known=known + len(receipts) - added,
        unreadable=tuple(importer.unreadable),
    )


class _Importer:
    """Turn items into verdicts to add; collect those that cannot be read."""

    def __init__(
        self,
        store: FeedbackStore,
        reader: Reader,
        limits: Limits,
        contributor: str,
        override: bool,
    ) -> None:
        self.unreadable: list[tuple[str, str]] = []
        self._store = store
        self._reader = reader
        self._limits = limits
        self._contributor = contributor
        self._override = override

    def prepare(self, batch: Sequence[ImportItem]) -> tuple[list[ImportedVerdict], int]:
        """Return the verdicts of a batch, and the number of pictures that need no reading."""
        known = 0
        imported = []
        pictures = dict(self._read(batch))
        hashes = [hashlib.sha256(data).hexdigest() for data in pictures.values() if data]
        stored_labels = labels_in_force(self._store, hashes)
        for row, item in enumerate(batch):
            if row not in pictures:
                continue
            data = pictures[row]
            key = (hashlib.sha256(data).hexdigest(), self._contributor)
            if data and item.stored is None and item.label in stored_labels.get(key, set()):
                known += 1
                continue
            try:
                verdict = (
                    self._from_picture(item, data)
                    if item.stored is None
                    else self._from_export(item.stored, data)
                )
            except (ImageError, FeedbackError) as error:
                self.unreadable.append((item.name, str(error)))
                continue
            if data:
                self._store.pictures.put(data)
            imported.append(verdict)
        return imported, known

    def _read(self, batch: Sequence[ImportItem]) -> Iterator[tuple[int, bytes]]:
        """Yield the bytes of the readable files of a batch, empty for pixels and no original."""
        for row, item in enumerate(batch):
            if not isinstance(item.source, Path):
                yield row, b""
                continue
            try:
                yield row, read_file(item.source, max_bytes=self._limits.max_bytes)
            except ImageError as error:
                self.unreadable.append((item.name, str(error)))

    def _from_picture(self, item: ImportItem, data: bytes) -> ImportedVerdict:
        source = data or np.asarray(item.source)
        prediction = self._reader.read(source, name=item.picture_name)
        comment = "" if item.predicted is None else f"imported; was read as {item.predicted}"
        row = to_row(
            prediction,
            _verdict(prediction, item.label),
            label=item.label,
            contributor=self._contributor,
            comment=comment,
        )
        return ImportedVerdict(
            row=row, fingerprint=prediction.fingerprint, time=None, is_exported=False
        )

    def _from_export(self, stored: StoredVerdict, data: bytes) -> ImportedVerdict:
        if stored.evidence is None:  # an export of digitlab 0.1: read the picture again
            prediction = self._reader.read(data, name=stored.picture)
            verdict = stored.verdict if stored.label is None else _verdict(prediction, stored.label)
        else:
            prediction = self._restore(stored, stored.evidence, data)
            verdict = stored.verdict
        row = to_row(
            prediction,
            verdict,
            label=stored.label,
            contributor=self._contributor if self._override else stored.contributor,
            comment=stored.comment,
        )
        return ImportedVerdict(
            row=row, fingerprint=prediction.fingerprint, time=stored.time, is_exported=True
        )

    def _restore(self, stored: StoredVerdict, evidence: Evidence, data: bytes) -> Prediction:
        """Return the prediction that was judged; check that its picture can be read.

        Raises:
            ImageError: the original cannot be read.
            FeedbackError: the box is not in the picture.
        """
        fingerprint = b""
        if data:
            picture = decode(data, limits=self._limits)
            x, y, width, height = stored.box
            if x + width > picture.size[0] or y + height > picture.size[1]:
                raise FeedbackError(f"The box {stored.box} is not in the picture {picture.size}.")
            if is_correction(stored.verdict, remembered=evidence.remembered):
                query = QueryPicture(picture.grey)
                fingerprint = query.fingerprint(stored.box, picture.size).to_bytes()
        return Prediction(
            digit=stored.predicted,
            confidence=stored.confidence,
            probabilities=evidence.probabilities,
            refused=evidence.refused,
            remembered=evidence.remembered,
            model=stored.model,
            box=stored.box,
            digit_image=evidence.digit_image,
            picture_sha256=evidence.picture_sha256,
            name=stored.picture,
            picture=data,
            fingerprint=fingerprint,
        )


def _verdict(prediction: Prediction, label: int | None) -> Verdict:
    """Return the verdict that a label of the whole picture gives."""
    return verdict_by_label(label, predicted=prediction.digit, refused=prediction.refused)
