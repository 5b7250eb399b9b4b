"""Training examples for tests."""

from digitlab.learning.data.examples import TrainingExample
from support.feedback_rows import noise


def example(n, label, *, correction=True, weight=1.0):
    return TrainingExample(
        digit_image=noise(n),
        label=label,
        digit_sha256=f"{n:064x}",
        verdicts=(n,),
        correction=correction,
        check=False,
        weight=weight,
    )
