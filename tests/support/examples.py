"""Training examples made up for tests."""

from digitlab.learning.data.examples import Lesson
from support.feedback_rows import noise


def lesson(n, label, *, correction=True, weight=1.0):
    return Lesson(
        digit_image=noise(n),
        label=label,
        digit_sha256=f"{n:064x}",
        verdicts=(n,),
        correction=correction,
        check=False,
        weight=weight,
    )
