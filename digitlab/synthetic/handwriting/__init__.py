"""Synthetic handwriting: digits and letters drawn as a scanner would record them."""

from digitlab.synthetic.handwriting.writer import write_digit, write_digits, write_letter

__all__ = ["write_digit", "write_digits", "write_letter"]
