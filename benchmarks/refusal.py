"""Measure how well the model tells digits from images without a digit.

    python benchmarks/refusal.py [--fashion 2000] [--letters 3000] [--digits 1500] [--seed 0]
                                 [--model DIR] [--json] [--write]

Clothes of Fashion-MNIST (Debian's `dataset-fashion-mnist`) and letters of Debian's fonts are read
as pictures. They should get less digit evidence than MNIST's test images. Digits of handwriting
fonts and of scikit-learn's `load_digits` should be read right and not refused. The result leaves
out what is not installed, and names the command that installs it.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from common.docs_tables import markdown_table, write_to_docs
from common.font_glyphs import HANDWRITING, LETTERS, PRINTED, draw_pages, missing_packages

from digitlab.candidate_choice import choose_candidate, doubt
from digitlab.datasets import mnist, read_idx
from digitlab.images import from_array, read_candidates
from digitlab.model.metrics import auroc, evidence, softmax
from digitlab.model.runtime import Classifier
from digitlab.settings import bundled

FASHION = Path("/usr/share/datasets/fashion-mnist/t10k-images-idx3-ubyte.gz")
VALIDATION_REFUSED = 0.005
"""Share of MNIST's validation split that the threshold refuses if the card has no threshold."""


@dataclass(frozen=True, kw_only=True)
class Outputs:
    """The model's outputs for N images.

    Attributes:
        evidence: digit evidence, (N,); -inf for a blank image.
        confidence: largest probability, (N,).
        digits: predicted digits, (N,); -1 for a blank image.
    """

    evidence: np.ndarray
    confidence: np.ndarray
    digits: np.ndarray


@dataclass(frozen=True, kw_only=True)
class NonDigitRow:
    """Results for one kind of images without a digit; shares of 1."""

    name: str
    n: int
    blank: int
    auroc_evidence: float
    auroc_confidence: float
    refused: float


@dataclass(frozen=True, kw_only=True)
class DigitRow:
    """Results for one collection of digits; shares of 1, of all and of those read right."""

    name: str
    n: int
    right: float
    refused: float
    right_refused: float


def classify(
    classifier: Classifier,
    images: np.ndarray,
    blank: np.ndarray | None = None,
    doubt: np.ndarray | float = 0.0,
) -> Outputs:
    """Return the model's outputs for digit images; blank ones get the lowest scores.

    The front end's doubt lowers the evidence, as in `Reader.read`.
    """
    logits = classifier.logits_and_embeddings(images)[0]
    blank = np.zeros(len(images), bool) if blank is None else blank
    return Outputs(
        evidence=np.where(blank, -np.inf, evidence(logits) - doubt),
        confidence=np.where(blank, 0, softmax(logits).max(1)),
        digits=np.where(blank, -1, logits.argmax(1)),
    )


def read_pictures(
    classifier: Classifier, pictures: list[np.ndarray] | np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Read pictures with the front end, and choose candidates as `Reader.read` does.

    Returns:
        Digit images, uint8 (N, 28, 28); whether each is blank, bool (N,); and the front end's
        doubt, in logits, (N,).
    """
    chosen = []
    for picture in pictures:
        candidates = read_candidates(from_array(picture))
        images = np.stack([candidate.digit_image for candidate in candidates])
        chosen.append(candidates[choose_candidate(candidates, classifier.classify(images)).number])
    return (
        np.stack([candidate.digit_image for candidate in chosen]),
        np.array([candidate.blank for candidate in chosen]),
        np.array([doubt(candidate) for candidate in chosen]),
    )


def non_digit_row(name: str, outputs: Outputs, digits: Outputs, threshold: float) -> NonDigitRow:
    """Compare images without a digit with digits."""
    return NonDigitRow(
        name=name,
        n=len(outputs.digits),
        blank=int((outputs.digits < 0).sum()),
        auroc_evidence=auroc(digits.evidence, outputs.evidence),
        auroc_confidence=auroc(digits.confidence, outputs.confidence),
        refused=float((outputs.evidence < threshold).mean()),
    )


def digit_row(name: str, outputs: Outputs, labels: np.ndarray, threshold: float) -> DigitRow:
    """Measure a collection of digits."""
    right, refused = outputs.digits == labels, outputs.evidence < threshold
    return DigitRow(
        name=name,
        n=len(labels),
        right=float(right.mean()),
        refused=float(refused.mean()),
        right_refused=float(refused[right].mean()),
    )


def refusal_threshold(classifier: Classifier) -> tuple[float, str]:
    """Return the evidence below which a prediction is refused, and a sentence on its source."""
    threshold = getattr(classifier.card, "refusal", None)
    if threshold is not None:
        return float(threshold), f"Refused below the card's evidence of {threshold:.2f}."
    scores = classify(classifier, mnist.load("validation")[0]).evidence
    threshold = float(np.quantile(scores, VALIDATION_REFUSED))
    return threshold, (
        f"The card has no threshold: refused below an evidence of {threshold:.2f}, which refuses "
        f"{VALIDATION_REFUSED:.1%} of MNIST's validation split."
    )


def load_scikit_digits() -> tuple[np.ndarray, np.ndarray] | None:
    """Return scikit-learn's 1,797 digits, uint8 (N, 8, 8), and labels; None if not installed."""
    try:
        from sklearn.datasets import load_digits
    except ImportError:
        return None
    digits = load_digits()
    return np.rint(digits.images * (255 / 16)).astype(np.uint8), digits.target


def run(options: argparse.Namespace) -> tuple[list[NonDigitRow], list[DigitRow], list[str]]:
    """Return the rows of both tables, and remarks."""
    classifier = Classifier.load(options.model)
    threshold, remark = refusal_threshold(classifier)
    remarks = [remark]
    x, y = mnist.load("test")
    digits = classify(classifier, x)
    non_digit_rows: list[NonDigitRow] = []
    digit_rows = [digit_row("MNIST test", digits, y, threshold)]
    packages_to_install = missing_packages(HANDWRITING + PRINTED)

    def add_non_digits(name: str, outputs: Outputs) -> None:
        non_digit_rows.append(non_digit_row(name, outputs, digits, threshold))

    if FASHION.exists():
        clothes = read_idx(FASHION)[: options.fashion]
        add_non_digits("Fashion-MNIST, into the network", classify(classifier, clothes))
        outputs = classify(classifier, *read_pictures(classifier, clothes))
        add_non_digits("Fashion-MNIST, as a picture", outputs)
    else:
        packages_to_install.append("dataset-fashion-mnist")
    for name, packages in {"handwriting": HANDWRITING, "printed": PRINTED}.items():
        rng = np.random.default_rng([options.seed, len(packages)])
        pages, _ = draw_pages(packages, LETTERS, options.letters // 2, rng=rng)
        if pages:
            outputs = classify(classifier, *read_pictures(classifier, pages))
            add_non_digits(f"letters, {name} fonts", outputs)
    rng = np.random.default_rng([options.seed, 1])
    pages, labels = draw_pages(HANDWRITING, "0123456789", options.digits, rng=rng)
    if pages:
        outputs = classify(classifier, *read_pictures(classifier, pages))
        digit_rows.append(digit_row("handwriting fonts", outputs, np.array(labels, int), threshold))
    scikit = load_scikit_digits()
    if scikit is not None:
        images, targets = scikit
        with_margin = np.pad(images, ((0, 0), (2, 2), (2, 2)))
        for name, pictures in {"with a margin": with_margin, "edge to edge": images}.items():
            outputs = classify(classifier, *read_pictures(classifier, pictures))
            digit_rows.append(
                digit_row(f"scikit-learn's digits, {name}", outputs, targets, threshold)
            )
    else:
        remarks.append("Without scikit-learn's digits: pip install 'digitlab[bench]'.")
    if packages_to_install:
        packages_text = " ".join(packages_to_install)
        remarks.append(f"Missing: apt-get install --no-install-recommends {packages_text}")
    return non_digit_rows, digit_rows, remarks


def format_tables(non_digit_rows: list[NonDigitRow], digit_rows: list[DigitRow]) -> str:
    """Return both tables in Markdown."""
    non_digits = markdown_table(
        ["no digits", "n", "blank", "AUROC, evidence", "AUROC, confidence", "refused"],
        [
            [
                row.name,
                f"{row.n:,}",
                f"{row.blank:,}",
                f"{row.auroc_evidence:.4f}",
                f"{row.auroc_confidence:.4f}",
                f"{row.refused:.1%}",
            ]
            for row in non_digit_rows
        ],
    )
    digits = markdown_table(
        ["digits", "n", "read right", "refused", "refused of those read right"],
        [
            [
                row.name,
                f"{row.n:,}",
                f"{row.right:.2%}",
                f"{row.refused:.2%}",
                f"{row.right_refused:.2%}",
            ]
            for row in digit_rows
        ],
    )
    return f"{non_digits}\n\n{digits}"


def main(arguments: list[str] | None = None) -> None:
    """Measure both kinds of images and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--fashion", type=int, default=2000, help="images of Fashion-MNIST")
    parser.add_argument("--letters", type=int, default=3000, help="letters, half of them printed")
    parser.add_argument("--digits", type=int, default=1500, help="digits of handwriting fonts")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--model", type=Path, default=bundled("models/base"))
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--write", action="store_true", help="write the tables into docs/")
    options = parser.parse_args(arguments)
    non_digit_rows, digit_rows, remarks = run(options)
    command = (
        f"`python benchmarks/refusal.py --fashion {options.fashion} --letters {options.letters} "
        f"--digits {options.digits} --seed {options.seed}`, model {options.model.name}."
    )
    text = f"{' '.join([command, *remarks])}\n\n{format_tables(non_digit_rows, digit_rows)}"
    if options.json:
        rows = {
            "no digits": [asdict(row) for row in non_digit_rows],
            "digits": [asdict(row) for row in digit_rows],
        }
        print(json.dumps({**rows, "remarks": remarks}))
    else:
        print(text)
    if options.write:
        write_to_docs("refusal", text)


if __name__ == "__main__":
    main()
