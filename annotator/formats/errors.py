"""What is wrong with a file, for a person."""

from django.utils.translation import gettext as _t

MIB = 1024**2


class FormatError(ValueError):
    """What is wrong with one line of a file, in one sentence for a person."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(line, message)
        self.line = line
        self.message = message

    def __str__(self) -> str:
        return _t("line {line}: {message}").format(line=self.line, message=self.message)


class WriteRefused(ValueError):
    """Why a format cannot be written here, in one sentence for a person."""
