"""The tuned numbers of training, label quality and the gate, with unit, meaning and source."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final


@dataclass(frozen=True, kw_only=True)
class TrainingThresholds:
    """Tuned numbers of the training data and of the choice of alpha.

    `benchmarks/adapt.py` set them; `docs/learning.md` has the alternatives that were measured.

    Attributes:
        min_steps: training steps without any training example.
        steps_per_example: further steps for each training example, up to `FineTuneConfig.steps`.
        examples_before_extra_steps: training examples beyond which each one adds one more step,
            also above `FineTuneConfig.steps`.
        confirmation_share: share of the training examples in a batch that are confirmations, 0-1,
            if there are corrections and confirmations.
        photograph_share: share of the replay that is photographed digits, 0-1.
        non_digit_share: share of the replay that is images without a digit, 0-1.
        hard_examples_per_digit: images of each digit in MNIST's train split with the smallest
            margin of the base. The replay is drawn from them.
        draws_per_digit: augmented digits drawn for each digit in the replay; the ones nearest to
            the base's decision boundary are replayed.
        min_margin: logits. Below this margin an image counts as misread, and the base has nothing
            to forget about it.
        hard_replay_repeats: how often the hardest replayed digits are repeated in the second half
            of the training.
        hard_validation_images: images of the validation split, nearest to the base's decision
            boundary, that are always checked.
        validation_copies: augmented copies of each of these images.
        hard_validation_copies: copies, nearest to the decision boundary, that are checked. The
            other copies never change sides.
        easy_validation_stride: one in this number of the other images is checked, and counts for
            all of them.
        validation_copies_seed: seed of the augmentation of the copies.
        progress_images: validation images, the hardest ones, whose accuracy is reported during
            the training.
        max_validation_loss: maximum loss of accuracy on the validation split, as a share: two of
            the 5,000 holdout images, the most that the gate accepts.
    """

    min_steps: int = 80
    steps_per_example: int = 2
    examples_before_extra_steps: int = 20
    confirmation_share: float = 0.25
    photograph_share: float = 0.15
    non_digit_share: float = 0.15
    hard_examples_per_digit: int = 300
    draws_per_digit: int = 6
    min_margin: float = -1.0
    hard_replay_repeats: int = 2
    hard_validation_images: int = 1_500
    validation_copies: int = 4
    hard_validation_copies: int = 1_500
    easy_validation_stride: int = 4
    validation_copies_seed: int = 55_000
    progress_images: int = 200
    max_validation_loss: float = 0.0004


@dataclass(frozen=True, kw_only=True)
class LabelIssueThresholds:
    """Tuned numbers of the search for label issues.

    `benchmarks/label_issues.py` set them: flipped labels that are held against sound labels that
    are held by mistake. Scores are those of `gaussian_process`, about 0-1 for each label.

    Attributes:
        similarity_power: power of the cosine between two embeddings. An even power keeps the
            kernel matrix positive; at 4 a cosine of 0.7 counts a quarter.
        prior: score of each label where no similar image is known.
        vote_variance: variance of one vote.
        reviewed_variance_factor: factor of that variance for feedback that a reviewer accepted.
        min_contradiction: contradiction from which on an item is held.
        min_contradiction_of_few: added to it, divided by the number of items: few items say
            little.
        model_support: weight of the base's probability of the given label, which lowers the
            contradiction. Its root counts, up to a probability of 0.5.
        min_typicality: typicality from which on a digit looks ordinary: the share of MNIST's
            digits that lie farther from their neighbours, 0-1.
        min_typicality_in_group: the same for an item that is judged in a contributor's group.
        max_label_probability: the base's probability of the given label below which an ordinary
            digit contradicts the label.
        min_support: score of the given label from which on other feedback supports it.
        min_contributors: number of contributors from which on one can be told from the others.
        min_group_size: items of one contributor that are judged together.
        min_group_share: share of a group that must be contradicted for the group to be held.
        min_contradiction_in_group: contradiction that counts for that share.
        sitting_pause: pause that separates two sittings of a contributor.
        max_items: items that are judged: the newest ones. Older ones were judged before.
        max_similar_items: items with which one new item is compared.
    """

    similarity_power: int = 4
    prior: float = 0.1
    vote_variance: float = 2.0
    reviewed_variance_factor: float = 0.5
    min_contradiction: float = 0.11
    min_contradiction_of_few: float = 0.5
    model_support: float = 0.4
    min_typicality: float = 0.5
    min_typicality_in_group: float = 0.02
    max_label_probability: float = 0.01
    min_support: float = 0.2
    min_contributors: int = 3
    min_group_size: int = 8
    min_group_share: float = 0.5
    min_contradiction_in_group: float = 0.12
    sitting_pause: timedelta = timedelta(hours=1)
    max_items: int = 2_500
    max_similar_items: int = 400


@dataclass(frozen=True, kw_only=True)
class GateThresholds:
    """Tuned numbers of the gate.

    `benchmarks/adapt.py` set them: sound corrections of nine styles against corrections with
    flipped labels. Differences are the challenger's accuracy less the champion's, as a share.

    Attributes:
        z: one-sided 95 % quantile of the standard normal distribution.
        min_holdout_difference: minimum of the lower bound of the difference on the 5,000 holdout
            images of MNIST: -0.10 points.
        min_photographs_difference: the same on the 1,000 photographed digits: -1.0 points.
        min_digit_loss: images. From this net loss on, the images of one digit are tested.
        max_digit_p_value: p-value of the sign test below which that loss rejects the challenger.
        min_checks: checks below which all accepted corrections decide instead of the checks.
        max_latency_ms: milliseconds for one digit image through LiteRT on one thread.
        max_latency_ratio: the same as a multiple of the base's time, where that is longer.
        max_disagreements: maximum number of images on which the LiteRT file and the trained Keras
            network predict different digits.
    """

    z: float = 1.645
    min_holdout_difference: float = -0.0010
    min_photographs_difference: float = -0.010
    min_digit_loss: int = 4
    max_digit_p_value: float = 0.05
    min_checks: int = 5
    max_latency_ms: float = 0.25
    max_latency_ratio: float = 1.5
    max_disagreements: int = 10


TRAINING: Final = TrainingThresholds()
LABEL_ISSUES: Final = LabelIssueThresholds()
GATE: Final = GateThresholds()
