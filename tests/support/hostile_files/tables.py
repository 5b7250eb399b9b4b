"""Hostile tables: damaged CSV, NPZ and IDX files, lying headers and decompression bombs."""

from __future__ import annotations

import gzip
import io
import struct
import zipfile
from collections.abc import Iterator

import numpy as np

from support.hostile_files.damage import damaged

ROWS = 12
HEADER = ",".join(["label", *(f"pixel{index}" for index in range(784))])


def tables() -> Iterator[tuple[str, bytes]]:
    """Yield the name and the bytes of each table."""
    for name, data in _whole_files():
        yield name, data
        yield from damaged(name, data, flips=5)
    yield from _csv_files()
    yield from _npz_files()
    yield from _idx_files()
    yield from _other_content()


def _digits() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(3)
    return rng.integers(0, 256, (ROWS, 28, 28), np.uint8), np.arange(ROWS, dtype=np.uint8) % 10


def _whole_files() -> Iterator[tuple[str, bytes]]:
    x, y = _digits()
    yield "whole.csv", _csv(HEADER)
    yield "whole.csv.gz", gzip.compress(_csv(HEADER))
    yield "whole.npz", _npz(x=x, y=y)
    yield "packed.npz", _npz(np.savez_compressed, x=x, y=y)
    yield "t10k-images-idx3-ubyte", b"\0\0\x08\3" + struct.pack(">III", *x.shape) + x.tobytes()


def _csv_files() -> Iterator[tuple[str, bytes]]:
    x, y = _digits()
    row = ",".join(map(str, [y[0], *x[0].ravel()]))

    def lines(*rows: str) -> bytes:
        return "\n".join([HEADER, *rows, ""]).encode()

    for name, value in {
        "negative": "-1",
        "above-255": "256",
        "huge": "9" * 400,
        "float-overflow": "1e400",
        "nan": "nan",
        "inf": "-inf",
        "hex": "0x10",
        "formula": "=cmd|' /C calc'!A0",
        "empty": "",
        "nul": "\0",
        "escape": "\x1b[31m",
        "words": "seven",
        "long": "1" * 1_000_000,
        "unclosed-quote": '"5',
        "arabic-digit": "٣",
    }.items():
        yield f"pixel-{name}.csv", lines(row.rpartition(",")[0] + "," + value)
        if name != "long":
            yield f"label-{name}.csv", lines(value + "," + row.partition(",")[2])
    yield "label-10.csv", lines("10," + row.partition(",")[2])
    yield "short-row.csv", lines(row, row.rpartition(",")[0])
    yield "long-row.csv", lines(row, row + ",1")
    yield "header-alone.csv", lines()
    yield "header-twice.csv", lines(HEADER, row)
    yield "same-names.csv", _csv("label" + ",pixel0" * 784)
    yield "labels-missing.csv", "\n".join([HEADER[6:], row.partition(",")[2]]).encode()
    yield "one-long-line.csv", row.encode() * 2_000
    yield "many-columns.csv", b",".join([b"1"] * 500_000)
    yield "many-lines.csv", b"1\n" * 500_000
    yield "line-breaks.csv", b"\n" * 2_000_000
    yield "commas.csv", b"," * 2_000_000
    yield "quotes.csv", b'"' * 500_001
    yield "utf-16-without-mark.csv", lines(row).decode().encode("utf-16-le")
    yield "utf-32.csv", lines(row).decode().encode("utf-32")
    yield "latin-1.csv", b"\xe9" + lines(row)
    yield "bomb.csv.gz", gzip.compress(bytes(300_000_000), 9)
    yield (
        "digits-bomb.csv.gz",
        gzip.compress(HEADER.encode() + b"\n" + (row.encode() + b"\n") * 90_000, 1),
    )
    yield "nested.csv.gz", gzip.compress(gzip.compress(lines(row)))
    yield "two-members.csv.gz", gzip.compress(lines(row)) + gzip.compress(lines(row))
    yield "junk-after.csv.gz", gzip.compress(lines(row)) + b"junk" * 100


def _npz_files() -> Iterator[tuple[str, bytes]]:
    x, y = _digits()
    yield "objects.npz", _npz(x=np.array([{}, []], object), y=y[:2])
    yield "words.npz", _npz(x=x, y=np.array(["seven"] * ROWS))
    yield "dates.npz", _npz(x=x, y=np.zeros(ROWS, "M8[s]"))
    yield "records.npz", _npz(x=np.zeros(ROWS, [("a", "u1", (28, 28))]), y=y)
    yield "complex.npz", _npz(x=x.astype(complex), y=y)
    yield "nan.npz", _npz(x=np.full(x.shape, np.nan), y=y)
    yield "infinite.npz", _npz(x=np.full(x.shape, np.inf), y=y)
    yield "negative.npz", _npz(x=-x.astype(int), y=y)
    yield "above-255.npz", _npz(x=x.astype(int) * 1_000, y=y)
    yield "fraction-labels.npz", _npz(x=x, y=y + 0.5)
    yield "labels-10.npz", _npz(x=x, y=y + 10)
    yield "labels-huge.npz", _npz(x=x, y=np.full(ROWS, 2**63 - 1))
    yield "fewer-labels.npz", _npz(x=x, y=y[:-1])
    yield "no-labels.npz", _npz(x=x)
    yield "no-arrays.npz", _npz()
    yield "no-rows.npz", _npz(x=x[:0], y=y[:0])
    yield "scalar.npz", _npz(x=np.uint8(3), y=np.uint8(3))
    yield "five-axes.npz", _npz(x=x[None, None], y=y)
    yield "two-hot.npz", _npz(x=x, y=np.ones((ROWS, 10)))
    yield "single.npz", _npy(x)
    yield "single.npy", _npy(x)
    yield "bomb.npz", _npz(np.savez_compressed, x=np.zeros((300_000, 28, 28), np.uint8), y=y)
    for name, header in {
        "huge-shape": "{'descr': '|u1', 'fortran_order': False, 'shape': (1000000000, 28, 28), }",
        "negative-shape": "{'descr': '|u1', 'fortran_order': False, 'shape': (-1, 28, 28), }",
        "endless-shape": "{'descr': '|u1', 'fortran_order': False, 'shape': (%s), }" % ("9," * 99),
        "wide-items": "{'descr': '|V2000000000', 'fortran_order': False, 'shape': (9,), }",
        "wide-text": "{'descr': '<U500000000', 'fortran_order': False, 'shape': (9,), }",
        "cut-header": "{'descr': '|u1', 'shape': (2,",
        "code": "__import__('os').system('id')",
        "deep": "(" * 5_000,
        "dashes": "-" * 9_000,
        "wrong-types": "{'descr': 5, 'fortran_order': 'x', 'shape': None, }",
        "escape": "{'descr': '\x1b[31m', 'fortran_order': False, 'shape': (), }",
    }.items():
        npy = b"\x93NUMPY\x01\0" + struct.pack("<H", len(header) + 1) + header.encode() + b"\n"
        yield f"header-{name}.npz", _zip(("x.npy", npy + bytes(64)), ("y.npy", npy + bytes(64)))
    yield "members-twice.npz", _zip(("x.npy", _npy(x)), ("x.npy", _npy(x[:3])), ("y.npy", _npy(y)))
    yield "upward-name.npz", _zip(("../../x.npy", _npy(x)), ("y.npy", _npy(y)))
    yield "no-suffix.npz", _zip(("x", _npy(x)), ("y", _npy(y)))
    yield "many-members.npz", _zip(*[(f"{n}.npy", b"") for n in range(20_000)])
    yield "text-members.npz", _zip(("x.npy", b"hello"), ("y.npy", b"hello"))
    yield "empty-members.npz", _zip(("x.npy", b""), ("y.npy", b""))


def _idx_files() -> Iterator[tuple[str, bytes]]:
    for name, head in {
        "promised": b"\0\0\x08\3" + struct.pack(">III", 2**31, 28, 28),
        "overflow": b"\0\0\x08\4" + struct.pack(">IIII", *[2**32 - 1] * 4),
        "many-axes": b"\0\0\x08\xff" + struct.pack(">I", 1) * 255,
        "no-axes": b"\0\0\x08\0",
        "no-rows": b"\0\0\x08\3" + struct.pack(">III", 0, 28, 28),
        "floats": b"\0\0\x0d\3" + struct.pack(">III", 1, 28, 28),
        "labels-alone": b"\0\0\x08\1" + struct.pack(">I", 5) + bytes(5),
        "no-sizes": b"\0\0\x08\3",
    }.items():
        yield f"{name}-images-idx3-ubyte", head
        yield f"{name}-images-idx3-ubyte.gz", gzip.compress(head)


def _other_content() -> Iterator[tuple[str, bytes]]:
    for suffix in ("csv", "npz", "csv.gz", "npy", "idx", "json", "parquet", "xlsx", "pkl", "zip"):
        yield f"empty.{suffix}", b""
        yield f"random.{suffix}", np.random.default_rng(4).bytes(20_000)
    yield "workbook.csv", _zip(("xl/workbook.xml", b"<a/>"))
    yield "database.csv", b"SQLite format 3\0" + bytes(4_000)
    yield "page.csv", b"<!doctype html><table><tr><td>1</td></tr></table>"


def _csv(header: str) -> bytes:
    x, y = _digits()
    rows = [",".join(map(str, [label, *image.ravel()])) for image, label in zip(x, y, strict=True)]
    return "\n".join([header, *rows, ""]).encode()


def _npz(save=np.savez, **arrays: np.ndarray) -> bytes:
    out = io.BytesIO()
    save(out, **arrays)
    return out.getvalue()


def _npy(array: np.ndarray) -> bytes:
    out = io.BytesIO()
    np.save(out, array)
    return out.getvalue()


def _zip(*members: tuple[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members:
            archive.writestr(zipfile.ZipInfo(name), data)
    return out.getvalue()
