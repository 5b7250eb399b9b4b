"""Pictures: from the bytes that a person gave to the digit image that a model reads."""

from digitlab.images.decode import Limits, decode
from digitlab.images.picture import Picture, from_array
from digitlab.images.reading import DigitView, read_digit

__all__ = ["DigitView", "Limits", "Picture", "decode", "from_array", "read_digit"]
