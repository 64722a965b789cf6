"""Picture files taken apart and put together."""

from __future__ import annotations

import io
import struct
from typing import Any
from zlib import crc32

import numpy as np
from PIL import Image

from odd.shown import COLORS

WIDTH, HEIGHT = 48, 32


def picture(letters: str = "RGBY", width: int = WIDTH, height: int = HEIGHT) -> Image.Image:
    """Four quarters of these colours."""
    quarters = np.array([COLORS[letter] for letter in letters], np.uint8).reshape(2, 2, 3)
    return Image.fromarray(quarters).resize((width, height), Image.Resampling.NEAREST)


def save(image: Image.Image, form: str, **options: Any) -> bytes:
    stream = io.BytesIO()
    image.save(stream, form, **options)
    return stream.getvalue()


def segment(marker: int, content: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(content) + 2) + content


def app1(block: bytes) -> bytes:
    return segment(0xE1, b"Exif\0\0" + block)


def chunk(name: bytes, content: bytes, checksum: int | None = None) -> bytes:
    """Of a PNG."""
    code = crc32(name + content) if checksum is None else checksum
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", code)


def riff_chunk(name: bytes, content: bytes) -> bytes:
    return name + struct.pack("<I", len(content)) + content + bytes(len(content) % 2)


def riff(*chunks: bytes, off: int = 0) -> bytes:
    """A WebP whose size is `off` by some bytes."""
    body = b"WEBP" + b"".join(chunks)
    return b"RIFF" + struct.pack("<I", len(body) + off) + body
