"""Every error pocketlens raises on purpose; each is also the builtin one would expect.

PocketLensError
├── FileError              OSError            a file is there and cannot be read or written
│   └── FileMissingError   FileNotFoundError
├── ImageError             ValueError         bytes or an array that are not a picture
│   └── FormatError                           a picture of a format that is not decoded here
├── InputTypeError         TypeError          an object or an array of the wrong type
├── ModelError             ValueError         a model, record or network that cannot be used
├── DatasetError           ValueError         a picture folder nothing can be learnt from
├── SettingError           ValueError         an argument out of its range
├── ProviderError          RuntimeError       an execution provider that is not to be had
├── ExportError            RuntimeError       an exported model that failed a check
└── MissingExtraError      ImportError        a part of pocketlens that is not installed

A message says what was got, what was expected and what to do. DepthWarning is no error.
"""


class PocketLensError(Exception):
    """Base of all errors raised by pocketlens."""


class FileError(PocketLensError, OSError):
    """A file that exists but cannot be read or written."""


class FileMissingError(FileError, FileNotFoundError):
    """A file or folder that does not exist."""


class ImageError(PocketLensError, ValueError):
    """Bytes that do not decode, or an array whose shape is not a picture's."""


class FormatError(ImageError):
    """A picture of a format, or of a kind of it, that pocketlens does not decode itself."""


class InputTypeError(PocketLensError, TypeError):
    """An object that is no picture, or an array that is not uint8."""


class ModelError(PocketLensError, ValueError):
    """A model file, training record or network that cannot be used."""


class DatasetError(PocketLensError, ValueError):
    """A folder of pictures from which nothing can be learnt, or on which nothing measured."""


class SettingError(PocketLensError, ValueError):
    """An argument, such as a number of threads, that is out of its range."""


class ProviderError(PocketLensError, RuntimeError):
    """An onnxruntime execution provider that was asked for and is not to be had."""


class ExportError(PocketLensError, RuntimeError):
    """An exported model that failed one of the checks before it is put in place."""


class MissingExtraError(PocketLensError, ImportError):
    """A part of pocketlens whose dependencies are not installed."""


class DepthWarning(UserWarning):
    """A picture of 16 bits of which the 8 bits that a model takes hold little; said once."""


def check_positive(**settings: object) -> None:
    """Refuses what is no whole number above zero.

    Raises:
        SettingError: Names the first such setting.
    """
    for name, value in settings.items():
        if isinstance(value, bool) or not isinstance(value, int) or value < 1:
            raise SettingError(f"{name}={value!r}, expected a whole number above 0")
