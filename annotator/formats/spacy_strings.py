"""How spaCy numbers strings: by a hash, or by a fixed number for its own symbols."""

from collections.abc import Iterable

_FLAGS = (
    "() IS_ALPHA IS_ASCII IS_DIGIT IS_LOWER IS_PUNCT IS_SPACE IS_TITLE IS_UPPER "
    "LIKE_URL LIKE_NUM LIKE_EMAIL IS_STOP IS_OOV_DEPRECATED IS_BRACKET IS_QUOTE "
    "IS_LEFT_PUNCT IS_RIGHT_PUNCT IS_CURRENCY"
)
_ATTRIBUTES = (
    "ID ORTH LOWER NORM SHAPE PREFIX SUFFIX LENGTH CLUSTER LEMMA POS TAG DEP ENT_IOB "
    "ENT_TYPE HEAD SENT_START SPACY PROB LANG "
    "ADJ ADP ADV AUX CONJ CCONJ DET INTJ NOUN NUM PART PRON PROPN PUNCT SCONJ SYM "
    "VERB X EOL SPACE"
)
_LABELS = (
    "PERSON NORP FACILITY ORG GPE LOC PRODUCT EVENT WORK_OF_ART LANGUAGE LAW DATE "
    "TIME PERCENT MONEY QUANTITY ORDINAL CARDINAL "
    "acomp advcl advmod agent amod appos attr aux auxpass cc ccomp complm conj cop "
    "csubj csubjpass dep det dobj expl hmod hyph infmod intj iobj mark meta neg nmod "
    "nn npadvmod nsubj nsubjpass num number oprd obj obl parataxis partmod pcomp pobj "
    "poss possessive preconj prep prt punct quantmod relcl rcmod root xcomp acl "
    "ENT_KB_ID MORPH ENT_ID IDX _"
)
# A name's place in the list is its number; the first is the empty string's.
_SYMBOLS = [
    *_FLAGS.split(),
    *(f"FLAG{number}" for number in range(19, 64)),
    *_ATTRIBUTES.split(),
    *(f"DEPRECATED{number:03}" for number in range(1, 277)),
    *_LABELS.split(),
]
SYMBOLS = {name: number for number, name in enumerate(_SYMBOLS) if number}
_MASK = 2**64 - 1
_FACTOR = 0xC6A4A7935BD1E995
_SEED = 1


def numbered(strings: Iterable[str]) -> dict[int, str]:
    """The strings of a file by the number that its tokens have for them."""
    return {0: ""} | {number(string): string for string in strings}


def number(string: str) -> int:
    """The symbol's number, else the hash of the string's UTF-8."""
    if not string:
        return 0
    return SYMBOLS.get(string) or _murmur(string.encode("utf-8", "surrogatepass"))


def _murmur(data: bytes) -> int:
    """Austin Appleby's MurmurHash64A, for little-endian words."""
    value = _SEED ^ (len(data) * _FACTOR & _MASK)
    whole = len(data) & ~7
    for at in range(0, whole, 8):
        word = int.from_bytes(data[at : at + 8], "little") * _FACTOR & _MASK
        word = (word ^ word >> 47) * _FACTOR & _MASK
        value = (value ^ word) * _FACTOR & _MASK
    if len(data) > whole:
        value ^= int.from_bytes(data[whole:], "little")
        value = value * _FACTOR & _MASK
    value = (value ^ value >> 47) * _FACTOR & _MASK
    return value ^ value >> 47
