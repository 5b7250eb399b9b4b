"""The messages of receipts."""

import pytest

from digitlab.store.feedback.receipt import held_receipt, make_receipt, with_next_step


def receipt(verdict="wrong", label=7, predicted=1, **changes):
    """The receipt of a first verdict."""
    values = {"id": 5, "added": True, "superseded": None, "state": "accepted"} | changes
    return make_receipt(verdict=verdict, label=label, predicted=predicted, **values)


@pytest.mark.parametrize(
    ("verdict", "label", "predicted", "message"),
    [
        ("right", 1, 1, "Kept: this is a 1."),
        ("wrong", 7, 1, "Kept: this is a 7, not a 1."),
        ("wrong", 8, 1, "Kept: this is an 8, not a 1."),
        ("wrong", 7, 8, "Kept: this is a 7, not an 8."),
        ("wrong", 7, 7, "Kept: this is a 7."),
        ("not-a-digit", None, 1, "Kept: this is not a digit."),
        ("unsure", None, 1, "Kept: you are not sure what this is."),
    ],
)
def test_the_message_repeats_the_statement(verdict, label, predicted, message):
    assert receipt(verdict, label, predicted).message == message


def test_the_message_tells_a_change_from_a_repetition():
    assert receipt(superseded=3).message == "Changed: this is a 7, not a 1."
    assert receipt(added=False).message == "You had said so before: this is a 7, not a 1."


def test_the_message_tells_the_state_of_a_review():
    assert receipt(state="held").message.endswith("not a 1; it waits for review.")
    assert receipt(state="rejected").message.endswith("not a 1; a reviewer has set it aside.")


def test_the_receipt_has_the_values_of_the_verdict():
    values = receipt(superseded=3, state="held")
    assert (values.id, values.added, values.superseded, values.state) == (5, True, 3, "held")


def test_a_verdict_held_after_it_was_accepted_gets_the_reason():
    held = held_receipt(receipt(), "It looks like a 1.")
    assert held.state == "held"
    assert held.message == "Kept: this is a 7, not a 1; it waits for review: It looks like a 1."


@pytest.mark.parametrize(
    ("state", "next_step"),
    [
        ("accepted", "It is remembered from now on, and the next fine-tune uses it."),
        ("held", "Until then it is remembered for you alone."),
        ("rejected", ""),
    ],
)
def test_the_next_step_depends_on_the_state(state, next_step):
    plain = receipt(state=state)
    assert with_next_step(plain).message == f"{plain.message} {next_step}".strip()


def test_a_correction_of_an_evaluation_image_is_never_learned():
    message = with_next_step(receipt(), among="digits of MNIST's test images").message
    assert message.endswith(
        "remembered from now on, but never learned: it is among the digits of MNIST's test images."
    )
    held = with_next_step(receipt(state="held"), among="digits of MNIST's test images").message
    assert "never learned" not in held
