# SPDX-License-Identifier: Apache-2.0
"""A watched folder at a gateway that has API keys."""
import pytest

import folder
import line
from folder import picture
from gateway import customer
from test_gateway_keys import keys  # noqa: F401  (a fixture)


@pytest.fixture
def watched(tmp_path):
    w = folder.Watched(tmp_path / "studio")
    yield w
    w.end()


def key_file(tmp_path, headers):
    (tmp_path / "key").write_text(headers["Authorization"].removeprefix("Bearer ") + "\n")
    return ["--key-file", tmp_path / "key"]


def test_a_key_from_a_file_submits_and_brings_back(watched, keys, tmp_path):  # noqa: F811
    watched.start(*key_file(tmp_path, keys.limited))
    watched.put(f"{keys.one} villa", {"a.jpg": picture(1)})

    line.until(lambda: watched.names("done"))

    assert watched.names("done")[0].startswith(keys.one) and watched.names("failed") == []


def test_a_customer_that_the_key_is_not_for_is_refused(watched, keys, tmp_path):  # noqa: F811
    c = customer()
    watched.start(*key_file(tmp_path, keys.limited))
    watched.put(c, {"a.jpg": picture(1)})

    assert "This API key is for other customers" in line.until(lambda: watched.why(c))
    line.until(watched.is_idle)
    assert set(watched.files(f"failed/{c}")) == {"a.jpg", "why.txt"}


@pytest.mark.parametrize("key,words", [
    ("reader", 'lacks the scope "submit"'), ("none", "key")])
def test_a_key_that_may_not_submit_is_waited_with(watched, keys, tmp_path, key, words):  # noqa: F811
    c = customer()
    watched.start(*key_file(tmp_path, getattr(keys, key, {"Authorization": "Bearer no-such-key"})))
    watched.put(c, {"a.jpg": picture(1)})

    line.until(lambda: words in (watched.ready() or "").partition(":")[2])

    assert watched.names() == [c] and watched.names("failed") == []
