"""Pictures: from the bytes of a file to the digit images that a model reads."""

from digitlab.images.decode import Limits, decode, extract_page
from digitlab.images.multi_digit.reader import MAX_DIGITS, read_digits, segment_page
from digitlab.images.picture import Picture, from_array
from digitlab.images.several_digits import may_be_several
from digitlab.images.single_digit import (
    DigitCandidate,
    find_ready_digit,
    read_candidates,
    read_digit,
    search_digit,
)

__all__ = [
    "MAX_DIGITS",
    "DigitCandidate",
    "Limits",
    "Picture",
    "decode",
    "extract_page",
    "find_ready_digit",
    "from_array",
    "may_be_several",
    "read_candidates",
    "read_digit",
    "read_digits",
    "search_digit",
    "segment_page",
]
