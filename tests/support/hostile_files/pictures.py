"""Hostile pictures: damaged files, decompression bombs, lying headers and costly patterns."""

from __future__ import annotations

import gzip
import io
import pickle
import struct
import zlib
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from support.hostile_files.damage import damaged
from support.picture_files import encode

SIDE = 900
"""Side of the patterns in pixels."""


def pictures() -> Iterator[tuple[str, bytes]]:
    """Yield the name and the bytes of each picture."""
    for name, data in _whole_files():
        yield name, data
        yield from damaged(name, data)
    yield from _headers_only()
    yield from _bombs()
    yield from _other_content()


def patterns() -> Iterator[tuple[str, bytes]]:
    """Yield pictures that are whole and small, but costly to take apart."""
    for name, pixels in _patterns():
        yield f"{name}.png", encode(Image.fromarray(pixels), "PNG")


def _whole_files() -> Iterator[tuple[str, bytes]]:
    image = Image.new("L", (96, 96), 230)
    draw = ImageDraw.Draw(image)
    draw.line([(30, 20), (66, 20), (42, 78)], fill=20, width=6)
    rgb = image.convert("RGB")
    yield "seven.png", encode(image, "PNG")
    yield "seven-palette.png", encode(rgb.quantize(16), "PNG")
    yield "seven.jpg", encode(rgb, "JPEG")
    yield "seven-progressive.jpg", encode(rgb, "JPEG", progressive=True)
    yield "seven-cmyk.jpg", encode(rgb.convert("CMYK"), "JPEG")
    yield "seven.gif", encode(image, "GIF")
    yield "seven.bmp", encode(rgb, "BMP")
    yield "seven.webp", encode(rgb, "WEBP", lossless=True)
    yield "seven.tif", encode(image, "TIFF", compression="tiff_lzw")
    yield "seven-g4.tif", encode(image.convert("1"), "TIFF", compression="group4")
    yield "seven.heic", encode(rgb, "HEIC")
    yield "seven.avif", encode(rgb, "AVIF")
    yield "seven.pdf", encode(rgb, "PDF")


def _headers_only() -> Iterator[tuple[str, bytes]]:
    magic = {
        "png": b"\x89PNG\r\n\x1a\n",
        "jpg": b"\xff\xd8\xff\xe0",
        "gif": b"GIF89a",
        "bmp": b"BM",
        "tif": b"II*\0",
        "webp": b"RIFF\xff\xff\xff\xffWEBPVP8L",
        "heic": b"\0\0\0\x18ftypheic\0\0\0\0heic",
        "avif": b"\0\0\0\x18ftypavif\0\0\0\0avif",
        "pdf": b"%PDF-1.7\n",
    }
    for suffix, start in magic.items():
        yield f"header-alone.{suffix}", start
        yield f"header-and-zeros.{suffix}", start + bytes(50_000)
        yield f"header-and-ones.{suffix}", start + b"\xff" * 50_000


def _bombs() -> Iterator[tuple[str, bytes]]:
    zeros = zlib.compress(bytes(30_000_000), 9)
    for width, height in ((0, 0), (1, 2**31 - 1), (2**31 - 1, 2**31 - 1), (30_000, 30_000)):
        yield f"size-{width}x{height}.png", _png(width, height, zeros)
    yield "more-pixels-than-promised.png", _png(8, 8, zeros)
    yield "text-bomb.png", _png(8, 8, zlib.compress(bytes(72)), (b"zTXt", b"a\0\0" + zeros))
    yield "profile-bomb.png", _png(8, 8, zlib.compress(bytes(72)), (b"iCCP", b"a\0\0" + zeros))
    yield "many-chunks.png", _png(8, 8, zlib.compress(bytes(72)), *[(b"teXt", b"a\0b")] * 40_000)
    flat = Image.new("L", (3000, 3000), 128)
    progressive = encode(flat, "JPEG", progressive=True, quality=50)
    scan = progressive[progressive.rindex(b"\xff\xda") : -2]
    yield "many-scans.jpg", progressive[:-2] + scan * 400 + b"\xff\xd9"
    yield "many-markers.jpg", progressive[:2] + b"\xff\xfe\0\2" * 200_000 + progressive[2:]
    yield "many-tables.jpg", progressive[:2] + _first_table(progressive) * 5_000 + progressive[2:]
    yield "size-65535.jpg", _with_jpeg_size(encode(flat, "JPEG"), 65_535, 65_535)
    yield "size-0.jpg", _with_jpeg_size(encode(flat, "JPEG"), 0, 0)
    yield (
        "size-65535.gif",
        b"GIF89a" + struct.pack("<HH", 65_535, 65_535) + b"\xf0\0\0" + bytes(200),
    )
    frames = [Image.new("L", (400, 400), n % 256) for n in range(300)]
    yield "many-frames.gif", encode(frames[0], "GIF", save_all=True, append_images=frames[1:])
    yield "many-frames.webp", encode(frames[0], "WEBP", save_all=True, append_images=frames[1:])
    yield "many-frames.png", encode(frames[0], "PNG", save_all=True, append_images=frames[1:])
    yield "many-pages.tif", encode(frames[0], "TIFF", save_all=True, append_images=frames[1:])
    yield "flat-16383.webp", encode(Image.new("L", (16_383, 4_000)), "WEBP", lossless=True)
    yield "flat-10000.png", encode(Image.new("1", (10_000, 10_000)), "PNG")
    yield "flat-10000.tif", encode(Image.new("1", (10_000, 10_000)), "TIFF", compression="group4")
    yield "directory-loop.tif", b"II*\0" + struct.pack("<IHI", 8, 0, 8)
    yield "huge-tag.tif", b"II*\0" + struct.pack("<IHHHIII", 8, 1, 273, 4, 2**31, 8, 0)
    tag = struct.pack("<HHII", 256, 4, 1, 0)
    yield (
        "many-tags.tif",
        b"II*\0" + struct.pack("<IH", 8, 65_535) + tag * 999,
    )
    yield "huge.bmp", _bmp(2**30, 2**30)
    yield "negative.bmp", _bmp(-5, -5)
    yield "upside-down.bmp", _bmp(20, -20)
    for name, objects in _pdf_objects().items():
        yield f"{name}.pdf", _pdf(objects)


def _other_content() -> Iterator[tuple[str, bytes]]:
    yield "empty.png", b""
    yield "one-byte.png", b"\x89"
    yield "zeros.png", bytes(1_000_000)
    yield "random.png", np.random.default_rng(0).bytes(200_000)
    yield "text.png", b"A picture says more than \x1b[31mwords\x1b[0m.\n" * 1_000
    yield "page.png", b"<!doctype html><script>alert(1)</script>"
    yield "laughs.png", _laughing_svg()
    yield "program.png", b"MZ" + bytes(500)
    yield "gzip.png", gzip.compress(bytes(50_000_000))
    yield "zip.png", b"PK\x05\x06" + bytes(18)
    yield (
        "pickle.png",
        pickle.dumps(print),
    )
    yield "postscript.png", b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n(%pipe%id) (r) file"
    yield "icon.png", encode(Image.new("RGBA", (64, 64)), "ICO")
    yield "transparent.png", encode(Image.new("RGBA", (200, 200)), "PNG")
    noise = np.random.default_rng(1).integers(0, 256, (300, 300), np.uint8)
    yield "16-bit.png", encode(Image.fromarray(noise.astype(np.uint16) * 257), "PNG")
    yield "floats.tif", encode(Image.fromarray(_odd_floats()), "TIFF")
    yield "1x1.png", encode(Image.new("L", (1, 1)), "PNG")
    yield "30000x1.png", encode(Image.fromarray(noise.reshape(1, -1)[:, :30_000]), "PNG")
    yield "1x30000.png", encode(Image.fromarray(noise.reshape(-1, 1)[:30_000]), "PNG")


def _patterns() -> Iterator[tuple[str, NDArray[np.uint8]]]:
    row, column = np.mgrid[:SIDE, :SIDE]
    radius = np.hypot(row - SIDE / 2, column - SIDE / 2)
    angle = np.arctan2(row - SIDE / 2, column - SIDE / 2)
    rng = np.random.default_rng(2)
    yield "stripes-40", np.tile((np.arange(40) % 2 * 255).astype(np.uint8), (40, 1))
    for period in (2, 3, 8, 24, 90):
        yield f"columns-{period}", _black_where(column // period % 2 == 0)
        yield f"diagonal-{period}", _black_where((row + column) // period % 2 == 0)
        yield f"checkers-{period}", _black_where((row // period + column // period) % 2 == 0)
        yield f"dots-{period}", _black_where((row % (2 * period) < 2) & (column % (2 * period) < 2))
        yield f"lines-{period}", _black_where((row % (period + 9) < period) & (column % 14 < 2))
    yield "rings", _black_where(radius // 6 % 2 == 0)
    yield "spiral", _black_where((radius + 4 * angle) // 8 % 2 == 0)
    yield "star", _black_where((angle * 60).astype(int) % 2 == 0)
    yield "moire", _black_where(np.sin(radius**2 / 300) > 0)
    for share in (0.01, 0.2, 0.5, 0.8):
        yield f"noise-{share}", _black_where(rng.random((SIDE, SIDE)) < share)
    yield "grey-noise", rng.integers(0, 256, (SIDE, SIDE), np.uint8)
    blocks = rng.random((SIDE // 10, SIDE // 10)) < 0.5
    yield "square-code", _black_where(np.kron(blocks, np.ones((10, 10), bool)))
    yield "maze", _black_where(np.kron(_maze(rng, 75), np.ones((6, 6), bool)))
    yield "comb", _black_where((column % 6 < 3) | (row < 20))
    yield (
        "nested-squares",
        _black_where(np.maximum(abs(row - 450), abs(column - 450)) // 5 % 2 == 0),
    )
    yield "gradient", (row * 255 // SIDE).astype(np.uint8)
    yield "text", _dense_text()


def _black_where(mask: NDArray[np.bool_]) -> NDArray[np.uint8]:
    return np.where(mask, 0, 255).astype(np.uint8)


def _maze(rng: np.random.Generator, side: int) -> NDArray[np.bool_]:
    walls = np.ones((2 * side + 1, 2 * side + 1), bool)
    walls[1::2, 1::2] = False
    right = rng.random((side, side)) < 0.5
    walls[1::2, 2:-1:2] &= ~right[:, :-1]
    walls[2:-1:2, 1::2] &= right[:-1]
    return walls


def _dense_text() -> NDArray[np.uint8]:
    image = Image.new("L", (SIDE, SIDE), 255)
    draw = ImageDraw.Draw(image)
    for top in range(0, SIDE, 10):
        draw.text((0, top), "the quick brown 8192 foxes jump over 7536 lazy dogs " * 3, fill=0)
    return np.asarray(image)


def _odd_floats() -> NDArray[np.float32]:
    values = np.linspace(0, 1, 10_000, dtype=np.float32).reshape(100, 100)
    values[::7, ::5] = np.nan
    values[::11, ::3] = np.inf
    values[5] = -1e30
    return values


def _png(width: int, height: int, pixels: bytes, *chunks: tuple[bytes, bytes]) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    parts = ((b"IHDR", header), *chunks, (b"IDAT", pixels), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in parts
    )


def _first_table(jpeg: bytes) -> bytes:
    start = jpeg.index(b"\xff\xdb")
    return jpeg[start : start + 2 + int.from_bytes(jpeg[start + 2 : start + 4])]


def _with_jpeg_size(jpeg: bytes, width: int, height: int) -> bytes:
    place = jpeg.index(b"\xff\xc0") + 5
    return jpeg[:place] + struct.pack(">HH", height, width) + jpeg[place + 4 :]


def _bmp(width: int, height: int) -> bytes:
    header = struct.pack("<IiiHHIIiiII", 40, width, height, 1, 24, 0, 0, 2835, 2835, 0, 0)
    return b"BM" + struct.pack("<IHHI", 54 + 1500, 0, 0, 54) + header + bytes(1500)


def _laughing_svg() -> bytes:
    entities = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    return f'<!DOCTYPE svg [<!ENTITY l0 "ha">{entities}]><svg>&l9;</svg>'.encode()


def _pdf_objects() -> dict[str, list[bytes]]:
    """Return the objects of some documents; the first is the catalogue, the second the pages."""
    catalogue = b"<</Type/Catalog/Pages 2 0 R>>"
    pages = b"<</Type/Pages/Kids[3 0 R]/Count 1>>"
    squares = b"".join(b"%d %d 3 3 re f\n" % (n % 600, n // 600) for n in range(200_000))
    endless = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Contents 4 0 R>>"
    return {
        "no-page": [catalogue, b"<</Type/Pages/Kids[]/Count 0>>"],
        "page-loop": [catalogue, b"<</Type/Pages/Kids[2 0 R]/Count 9>>"],
        "blank-page": [catalogue, pages, b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]>>"],
        "empty-page": [catalogue, pages, b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 0 0]>>"],
        "huge-page": [catalogue, pages, b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 1e9 1e9]>>"],
        "thin-page": [catalogue, pages, b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 1e7 1]>>"],
        "many-squares": [catalogue, pages, endless, _stream(squares)],
        "content-bomb": [catalogue, pages, endless, _stream(b"q Q " * 8_000_000)],
        "script": [
            b"<</Type/Catalog/Pages 2 0 R/OpenAction<</S/JavaScript/JS(while(1);)>>>>",
            pages,
        ],
    }


def _stream(content: bytes) -> bytes:
    data = zlib.compress(content, 9)
    return b"<</Length %d/Filter/FlateDecode>>stream\n%b\nendstream" % (len(data), data)


def _pdf(objects: list[bytes]) -> bytes:
    out = io.BytesIO(b"%PDF-1.7\n")
    out.seek(0, io.SEEK_END)
    places = []
    for number, content in enumerate(objects, 1):
        places.append(out.tell())
        out.write(b"%d 0 obj\n%b\nendobj\n" % (number, content))
    start = out.tell()
    out.write(b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1))
    out.write(b"".join(b"%010d 00000 n \n" % place for place in places))
    out.write(b"trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % (len(objects) + 1, start))
    return out.getvalue()
