"""Pictures: from the bytes that a person gave to the digit image that a model reads."""

from digitlab.images.decode import Limits, decode
from digitlab.images.multi_digit.reader import MAX_DIGITS, read_digits, read_spots
from digitlab.images.picture import Picture, from_array
from digitlab.images.single_digit import DigitView, read_candidates, read_digit

__all__ = [
    "MAX_DIGITS",
    "DigitView",
    "Limits",
    "Picture",
    "decode",
    "from_array",
    "read_candidates",
    "read_digit",
    "read_digits",
    "read_spots",
]
