"""The store of a home: feedback with its pictures, model versions, runs and schedules."""

from digitlab.store.database import Database
from digitlab.store.feedback.export import EXPORT_FORMATS, ExportFormat, export
from digitlab.store.feedback.import_folder import ImportItem, ImportScan, open_import
from digitlab.store.feedback.pictures import PictureStorage
from digitlab.store.feedback.store import FeedbackStore
from digitlab.store.feedback.types import (
    STATES,
    VERDICTS,
    Counts,
    Entry,
    Receipt,
    ReviewState,
    State,
    Verdict,
)
from digitlab.store.home_settings import HomeSettings
from digitlab.store.models.aliases import AliasMove, Promotion
from digitlab.store.models.registry import ModelRegistry, ModelVersion
from digitlab.store.runs.log import RunLog
from digitlab.store.runs.schedules import Schedule, ScheduleBook
from digitlab.store.runs.types import Run

__all__ = [
    "EXPORT_FORMATS",
    "STATES",
    "VERDICTS",
    "AliasMove",
    "Counts",
    "Database",
    "Entry",
    "ExportFormat",
    "FeedbackStore",
    "HomeSettings",
    "ImportItem",
    "ImportScan",
    "ModelRegistry",
    "ModelVersion",
    "PictureStorage",
    "Promotion",
    "Receipt",
    "ReviewState",
    "Run",
    "RunLog",
    "Schedule",
    "ScheduleBook",
    "State",
    "Verdict",
    "export",
    "open_import",
]
