"""XML of strangers, element by element: no entities, nothing from outside the file."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from xml.sax import SAXException, SAXParseException
from xml.sax.handler import ContentHandler, feature_namespaces
from xml.sax.xmlreader import AttributesNSImpl

from defusedxml.common import DefusedXmlException
from defusedxml.expatreader import DefusedExpatParser
from django.utils.translation import gettext as _t

from annotator.formats.source import FormatError, Source

CHUNK = 64 * 1024
MOST_INSIDE = 1_000_000  # elements in one that is wanted
Name = tuple[str | None, str]  # namespace, name


@dataclass(slots=True)
class Element:
    namespace: str
    name: str
    line: int
    attributes: dict[str, str] = field(default_factory=dict)
    children: list["Element"] = field(default_factory=list)
    pieces: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """What stands directly in it."""
        return "".join(self.pieces)

    def all(self, name: str) -> list["Element"]:
        return [child for child in self.children if child.name == name]

    def text_of(self, name: str, default: str = "") -> str:
        return next((child.text for child in self.all(name)), default)


Wanted = Callable[[Name, int], bool]


def named(name: str) -> Wanted:
    return lambda found, depth: found[1] == name


def elements(source: Source, wanted: Wanted) -> Iterator[Element]:
    """The elements that are wanted by name and depth, the root being at depth 0.

    Only one of them is in memory at a time.

    Raises:
        FormatError: the file is not XML, or does what no document needs.
    """
    # Without entities the one outside file there can be is a DTD, which is not read.
    parser = DefusedExpatParser(forbid_entities=True, forbid_external=False)
    parser.setFeature(feature_namespaces, True)
    collector = _Collector(wanted, parser)
    parser.setContentHandler(collector)
    try:
        with source.path.open("rb") as file:
            while data := file.read(CHUNK):
                parser.feed(data)
                yield from collector.drain()
        parser.close()
        yield from collector.drain()
    except FormatError:
        raise
    except SAXParseException as error:
        sentence = _t("This is not XML: {why}.")
        line = error.getLineNumber() or 1
        raise FormatError(line, sentence.format(why=error.getMessage())) from error
    except DefusedXmlException as error:
        sentence = _t("The XML defines entities or refers to other files: refused.")
        raise FormatError(collector.line, sentence) from error
    except (SAXException, ValueError, LookupError) as error:
        sentence = _t("This is not XML: {why}.")
        raise FormatError(collector.line, sentence.format(why=error)) from error


class _Collector(ContentHandler):
    """Builds the wanted elements and forgets everything outside of them."""

    def __init__(self, wanted: Wanted, parser: DefusedExpatParser) -> None:
        super().__init__()
        self._wanted = wanted
        self._parser = parser
        self._open: list[Element] = []
        self._depth = 0
        self._inside = 0
        self._done: list[Element] = []

    @property
    def line(self) -> int:
        return self._parser.getLineNumber() or 1

    def drain(self) -> list[Element]:
        done, self._done = self._done, []
        return done

    def startElementNS(
        self, name: Name, qname: str | None, attrs: AttributesNSImpl
    ) -> None:
        if self._open or self._wanted(name, self._depth):
            values = {_joined(key): value for key, value in attrs.items()}
            element = Element(name[0] or "", name[1], self.line, values)
            if self._open:
                self._open[-1].children.append(element)
                self._count_inside()
            self._open.append(element)
        self._depth += 1

    def _count_inside(self) -> None:
        self._inside += 1
        if self._inside > MOST_INSIDE:
            sentence = _t("One XML element holds more than {limit} others.")
            raise FormatError(self.line, sentence.format(limit=MOST_INSIDE))

    def endElementNS(self, name: Name, qname: str | None) -> None:
        self._depth -= 1
        if self._open:
            element = self._open.pop()
            if not self._open:
                self._inside = 0
                self._done.append(element)

    def characters(self, content: str) -> None:
        if self._open:
            self._open[-1].pieces.append(content)


def _joined(name: Name) -> str:
    return f"{{{name[0]}}}{name[1]}" if name[0] else name[1]
