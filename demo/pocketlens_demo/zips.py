"""Uploads and zip files of pictures -> named pictures, within limits."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from pocketlens.errors import ImageError, InputTypeError, SettingError
from pocketlens.pictures.folders import (
    NON_PICTURE,
    SYSTEM,
    PassedOver,
    has_picture_suffix,
    is_system,
)
from pocketlens.pictures.formats import FIRST_BYTES, picture_kind
from pocketlens_demo.limits import MAX_PHOTO, MAX_PICTURES, MAX_UNPACKED
from pocketlens_demo.uploads import Upload, table_name
from pocketlens_demo.zip_names import member_names

_MAX_DIRECTORY = 1_000_000
_END_SIZE = 22
_FOLDER = 0x10
_START, _END, _END_64 = b"PK\x03\x04", b"PK\x05\x06", b"PK\x06\x07"
# With the longest comment, and the locator of a zip64 directory before it.
_LONGEST_END = 65_558 + 20


@dataclass(frozen=True)
class NamedPicture:
    """A picture that is read when its bytes are needed.

    Attributes:
        name: To be shown.
        read: Returns the bytes of the picture file, or raises a PocketLensError.
    """

    name: str
    read: Callable[[], bytes]


def named_pictures(uploads: list[Any], passed: PassedOver | None = None) -> list[NamedPicture]:
    """The uploads, and the pictures inside the zip files among them.

    In a zip file the same names count as pictures as picture_files() takes from a folder.

    Args:
        uploads: What Upload() takes.
        passed: Collects the files in zip files that are no pictures.

    Raises:
        InputTypeError: `uploads` is no list.
        ImageError: A zip file is damaged, or of an unusual kind.
        SettingError: There are no pictures, more than MAX_PICTURES, or a zip file unpacks to more
            than MAX_UNPACKED bytes.
    """
    if not isinstance(uploads, list):
        raise InputTypeError(f"got {uploads!r:.100}, expected a list of uploaded files")
    pictures: list[NamedPicture] = []
    for upload in map(Upload, uploads):
        if upload.path and _is_zip(Path(upload.path)):
            pictures += _members(Path(upload.path), upload.name, passed or PassedOver())
        else:
            pictures.append(NamedPicture(upload.name, upload.read))
        if len(pictures) > MAX_PICTURES:
            raise SettingError(f"more than {MAX_PICTURES} pictures; send them in several parts")
    if not pictures:
        raise SettingError("no pictures; expected picture files, or a zip file of them")
    return pictures


def _is_zip(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(len(_START)) in (_START, _END)
    except OSError:  # read() raises the error
        return False


def _members(path: Path, name: str, passed: PassedOver) -> list[NamedPicture]:
    _check_directory(path, name)
    try:
        # It closes when the last of its pictures is deleted.
        archive = zipfile.ZipFile(path)
        members = archive.infolist()
        names = member_names(members)
    except (zipfile.BadZipFile, NotImplementedError, ValueError) as error:
        raise ImageError(f"{name}: a damaged zip file ({error})") from error
    pictures, unpacked = [], 0
    for member, own_name in zip(members, names, strict=True):
        is_folder = member.external_attr & _FOLDER and not member.file_size
        if own_name.endswith("/") or is_folder:
            continue
        if any(map(is_system, own_name.split("/"))):
            passed.add(SYSTEM, own_name)
        elif not has_picture_suffix(own_name) and not _is_picture(archive, member):
            passed.add(NON_PICTURE, own_name)
        else:
            unpacked += member.file_size
            pictures.append(NamedPicture(table_name(own_name), partial(_read, archive, member)))
    if unpacked > MAX_UNPACKED:
        raise SettingError(f"{name}: unpacks to more than {MAX_UNPACKED // 10**9} GB")
    return pictures


def _check_directory(path: Path, name: str) -> None:
    """Raises ImageError for millions of entries, before zipfile makes an object of each."""
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - _LONGEST_END))
        tail = file.read()
    end = tail[tail.rfind(_END) :]
    if len(end) < _END_SIZE:
        raise ImageError(f"{name}: a damaged zip file (it has no end)")
    if int.from_bytes(end[12:16], "little") > _MAX_DIRECTORY or _END_64 in tail:
        raise ImageError(f"{name}: a zip file of too many entries, or of the kind zip64")


def _is_picture(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bool:
    try:
        return picture_kind(_start(archive, member, FIRST_BYTES)) is not None
    except ImageError:  # read() raises the error
        return True


def _read(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes:
    data = _start(archive, member, MAX_PHOTO + 1)
    if len(data) > MAX_PHOTO:
        raise ImageError(f"more than {MAX_PHOTO / 1e6:.0f} MB, which is the most for a photo")
    return data


def _start(archive: zipfile.ZipFile, member: zipfile.ZipInfo, size: int) -> bytes:
    if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        # Their decompressors cannot be stopped at a size.
        raise ImageError("compressed in a way that is not supported, expected stored or deflated")
    try:
        with archive.open(member) as file:
            return file.read(size)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, ValueError) as error:
        raise ImageError(f"damaged or encrypted in its zip file ({error})") from error
