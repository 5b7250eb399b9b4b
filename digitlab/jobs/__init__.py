"""Run the fine-tune notebook in a separate process, at once or on a schedule.

Importing this package does not load papermill.
"""

from digitlab.jobs.follow import follow
from digitlab.jobs.launch import TIME_LIMIT_S, start

__all__ = ["TIME_LIMIT_S", "follow", "start"]
