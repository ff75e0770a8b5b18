"""States on disk: found again, bounded, whole."""

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from modeling.examples import Example
from modeling.features import FeatureStore, encode_states, text_key
from modeling.tagger import Tagger

KEYS = [text_key(word, [(0, len(word))]) for word in ("one", "two", "three")]


@pytest.fixture
def store(tmp_path: Path) -> FeatureStore:
    return FeatureStore(tmp_path / "features", 10_000)


def test_what_was_added_is_found_again_as_float16(store: FeatureStore) -> None:
    states = torch.randn(4, 8)
    assert store.add({KEYS[0]: states}) == 1
    found = store.load(KEYS)
    assert list(found) == [KEYS[0]]
    assert found[KEYS[0]].dtype == torch.float16
    assert torch.equal(found[KEYS[0]], states.half())


def test_a_second_store_on_the_folder_finds_the_same(store: FeatureStore) -> None:
    store.add({KEYS[0]: torch.ones(2, 8), KEYS[1]: torch.zeros(3, 8)})
    again = FeatureStore(store.folder, store.limit_bytes)
    assert set(again.load(KEYS)) == set(KEYS[:2])


def test_what_was_asked_for_longest_ago_makes_room(tmp_path: Path) -> None:
    store = FeatureStore(tmp_path, 1300)
    for key in KEYS:
        store.add({key: torch.zeros(20, 8)})  # 320 bytes and a header
    store.load(KEYS[:1])
    assert store.add({"more": torch.zeros(20, 8)}) == 1
    assert set(store.load([*KEYS, "more"])) == {KEYS[0], KEYS[2], "more"}


def test_too_much_at_once_is_kept_in_part(tmp_path: Path) -> None:
    store = FeatureStore(tmp_path, 1250)
    store.add({"before": torch.zeros(2, 8)})
    parts = {f"{number}": torch.zeros(20, 8) for number in range(5)}
    assert store.add(parts) == 3
    assert set(store.load([*parts, "before"])) == {"0", "1", "2"}


def test_what_is_larger_than_the_room_drops_nothing(store: FeatureStore) -> None:
    store.add({KEYS[0]: torch.ones(2, 8)})
    assert store.add({KEYS[1]: torch.ones(1000, 8)}) == 0
    assert set(store.load(KEYS)) == {KEYS[0]}


LIMIT = 1000
asked = st.lists(st.sampled_from("abcdefgh"), min_size=1, max_size=3, unique=True)
texts = st.dictionaries(st.sampled_from("abcdefgh"), st.integers(0, 30), min_size=1)


@settings(max_examples=50, deadline=None)
@given(st.lists(asked | texts, max_size=25))
def test_the_bytes_stay_bounded_and_the_least_recently_used_go_first(
    steps: list[list[str] | dict[str, int]],
) -> None:
    with TemporaryDirectory() as folder:
        store = FeatureStore(Path(folder), LIMIT)
        order: list[str] = []  # the least recently used first
        for step in steps:
            if isinstance(step, list):
                used = list(store.load(step))
                assert set(used) == set(step) & set(order)
            else:
                parts = {key: torch.ones(size, 8) for key, size in step.items()}
                used = list(parts)[: store.add(parts)]
            there = {path.stem for path in Path(folder).glob("*.safetensors")}
            gone = [key for key in order if key not in there]
            left = [key for key in order if key not in step]
            assert gone == left[: len(gone)]
            order = [key for key in order if key in there and key not in used] + used
            assert set(order) == there
            assert store.size_bytes <= LIMIT


def test_half_a_file_is_never_read(store: FeatureStore) -> None:
    store.add({KEYS[0]: torch.ones(2, 8)})
    (store.folder / "dead.partial").write_bytes(b"half a file")
    assert set(store.load(KEYS)) == {KEYS[0]}


def test_a_cleared_store_is_empty(store: FeatureStore) -> None:
    store.add({KEYS[0]: torch.ones(2, 8)})
    store.clear()
    assert store.load(KEYS) == {}
    assert store.size_bytes == 0


def test_the_key_knows_text_and_tokens() -> None:
    keys = {
        text_key("a b", [(0, 1), (2, 3)]),
        text_key("a b", [(0, 3)]),
        text_key("a c", [(0, 1), (2, 3)]),
        text_key("\ud800", [(0, 1)]),
    }
    assert len(keys) == 4


def test_states_are_those_the_tagger_computes(
    small_tagger: Tagger, annotated: Callable[[str], Example]
) -> None:
    examples = [
        annotated("[Ada|PER] met Charles in London ."),
        annotated("Hello ."),
        annotated("She wrote to [Babbage|PER] about the engine again ."),
    ]
    documents = small_tagger.align([(e.text, e.tokens) for e in examples])
    states = encode_states(small_tagger, documents)
    assert [len(part) for part in states] == [len(e.tokens) for e in examples]
    for document, part in zip(documents, states, strict=True):
        with torch.inference_mode():
            alone = small_tagger.first_states([document])
        torch.testing.assert_close(part.float(), alone, atol=2e-3, rtol=2e-3)
