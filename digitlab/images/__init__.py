"""Pictures: from the bytes that a person gave to the digit image that a model reads."""

from digitlab.images.decode import Limits, decode
from digitlab.images.picture import Picture, from_array
from digitlab.images.reading import DigitView, read_candidates, read_digit
from digitlab.images.several.split import MAX_DIGITS, read_digits, read_spots

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
