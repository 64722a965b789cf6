"""One visitor's classes and their pictures, in a folder that training and teaching take."""

from __future__ import annotations

import hashlib
import shutil
import zipfile
from collections.abc import Iterable
from pathlib import Path
from threading import RLock

from pocketlens.errors import PocketLensError, SettingError
from pocketlens.names import cut, is_shown, listed, normalised
from pocketlens_demo.corrections import encoded, unfit, write_whole
from pocketlens_demo.limits import MAX_TAUGHT, MAX_TAUGHT_BYTES, MAX_TAUGHT_CLASSES
from pocketlens_demo.teaching.outcome import Outcome
from pocketlens_demo.zips import NamedPicture

_LONGEST_SIDE = 640


class Pictures:
    """FOLDER/<class>/<hash>.jpg, one file a picture; safe to share between threads.

    Attributes:
        folder: It is made with the first class.
        is_locked: Whether a change is refused, as while the pictures are learnt.
    """

    def __init__(self, folder: Path) -> None:
        """Takes a folder that is not there yet."""
        self.folder = folder
        self.is_locked = False
        self._sizes: dict[str, dict[str, int]] = {}
        self._lock = RLock()

    def classes(self) -> dict[str, list[Path]]:
        """The pictures of each class, the latest first."""
        with self._lock:
            return {
                label: [self.folder / label / name for name in reversed(sizes)]
                for label, sizes in self._sizes.items()
            }

    def add_class(self, name: str) -> str:
        """Makes a class.

        Returns:
            Its label.

        Raises:
            SettingError: It cannot be called so, or there is one.
        """
        label = normalised(name.strip())
        reason = unfit(label) if is_shown(label) else "it cannot be shown"
        if not label:
            raise SettingError("Type the name of a class first.")
        if reason:
            raise SettingError(f"A class cannot be called {cut(label)}: {reason}.")
        with self._lock:
            self._check_unlocked()
            if alike := self._called(label):
                raise SettingError(f"There is a class {cut(alike)} already.")
            if len(self._sizes) >= MAX_TAUGHT_CLASSES:
                raise SettingError(f"At most {MAX_TAUGHT_CLASSES} classes are taught here.")
            (self.folder / label).mkdir(parents=True)
            self._sizes[label] = {}
        return label

    def remove_class(self, label: str) -> None:
        """Removes a class with its pictures."""
        with self._lock:
            self._check(label)
            del self._sizes[label]
            shutil.rmtree(self.folder / label, ignore_errors=True)

    def remove(self, label: str, name: str) -> None:
        """Removes one picture."""
        with self._lock:
            self._check(label)
            if self._sizes[label].pop(name, None):
                (self.folder / label / name).unlink(missing_ok=True)

    def add(self, label: str, photo: bytes) -> str | None:
        """Adds a picture to a class; one of another class is moved.

        Returns:
            The label of the class that it was in before; None: it is new.

        Raises:
            SettingError: There is no such class, or no room.
            ImageError: The photo cannot be decoded.
            OSError: It cannot be written.
        """
        self._check(label)
        content = encoded(photo, longest_side=_LONGEST_SIDE)
        name = f"{hashlib.sha256(content).hexdigest()[:32]}.jpg"
        with self._lock:
            self._check(label)
            path = self.folder / label / name
            for other, sizes in self._sizes.items():
                if name in sizes:
                    (self.folder / other / name).replace(path)
                    self._sizes[label][name] = sizes.pop(name)
                    return other
            kept = [size for sizes in self._sizes.values() for size in sizes.values()]
            if len(kept) >= MAX_TAUGHT or sum(kept) + len(content) > MAX_TAUGHT_BYTES:
                raise SettingError(
                    f"{len(kept):,} pictures are here; there is no room for more. "
                    "Remove some, or download them and train."
                )
            write_whole(path, content)
            self._sizes[label][name] = len(content)
        return None

    def add_all(self, label: str | None, pictures: Iterable[NamedPicture]) -> str:
        """Adds pictures, to the class that their folder names where no label is given.

        Returns:
            What became of them, in sentences.
        """
        outcome = Outcome()
        pictures = list(pictures)
        root = _common_root([picture.name for picture in pictures if "/" in picture.name])
        for picture in pictures:
            try:
                place = label or self._class_of(picture.name.removeprefix(root))
                outcome.note(place, self.add(place, picture.read()))
            except SettingError as error:
                outcome.stopped = str(error)
                break
            except PocketLensError as error:
                outcome.unread.append(f"{picture.name} ({error})")
            except OSError as error:
                outcome.stopped = f"The server cannot store more pictures ({error.strerror})."
                break
        return outcome.in_words()

    def as_zip(self, file: Path) -> None:
        """Writes a zip file with one folder for each class.

        Raises:
            SettingError: There are no pictures.
            OSError: It cannot be written; nothing is left of it.
        """
        part = file.with_name(f".{file.name}.part")
        with self._lock:
            if not any(self._sizes.values()):
                raise SettingError("There are no pictures yet.")
            try:
                with zipfile.ZipFile(part, "w") as archive:  # JPEGs do not get smaller
                    for label, paths in self.classes().items():
                        for path in paths:
                            archive.write(path, f"{file.stem}/{label}/{path.name}")
                part.replace(file)
            finally:
                part.unlink(missing_ok=True)

    def check_enough(self) -> None:
        """Refuses what nothing can be learnt from.

        Raises:
            SettingError: There are fewer than two classes, or some without pictures.
        """
        with self._lock:
            if len(self._sizes) < 2:
                raise SettingError("Teaching takes two classes or more: name another one.")
            if empty := [label for label, sizes in self._sizes.items() if not sizes]:
                raise SettingError(
                    f"There are no pictures of {listed(empty, 5)}: add some, or remove the class."
                )

    def _called(self, label: str) -> str | None:
        alike = (other for other in self._sizes if other.casefold() == label.casefold())
        return next(alike, None)

    def _class_of(self, name: str) -> str:
        folder, slash, _ = name.partition("/")
        if not slash:
            raise SettingError(
                f"{name} lies in no folder, which would name its class: "
                "drop pictures on a class, or a zip file with one folder for each class."
            )
        with self._lock:
            return self._called(normalised(folder.strip())) or self.add_class(folder)

    def _check(self, label: str) -> None:
        self._check_unlocked()
        if label not in self._sizes:
            raise SettingError(f"There is no class {cut(label)} any more.")

    def _check_unlocked(self) -> None:
        if self.is_locked:
            raise SettingError("The pictures are being learnt; wait until that is done.")


def _common_root(names: list[str]) -> str:
    """The folder with its "/" that all of the classes' folders lie in; "": there is none."""
    first = names[0].partition("/")[0] + "/" if names else ""
    return first if all(n.startswith(first) and n.count("/") > 1 for n in names) else ""
