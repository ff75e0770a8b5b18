"""One small file of each format, for tests that go over the whole registry."""

import io
import json
import zlib

import msgpack
from openpyxl import Workbook

from annotator.formats.spacy_strings import number

NER = "de.tudarmstadt.ukp.dkpro.core.api.ner.type.NamedEntity"
XMI = """<xmi:XMI xmlns:xmi="http://www.omg.org/XMI" xmi:version="2.0"
 xmlns:cas="http:///uima/cas.ecore" xmlns:my="http:///my.ecore">
<my:Span xmi:id="2" sofa="1" begin="0" end="3" value="PER"/>
<my:Link xmi:id="3" sofa="1" begin="4" end="8" next="3"/>
<my:Chain xmi:id="4" first="3"/>
<cas:Sofa xmi:id="1" sofaID="v" sofaString="Ann &#128522; left"/>
<cas:View sofa="1" members="2 3 4"/>
</xmi:XMI>"""
UIMA_JSON = {
    "%TYPES": {},
    "%FEATURE_STRUCTURES": [
        {"%ID": 1, "%TYPE": "uima.cas.Sofa", "sofaID": "v", "sofaString": "Ann 😊"},
        {"%ID": 2, "%TYPE": NER, "@sofa": 1, "begin": 0, "end": 3, "value": "PER"},
    ],
    "%VIEWS": {"v": {"%SOFA": 1, "%MEMBERS": [2]}},
}
LIGHTTAG = {
    "examples": [
        {
            "example_id": "e1",
            "content": "Ann 😊 left",
            "annotations": [{"start": 0, "end": 3, "tag": "PER", "value": "Ann"}],
        }
    ],
}
W3C = {
    "@context": "http://www.w3.org/ns/anno.jsonld",
    "body": [{"value": "PER", "purpose": "tagging"}],
    "target": {
        "selector": [
            {"type": "TextQuoteSelector", "exact": "Ann"},
            {"type": "TextPositionSelector", "start": 0, "end": 3},
        ]
    },
}
PUBANNOTATION = {
    "text": "Ann left",
    "denotations": [{"span": {"begin": 0, "end": 3}, "obj": "PER"}],
}
LABEL_STUDIO = {
    "data": {"text": "Ann left"},
    "annotations": [
        {
            "result": [
                {
                    "type": "labels",
                    "value": {"start": 0, "end": 3, "text": "Ann", "labels": ["PER"]},
                }
            ]
        }
    ],
}
SPACY_JSON = [
    ["Ann left", {"entities": [[0, 3, "PER"]]}],
    {"id": 1, "paragraphs": [{"sentences": [{"tokens": [{"orth": "a", "ner": "O"}]}]}]},
]
BIOC = """<collection><source>s</source><document><id>1</id><passage><offset>0</offset>
<text>Ann left</text><annotation id="1"><infon key="type">PER</infon>
<location offset="0" length="3"/><text>Ann</text></annotation></passage></document>
</collection>"""
WEBANNO = f"""#FORMAT=WebAnno TSV 3.3
#T_SP={NER}|value


#Text=Ann 😊
1-1\t0-3\tAnn\tPER[1]|X[2]\t
1-2\t4-6\t😊\tPER[1]\t
"""
CONLL2012 = """#begin document (a); part 000
a 0 0 Ann NN * - - - - (PER* * -
a 0 1 left NN * - - - - *) * -

#end document
"""
CONLLU = """# global.columns = ID FORM NER MISC
# text = Ann left
1-2\tAnn\t_\tSpaceAfter=No
1\tAn\tB-PER\t_
2\tn\tI-PER\tner=O
3\tleft\tO\t_
"""


def _docbin() -> bytes:
    words = ["Ann", "left"]
    rows = [number("Ann"), 3, number("PER"), number("left"), 2, 0]
    content = {
        "attrs": [65, 77, 78],
        "tokens": b"".join(value.to_bytes(8, "little") for value in rows),
        "spaces": b"\1\0",
        "lengths": b"\2\0\0\0",
        "strings": [*words, "PER"],
        "flags": [{}],
    }
    return msgpack.packb(content)


def _workbook() -> bytes:
    book, file = Workbook(), io.BytesIO()
    book.active.append(["text", "source"])
    book.active.append(["Ann left", "web"])
    book.save(file)
    return file.getvalue()


def _lines(*values: object) -> bytes:
    return "\n".join(json.dumps(v, ensure_ascii=False) for v in values).encode()


# Without what is packed, which a change would only damage.
PACKED = {"docbin": zlib.compress}
SAMPLES: dict[str, bytes] = {
    "webanno-tsv": WEBANNO.encode(),
    "pubtator": b"1|t|Ann left\n1|a|Home.\n1\t0\t3\tAnn\tPER\tQ1\n",
    "xmi": XMI.encode(),
    "uima-json": _lines(UIMA_JSON),
    "bioc": BIOC.encode(),
    "pubannotation": _lines(PUBANNOTATION),
    "lighttag": _lines(LIGHTTAG),
    "w3c-annotation": _lines([W3C]),
    "spacy-json": _lines(SPACY_JSON),
    "docbin": _docbin(),
    "yedda": "[@Ann#PER*] [$left#X*] 😊\n".encode(),
    "brat": b"T1\tPER 0 3\tAnn\nA1\tx T1\n#1\tNote T1\tb\n",
    "label-studio": _lines([LABEL_STUDIO]),
    "tagged-jsonl": _lines({"tokens": ["Ann", "left"], "ner_tags": ["B-PER", "O"]}),
    "jsonl": _lines({"text": "Ann left", "spans": [[0, 3, "PER"]]}),
    "conll2012": CONLL2012.encode(),
    "conllu": CONLLU.encode(),
    "iob-lines": b"Ann|NN|B-PER left|VB|O\n\nBasel|NN|S-LOC\n",
    "conll": b"Ann NN B-PER\nleft VB O\n\nBasel NN S-LOC\n",
    "table": b'text,source\n"Ann left",web\n',
    "xlsx": _workbook(),
    "text": "Ann 😊\r\nleft\n".encode(),
}
