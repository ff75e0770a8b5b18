"""Text files line by line or whole: encoding, byte order mark, bad bytes."""

import codecs
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from io import BytesIO
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import IO, NamedTuple

from django.utils.translation import gettext as _t

from annotator.formats import encodings, members
from annotator.formats.errors import MIB, FormatError

LONGEST_LINE = 10 * MIB  # bytes; no document is longer, a wrong file often
LARGEST_WHOLE = 128 * MIB  # bytes of a file that can only be read at once
KEPT = 40_000  # bytes of the start, which every format looks at


class Line(NamedTuple):
    number: int  # from 1
    raw: str  # with its line break
    error: FormatError | None = None
    guess: str = ""  # a bad line with marks for what is no text in it

    @property
    def text(self) -> str:
        """The line without its LF or CR LF."""
        return self.raw.removesuffix("\n").removesuffix("\r")


@dataclass(frozen=True)
class Source:
    """A file, or a folder or zip of files, that is read as often as a format needs."""

    path: Path
    name: str = ""  # as the person knows it, when the path is a temporary one
    stated_encoding: str = ""  # by the person; empty to look for it
    whole: "Source | None" = None  # the folder or zip that this is a member of

    @property
    def suffix(self) -> str:
        return Path(self.shown_name).suffix.lower()

    @property
    def stem(self) -> str:
        """The name without its last suffix; with its folders inside a zip."""
        return self.shown_name.removesuffix(Path(self.shown_name).suffix)

    @property
    def shown_name(self) -> str:
        return self.name or self.path.name

    @cached_property
    def is_collection(self) -> bool:
        """Whether this is a folder or looks like a zip file, whose members count."""
        if self.path.is_dir():
            return True
        return self._start.startswith((b"PK\x03\x04", b"PK\x05\x06"))

    @property
    def encoding(self) -> str:
        """As it is shown to a person."""
        if self.is_collection:
            return _t("folder") if self.path.is_dir() else "ZIP"
        return self._encoding.name

    @property
    def notes(self) -> Iterator[str]:
        """That the encoding is a guess, where it is one, or what was not read."""
        if self.is_collection:
            receipts = ", ".join(members.receipts(self.path))
            if receipts:
                sentence = _t("Not read: {names}, named as the receipt of an export.")
                yield sentence.format(names=receipts[:200])
            return
        if not self._encoding.is_detected:
            return
        sentence = _t("{file} is not UTF-8; it was read as {encoding}, as detected.")
        yield sentence.format(file=self.shown_name, encoding=self.encoding)

    def lines(self) -> Iterator[Line]:
        """All lines; one with invalid bytes carries its error instead of text.

        Only LF and CR LF end a line: every other character that some programs take
        for a line break may stand inside a text.

        Raises:
            FormatError: nothing behind a line can be read.
        """
        if self._encoding.keeps_line_feeds:
            return self._lines_of_bytes()
        return self._lines_of_units()

    def head(self, count: int) -> list[Line]:
        return list(islice(self.lines(), count))

    def beginning(self, characters: int = 10_000) -> str:
        """The first characters, for a look at the file: bad bytes are U+FFFD."""
        if self.is_collection:
            return ""
        with self._opened() as file:
            file.seek(self._encoding.mark)
            decoder = codecs.getincrementaldecoder(self._encoding.codec)("replace")
            return decoder.decode(file.read(4 * characters))[:characters]

    def read_text(self, limit: int = LARGEST_WHOLE) -> str:
        """The whole file decoded, its line breaks as they are.

        Raises:
            FormatError: more bytes than the limit, or bytes that are no characters.
        """
        data = self.read_bytes(limit)[self._encoding.mark :]
        try:
            return self._encoding.decode(data)
        except UnicodeDecodeError as error:
            before = data[: error.start].decode(self._encoding.codec, "replace")
            number = before.count("\n") + 1
            raise self._bad_byte(number, self._encoding.mark, error) from error

    def read_bytes(self, limit: int = LARGEST_WHOLE) -> bytes:
        """The whole file as it is.

        Raises:
            FormatError: it is a folder, or has more bytes than the limit.
        """
        self.check_size(limit)
        return self.path.read_bytes()

    def check_size(self, limit: int = LARGEST_WHOLE) -> None:
        """Refuse what a reader that needs the whole file could not hold.

        Raises:
            FormatError: it is a folder, or has more bytes than the limit.
        """
        if self.path.is_dir():
            sentence = _t("{file} is a folder, not a file.")
            raise FormatError(1, sentence.format(file=self.shown_name))
        if self.path.stat().st_size > limit:
            sentence = _t("The file is longer than {limit} MiB: too long to be read.")
            raise FormatError(1, sentence.format(limit=limit // MIB))

    def members(self) -> Iterator["Source"]:
        """The files of a folder or zip in the order of their names.

        What a zip holds lies in a private folder until the iteration ends.

        Raises:
            FormatError: the zip is damaged, or holds more than is reasonable.
        """
        for path, name in members.unpacked(self.path, self.shown_name):
            yield Source(path, name, self.stated_encoding, self)

    def beside(self, name: str) -> bytes | None:
        """A small file of this name in the same folder, or a folder around it.

        None where there is none, or where this file is a temporary copy of one.
        """
        if self.whole is None:
            path = self.path.with_name(name)
            is_there = self.shown_name == self.path.name and path.is_file()
            is_small = is_there and path.stat().st_size <= members.LARGEST_BESIDE
            return path.read_bytes() if is_small else None
        for folder in PurePosixPath(self.shown_name).parents:
            wanted = (folder / name).as_posix()
            if wanted in self.whole._member_set:
                return self.whole._content_of(wanted)
        return None

    def _content_of(self, name: str) -> bytes | None:
        """What a member that describes others holds: they all ask for it."""
        if name not in self._contents:
            found = members.content(self.path, self.shown_name, name)
            self._contents[name] = found
        return self._contents[name]

    @cached_property
    def _contents(self) -> dict[str, bytes | None]:
        return {}

    @cached_property
    def _member_set(self) -> frozenset[str]:
        return frozenset(self.member_names)

    @cached_property
    def member_names(self) -> list[str]:
        """Their names alone; nothing is unpacked."""
        return members.names(self.path, self.shown_name)

    @cached_property
    def _encoding(self) -> encodings.Encoding:
        with self._opened() as file:
            if not self.stated_encoding:
                return encodings.find(file)
            try:
                return encodings.stated(self.stated_encoding, file.read(4))
            except encodings.UnknownEncoding as error:
                sentence = _t("There is no encoding “{name}”.")
                message = sentence.format(name=self.stated_encoding[:40])
                raise FormatError(1, message) from error

    @cached_property
    def _start(self) -> bytes:
        with self.path.open("rb") as file:
            return file.read(KEPT)

    def _opened(self) -> IO[bytes]:
        """The file, or what is kept of a small member, which lives for one reading."""
        is_kept = self.whole is not None and len(self._start) < KEPT
        return BytesIO(self._start) if is_kept else self.path.open("rb")

    def _lines_of_bytes(self) -> Iterator[Line]:
        number = 0
        with self._opened() as file:
            offset = file.seek(self._encoding.mark)
            while data := file.readline(LONGEST_LINE + 1):
                number += 1
                if len(data) > LONGEST_LINE:
                    raise _too_long(number)
                try:
                    yield Line(number, self._encoding.decode(data))
                except UnicodeDecodeError as error:
                    guess = data.decode(self._encoding.codec, "replace")
                    bad = self._bad_byte(number, offset, error)
                    yield Line(number, "", bad, guess)
                offset += len(data)

    def _lines_of_units(self) -> Iterator[Line]:
        """Lines of UTF-16 and others where a line feed is not one byte."""
        number, waiting = 0, ""
        for text in self._pieces():
            *lines, waiting = (waiting + text).split("\n")
            for line in lines:
                number += 1
                yield Line(number, line + "\n")
            if len(waiting) > LONGEST_LINE:
                raise _too_long(number + 1)
        if waiting:
            yield Line(number + 1, waiting)

    def _pieces(self) -> Iterator[str]:
        encoding, lines = self._encoding, 1
        decoder = codecs.getincrementaldecoder(encoding.codec)(encoding.errors)
        with self._opened() as file:
            file.seek(encoding.mark)
            while True:
                data = file.read(encodings.CHUNK)
                try:
                    text = decoder.decode(data, final=not data)
                except UnicodeDecodeError as error:
                    before = error.object[: error.start]
                    good = before.decode(encoding.codec, "replace")
                    yield good
                    offset = file.tell() - len(error.object)
                    at = lines + good.count("\n")
                    raise self._bad_byte(at, offset, error) from error
                lines += text.count("\n")
                yield text
                if not data:
                    return

    def _bad_byte(
        self, number: int, offset: int, error: UnicodeDecodeError
    ) -> FormatError:
        at, name = offset + error.start, self.shown_name
        if self._encoding.codec.startswith("utf-16"):
            sentence = _t("Byte {offset} of {file} is half a UTF-16 unit.")
            return FormatError(number, sentence.format(offset=at, file=name))
        sentence = _t("Byte {offset} of {file}, {byte}, is not {encoding}.")
        byte = f"0x{error.object[error.start]:02X}"
        encoding = self._encoding.name.removesuffix(" with BOM")
        shown = sentence.format(offset=at, file=name, byte=byte, encoding=encoding)
        return FormatError(number, shown)


def _too_long(number: int) -> FormatError:
    sentence = _t("The line is longer than {limit} MiB.")
    return FormatError(number, sentence.format(limit=LONGEST_LINE // MIB))
