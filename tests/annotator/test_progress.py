"""Files that say how far work is, written by several at once."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from annotator.progress import replace_json


def test_two_who_write_at_once_do_not_take_each_others_file_away(
    tmp_path: Path,
) -> None:
    path = tmp_path / "progress.json"
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: replace_json(path, number), range(400)))
    assert json.loads(path.read_text()) in range(400)
    assert [*tmp_path.iterdir()] == [path]
