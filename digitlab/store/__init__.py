"""The store: the ledger of feedback and its pictures, the model versions, runs and schedules."""

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
from digitlab.store.moves import AliasMove, Promotion
from digitlab.store.options import Options
from digitlab.store.pictures import PictureStorage
from digitlab.store.reader import FeedbackReader
from digitlab.store.registry import ModelRegistry
from digitlab.store.relabel import relabel
from digitlab.store.runs import Run, RunLog
from digitlab.store.schedules import Schedule, ScheduleBook

__all__ = [
    "EXPORT_FORMATS",
    "STATES",
    "VERDICTS",
    "AliasMove",
    "Counts",
    "Database",
    "Decision",
    "Entry",
    "ExportFormat",
    "FeedbackReader",
    "FeedbackStore",
    "ImportItem",
    "ModelRegistry",
    "Options",
    "PictureStorage",
    "Promotion",
    "Receipt",
    "Run",
    "RunLog",
    "Schedule",
    "ScheduleBook",
    "State",
    "Verdict",
    "export",
    "parse_legacy_name",
    "relabel",
    "scan_import",
]
