"""The refusal bench: how well the model tells digits from what is no digit.

    python benchmarks/refusal.py [--fashion 2000] [--letters 3000] [--digits 1500] [--seed 0]
                                 [--model DIR] [--json] [--write]

Clothing of Fashion-MNIST (Debian's `dataset-fashion-mnist`) and letters of Debian's fonts go the
way of a picture; they should get less digit evidence than MNIST's test images. Digits of
handwriting fonts and of scikit-learn's `load_digits` should be read, and not refused. What the
machine lacks is left out and named together with the command that installs it.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from common.docs_tables import table, write
from common.font_glyphs import HANDWRITING, LETTERS, PRINTED, missing, pages

from digitlab.datasets import mnist, read_idx
from digitlab.images import from_array, read_candidates
from digitlab.model.metrics import auroc, evidence, softmax
from digitlab.model.runtime import Classifier
from digitlab.picture_reader import choose_candidate
from digitlab.settings import bundled

FASHION = Path("/usr/share/datasets/fashion-mnist/t10k-images-idx3-ubyte.gz")
TUNE_REFUSED = 0.005
"""Share of MNIST's tune split that the stand-in threshold refuses."""


@dataclass(frozen=True, kw_only=True)
class Answers:
    """What the model said of images: evidence, largest probability, guess; one row an image."""

    evidence: np.ndarray
    confidence: np.ndarray
    guess: np.ndarray


@dataclass(frozen=True, kw_only=True)
class Stranger:
    """One kind of what is no digit; shares of 1."""

    name: str
    n: int
    blank: int
    auroc_evidence: float
    auroc_confidence: float
    refused: float


@dataclass(frozen=True, kw_only=True)
class Hand:
    """One collection of digits; shares of 1, `refused` of all and of those read right."""

    name: str
    n: int
    right: float
    refused: float
    right_refused: float


def ask(classifier: Classifier, images: np.ndarray, blank: np.ndarray | None = None) -> Answers:
    """The model's answers on digit images; blank views get the lowest scores there are."""
    logits = classifier.logits_and_embeddings(images)[0]
    blank = np.zeros(len(images), bool) if blank is None else blank
    return Answers(
        evidence=np.where(blank, -np.inf, evidence(logits)),
        confidence=np.where(blank, 0, softmax(logits).max(1)),
        guess=np.where(blank, -1, logits.argmax(1)),
    )


def seen(
    classifier: Classifier, arrays: list[np.ndarray] | np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Digit images of pictures, found and chosen as `Reader.read` does; and whether blank."""
    views = []
    for array in arrays:
        candidates = read_candidates(from_array(array))
        images = np.stack([view.digit_image for view in candidates])
        views.append(candidates[choose_candidate(candidates, classifier.classify(images))])
    return np.stack([v.digit_image for v in views]), np.array([v.blank for v in views])


def stranger(name: str, found: Answers, digits: Answers, threshold: float) -> Stranger:
    """Compare what is no digit with digits."""
    return Stranger(
        name=name,
        n=len(found.guess),
        blank=int((found.guess < 0).sum()),
        auroc_evidence=auroc(digits.evidence, found.evidence),
        auroc_confidence=auroc(digits.confidence, found.confidence),
        refused=float((found.evidence < threshold).mean()),
    )


def hand(name: str, answers: Answers, labels: np.ndarray, threshold: float) -> Hand:
    """Measure digits of another hand."""
    right, refused = answers.guess == labels, answers.evidence < threshold
    return Hand(
        name=name,
        n=len(labels),
        right=float(right.mean()),
        refused=float(refused.mean()),
        right_refused=float(refused[right].mean()),
    )


def threshold_of(classifier: Classifier) -> tuple[float, str]:
    """The evidence below which a prediction is refused, and a sentence on where it is from."""
    shipped = getattr(classifier.card, "refusal", None)
    if shipped is not None:
        return float(shipped), f"Refused below the card's evidence of {shipped:.2f}."
    scores = ask(classifier, mnist.load("validation")[0]).evidence
    threshold = float(np.quantile(scores, TUNE_REFUSED))
    return threshold, (
        f"The card names no threshold: refused below an evidence of {threshold:.2f}, which "
        f"{TUNE_REFUSED:.1%} of MNIST's tune split do not reach."
    )


def load_scikit_digits() -> tuple[np.ndarray, np.ndarray] | None:
    """scikit-learn's 1,797 digits, uint8 (N, 8, 8), and labels; None without scikit-learn."""
    try:
        from sklearn.datasets import load_digits
    except ImportError:
        return None
    found = load_digits()
    return np.rint(found.images * (255 / 16)).astype(np.uint8), found.target


def run(options: argparse.Namespace) -> tuple[list[Stranger], list[Hand], list[str]]:
    """The whole bench: rows of both tables, and remarks."""
    classifier = Classifier.load(options.model)
    threshold, remark = threshold_of(classifier)
    remarks = [remark]
    x, y = mnist.load("test")
    digits = ask(classifier, x)
    strangers, hands = [], [hand("MNIST test", digits, y, threshold)]
    lacking = missing(HANDWRITING + PRINTED)
    if FASHION.exists():
        clothes = read_idx(FASHION)[: options.fashion]
        found = ask(classifier, clothes)
        strangers.append(stranger("Fashion-MNIST, into the network", found, digits, threshold))
        found = ask(classifier, *seen(classifier, clothes))
        strangers.append(stranger("Fashion-MNIST, as a picture", found, digits, threshold))
    else:
        lacking.append("dataset-fashion-mnist")
    for name, packages in {"handwriting": HANDWRITING, "printed": PRINTED}.items():
        rng = np.random.default_rng([options.seed, len(packages)])
        arrays, _ = pages(packages, LETTERS, options.letters // 2, rng=rng)
        if arrays:
            letters = f"letters, {name} fonts"
            found = ask(classifier, *seen(classifier, arrays))
            strangers.append(stranger(letters, found, digits, threshold))
    rng = np.random.default_rng([options.seed, 1])
    arrays, labels = pages(HANDWRITING, "0123456789", options.digits, rng=rng)
    if arrays:
        answers = ask(classifier, *seen(classifier, arrays))
        hands.append(hand("handwriting fonts", answers, np.array(labels, int), threshold))
    scikit = load_scikit_digits()
    if scikit is not None:
        margin = np.pad(scikit[0], ((0, 0), (2, 2), (2, 2)))
        for name, images in {"with a margin": margin, "edge to edge": scikit[0]}.items():
            answers = ask(classifier, *seen(classifier, images))
            hands.append(hand(f"scikit-learn's digits, {name}", answers, scikit[1], threshold))
    else:
        remarks.append("Without scikit-learn's digits: pip install 'digitlab[bench]'.")
    if lacking:
        remarks.append(f"Missing: apt-get install --no-install-recommends {' '.join(lacking)}")
    return strangers, hands, remarks


def tables(strangers: list[Stranger], hands: list[Hand]) -> str:
    """Both tables in Markdown."""
    first = table(
        ["no digits", "n", "blank", "AUROC, evidence", "AUROC, confidence", "refused"],
        [
            [s.name, f"{s.n:,}", f"{s.blank:,}", f"{s.auroc_evidence:.4f}",
             f"{s.auroc_confidence:.4f}", f"{s.refused:.1%}"]
            for s in strangers
        ],
    )  # fmt: skip
    second = table(
        ["digits", "n", "read right", "refused", "refused of those read right"],
        [
            [h.name, f"{h.n:,}", f"{h.right:.2%}", f"{h.refused:.2%}", f"{h.right_refused:.2%}"]
            for h in hands
        ],
    )
    return f"{first}\n\n{second}"


def main(arguments: list[str] | None = None) -> None:
    """Run the bench."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--fashion", type=int, default=2000, help="images of Fashion-MNIST")
    parser.add_argument("--letters", type=int, default=3000, help="letters, half of them printed")
    parser.add_argument("--digits", type=int, default=1500, help="digits of handwriting fonts")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--model", type=Path, default=bundled("models/base"))
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--write", action="store_true", help="write docs/refusal.md's tables")
    options = parser.parse_args(arguments)
    strangers, hands, remarks = run(options)
    command = (
        f"`python benchmarks/refusal.py --fashion {options.fashion} --letters {options.letters} "
        f"--digits {options.digits} --seed {options.seed}`, model {options.model.name}."
    )
    text = f"{' '.join([command, *remarks])}\n\n{tables(strangers, hands)}"
    if options.json:
        rows = {"no digits": strangers, "digits": hands}
        found = {name: [asdict(row) for row in part] for name, part in rows.items()}
        print(json.dumps({**found, "remarks": remarks}))
    else:
        print(text)
    if options.write:
        write("refusal", text)


if __name__ == "__main__":
    main()
