"""Jobs: the fine-tune notebook in a process of its own, now or when it is due.

Importing this loads neither papermill nor APScheduler.
"""

from digitlab.jobs.follow import follow
from digitlab.jobs.launch import LIMIT_S, start

__all__ = ["LIMIT_S", "follow", "start"]
