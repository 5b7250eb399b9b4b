"""Hostile texts for comments, names of contributors and names of files."""

from __future__ import annotations

import unicodedata

TEXTS = [
    "=cmd|' /C calc'!A0",
    "+1+1",
    "-2+3",
    "@SUM(A1:A9)",
    "\t=1+1",
    "\r=1+1",
    '=HYPERLINK("http://example.org","7")',
    "\x1b]0;title\x07\x1b[2J\x1b[31mred",
    "\x9b31m\x9d0;title\x9c",
    "\x00nul\x00",
    "\x7f\x08\x08\x08",
    "two\nlines\r\nthree",
    "\u2028line\u2029paragraph",
    "\u202eright to left\u202c \u2066isolate\u2069",
    "\u200bzero\u200dwidth\ufeff",
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "</textarea><svg/onload=alert(1)>",
    "{{ 7 * 7 }} {% for x in range(9) %} ${7*7} #{7*7}",
    "%s %n %x {0} {} %(label)s",
    "'; DROP TABLE verdicts; --",
    '" OR ""="',
    "../../../../etc/passwd",
    "..\\..\\windows\\system32",
    "file:///etc/passwd",
    "con.png",
    "a,b;c\td|e",
    '"quoted", "twice""',
    "x" * 5_000,
    "e" + "\u0301" * 500,
    "\U0001f600" * 100,
    unicodedata.normalize("NFD", "Zoë äöü"),
    "\ufffe\uffff\U0010ffff",
    "٧٣",
    " ",
    "7",
    "null",
    "NaN",
    "1e9",
    "True",
]
"""Texts that a spreadsheet, terminal, page, template, database or file system may obey."""
