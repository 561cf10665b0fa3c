"""Errors that a user can act on. Each message names the thing, what is wrong and what to do."""

import re


class DeepMSEError(Exception):
    """Base of every error raised on purpose by this package."""

    @property
    def sentence(self) -> str:
        """The message where there is room for one sentence alone."""
        return str(self)


class ImageError(DeepMSEError):
    """One image cannot be used.

    Args:
        source: the file's path, or a short name for an image that has none
        reason: what is wrong, in words; what differs from image to image comes after a colon
    """

    def __init__(self, source: object, reason: str) -> None:
        super().__init__(f"{source}: {reason}")
        self.source = str(source)
        self.reason = reason


class WeightsError(DeepMSEError):
    """Network weights are missing, damaged or of another network.

    Args:
        message: what was tried and what to do, in as many lines as it takes
        sentence: the same in short; by default the message
    """

    def __init__(self, message: str, sentence: str = "") -> None:
        super().__init__(message)
        self._sentence = sentence

    @property
    def sentence(self) -> str:
        """The message where there is room for one sentence alone."""
        return self._sentence or str(self)


class UsageError(DeepMSEError):
    """The request itself is wrong: an unknown name, a missing column, contradictory settings."""


class OutputError(DeepMSEError):
    """What was computed cannot be written: the disk is full, or the folder is not writable."""


def without_paths(message: str, *paths: object) -> str:
    """An error's message without the files that it names, so that equal errors can be counted."""
    for path in filter(None, map(str, paths)):
        message = message.replace(f"{path}: ", "")
    return message


def kind_of(reason: str) -> str:
    """A reason as far as it is the same for all images with this fault: up to its first colon or semicolon.

    >>> kind_of("damaged or truncated: image file is truncated (3 bytes not processed)")
    'damaged or truncated'
    """
    return re.split("[:;] ", reason, maxsplit=1)[0]
