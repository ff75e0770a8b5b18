"""Which encoding a file is in: stated, marked, UTF-8, or detected and said so."""

import codecs
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO

from charset_normalizer import from_bytes

CHUNK = 64 * 1024
SAMPLE = 256 * 1024  # bytes that the detection looks at
LEAST_EVIDENCE = 4  # bytes above 127; fewer are rather damage, or fit any encoding
LONGEST_CONTEXT = 4 * 1024  # around bytes that are not UTF-8
# A detected subset is read as what contains it, and as what text really uses.
SUPERSETS = {
    **dict.fromkeys(("gb2312", "gbk", "hz", "cp936"), "gb18030"),
    "iso8859-1": "cp1252",
    **dict.fromkeys(("big5", "cp950"), "big5hkscs"),
}
PREFERRED = ("gb18030", "big5hkscs", "cp932", "cp949", "cp1252", "cp1251")
TIE = 0.01  # of chaos and coherence, which run from 0 to 1
NOT_OF_FILES = {"idna", "punycode", "unicode-escape", "raw-unicode-escape", "utf-7"}
SHOWN = {"utf-8": "UTF-8", "gb18030": "GB18030", "cp1252": "Windows-1252"}


class UnknownEncoding(ValueError):
    """There is no encoding of this name."""


@dataclass(frozen=True, slots=True)
class Encoding:
    codec: str  # as Python calls it
    mark: int = 0  # bytes before the text
    is_detected: bool = False

    @property
    def name(self) -> str:
        """As it is shown to a person."""
        if self.codec.startswith("utf-16") and self.mark:
            return "UTF-16 with BOM"
        name = SHOWN.get(self.codec, self.codec.replace("_", "-").upper())
        return f"{name} with BOM" if self.mark else name

    @property
    def keeps_line_feeds(self) -> bool:
        """Whether every byte 0x0A is the end of a line, and no other is."""
        stateful = self.codec.startswith(("iso2022", "hz"))
        return not stateful and "\n\r".encode(self.codec) == b"\n\r"

    @property
    def errors(self) -> str:
        # A lone surrogate of UTF-16 is kept here and refused with its record.
        return "surrogatepass" if self.codec.startswith("utf-16") else "strict"

    def decode(self, data: bytes) -> str:
        return data.decode(self.codec, self.errors)


def stated(name: str, head: bytes) -> Encoding:
    """The encoding a person names; a byte order mark of it is still left out.

    Raises:
        UnknownEncoding: there is none, or it does not make text of bytes.
    """
    try:
        codec = codecs.lookup(name.strip())
        "".encode(codec.name)
    except (LookupError, ValueError) as error:
        raise UnknownEncoding(name) from error
    if codec.name in NOT_OF_FILES:
        raise UnknownEncoding(name)
    marked = _marked(head)
    if marked and codec.name.removesuffix("-sig") in ("utf-8", "utf-16", marked.codec):
        return marked
    return Encoding("utf-16-le" if codec.name == "utf-16" else codec.name)


def find(file: IO[bytes]) -> Encoding:
    """The marked encoding of a file, UTF-8 where it is, else the detected one."""
    marked = _marked(file.read(4))
    if marked:
        return marked
    file.seek(0)
    sample = _sample_around_bad_bytes(file)
    evidence = sum(1 for byte in sample if byte > 127)
    if evidence < LEAST_EVIDENCE or _is_damaged_utf8(sample):
        return Encoding("utf-8")
    codec = _detected(sample)
    return Encoding(codec, is_detected=True) if codec else Encoding("utf-8")


def _detected(sample: bytes) -> str:
    """The likeliest codec; of equally likely ones the one that is used most."""
    found = [match for match in from_bytes(sample) if "utf" not in match.encoding]
    best = [
        match
        for match in found
        if match.chaos <= found[0].chaos + TIE
        and match.coherence >= found[0].coherence - TIE
    ]
    codecs_found = [codecs.lookup(match.encoding).name for match in best]
    names = [SUPERSETS.get(codec, codec) for codec in codecs_found]
    others = [codec for match in best for codec in match.could_be_from_charset]
    names += [codec for codec in PREFERRED if codec in others]
    common = (codec for codec in PREFERRED if codec in names)
    return next(common, names[0] if names else "")


def _marked(head: bytes) -> Encoding | None:
    if head.startswith(codecs.BOM_UTF8):
        return Encoding("utf-8", 3)
    if head.startswith(codecs.BOM_UTF16_LE):
        return Encoding("utf-16-le", 2)
    if head.startswith(codecs.BOM_UTF16_BE):
        return Encoding("utf-16-be", 2)
    return None


def _sample_around_bad_bytes(file: IO[bytes]) -> bytes:
    """Whole lines of the file from the first that is not UTF-8 on; empty without.

    The lines before it are in ASCII or good UTF-8; of those the last few come along.
    """
    offset = 0
    for chunk, valid in _decoded(file):
        if not valid:
            start = file.seek(max(0, offset - LONGEST_CONTEXT))
            sample = file.read(SAMPLE)
            if start:
                sample = sample.partition(b"\n")[2] or sample
            whole, end, _rest = sample.rpartition(b"\n")
            return whole + end or sample
        offset += chunk
    return b""


def _decoded(file: IO[bytes]) -> Iterator[tuple[int, bool]]:
    decoder = codecs.getincrementaldecoder("utf-8")()
    while True:
        data = file.read(CHUNK)
        try:
            decoder.decode(data, final=not data)
        except UnicodeDecodeError:
            yield len(data), False
            return
        if not data:
            return
        yield len(data), True


def _is_damaged_utf8(sample: bytes) -> bool:
    """Whether more characters are good UTF-8 than bytes are bad.

    In other encodings bytes above 127 hardly ever follow UTF-8's pattern.
    """
    text = sample.decode("utf-8", "replace")
    bad = text.count("\ufffd")
    good = sum(1 for character in text if character > "\x7f") - bad
    return good > bad
