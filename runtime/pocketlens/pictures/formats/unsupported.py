"""What a file is that is not read here, by its first bytes."""

from __future__ import annotations

from pocketlens.names import counted
from pocketlens.pictures.formats.header import EXPECTED

_HEIF = (
    *(f"{family}{profile}" for family in ("hei", "hev") for profile in "cxms"),
    "mif1",
    "msf1",
)
_RAW = "a camera raw"

# Start, place, name.
_PICTURES = (
    (b"\xff\x0a", 0, "JPEG XL"),
    (b"\0\0\0\x0cJXL ", 0, "JPEG XL"),
    (b"\0\0\0\x0cjP", 0, "JPEG 2000"),
    (b"\xff\x4f\xff\x51", 0, "JPEG 2000"),
    *((b"ftyp" + brand.encode(), 4, f"HEIC (brand {brand})") for brand in _HEIF),
    (b"ftypavis", 4, "an AVIF sequence"),
    (b"ftypcrx ", 4, _RAW),
    *((start, 0, _RAW) for start in (b"FUJIFILMCCD", b"IIU\0", b"IIRO", b"IIRS", b"MMOR", b"FOVb")),
    (b"\0\0\1\0", 0, "an icon (ICO)"),
    (b"\0\0\2\0", 0, "a cursor (CUR) or TGA"),
    (b"8BPS\0\1", 0, "PSD (Photoshop)"),
    (b"8BPS\0\2", 0, "PSB (Photoshop)"),
    *((bytes((0x01, 0xDA, packed, size)), 0, "SGI") for packed in (0, 1) for size in (1, 2)),
    *((bytes((0x0A, version, 1)), 0, "PCX") for version in (0, 2, 3, 5)),
    (b"%!PS", 0, "EPS"),
    (b"\xc5\xd0\xd3\xc6", 0, "EPS"),
    (b"\xd7\xcd\xc6\x9a", 0, "WMF"),
    (b"DICM", 128, "DICOM"),
    (b"v/1\1", 0, "OpenEXR"),
    (b"#?", 0, "Radiance HDR"),
    (b"qoif", 0, "QOI"),
    (b"SIMPLE  =", 0, "FITS"),
    (b"P7\n", 0, "PAM"),
    (b"PF\n", 0, "PFM"),
    (b"Pf\n", 0, "PFM"),
)
_OTHERS = (
    (b"ftyp", 4, "a video"),
    (b"\x1aE\xdf\xa3", 0, "a video"),
    (b"AVI ", 8, "a video"),
    (b"%PDF", 0, "PDF"),
    (b"<", 0, "SVG, HTML or XML"),
    (b"PK", 0, "a zip archive"),
    (b"\x1f\x8b", 0, "a gzip archive"),
    (b"version https://git-lfs", 0, "a Git LFS pointer"),
)


def picture_name(start: bytes) -> str | None:
    """The short name of a picture format that the first bytes of a file announce."""
    names = (name for signature, place, name in _PICTURES if start.startswith(signature, place))
    name = next(names, None)
    return name and name.partition(" (")[0].removeprefix("a ").removeprefix("an ")


def refusal(data: bytes) -> str:
    """Says what the file looks like, and what to do."""
    start = data[:256]
    # A byte order mark or an empty line before a text.
    text = start.lstrip(b"\xef\xbb\xbf\r\n\t ")
    listed = (("export it as JPEG", _PICTURES, start), (EXPECTED, _OTHERS, text))
    for advice, kinds, head in listed:
        for signature, place, name in kinds:
            if head.startswith(signature, place):
                return f"looks like {name} ({counted(len(data), 'byte')}); {advice}"
    return f"not a picture ({counted(len(data), 'byte')}); {EXPECTED}"
