"""The store: the ledger of feedback with its database and pictures, and the model versions."""

from digitlab.store.database import Database
from digitlab.store.entries import (
    STATES,
    VERDICTS,
    Counts,
    Decision,
    Entry,
    Receipt,
    State,
    Verdict,
)
from digitlab.store.exchange import EXPORT_FORMATS, ExportFormat, export
from digitlab.store.feedback import FeedbackStore
from digitlab.store.intake import ImportItem, parse_legacy_name, scan_import
from digitlab.store.pictures import PictureStorage
from digitlab.store.reader import FeedbackReader
from digitlab.store.registry import ModelRegistry

__all__ = [
    "EXPORT_FORMATS",
    "STATES",
    "VERDICTS",
    "Counts",
    "Database",
    "Decision",
    "Entry",
    "ExportFormat",
    "FeedbackReader",
    "FeedbackStore",
    "ImportItem",
    "ModelRegistry",
    "PictureStorage",
    "Receipt",
    "State",
    "Verdict",
    "export",
    "parse_legacy_name",
    "scan_import",
]
