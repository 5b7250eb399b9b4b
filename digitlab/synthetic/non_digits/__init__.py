"""Synthetic images without a digit, from which a network learns to refuse."""

from digitlab.synthetic.non_digits.sampler import KINDS, sample_non_digits

__all__ = ["KINDS", "sample_non_digits"]
