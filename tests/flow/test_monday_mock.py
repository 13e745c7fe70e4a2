# SPDX-License-Identifier: Apache-2.0
"""The Monday of the tests refuses what Monday refuses; else its yes would prove nothing."""
import json
import subprocess
import urllib.error
import urllib.request

import pytest

from monday_mock import VERSION, Column, Monday

CREATE = ("mutation ($b: ID!, $n: String!, $v: JSON) { create_item(board_id: $b, item_name: $n,"
          " column_values: $v) { id } complexity { before after } }")
FIND = ("query ($b: ID!, $c: [ItemsPageByColumnValuesQuery!]) { items_page_by_column_values("
        "board_id: $b, limit: 2, columns: $c) { items { id } } }")
FILE = ("mutation ($i: ID!, $file: File!) { add_file_to_column(item_id: $i, column_id: \"zip\","
        " file: $file) { id } }")


@pytest.fixture(scope="module")
def monday():
    server = Monday()
    yield server
    server.shutdown()


@pytest.fixture
def board(monday):
    return monday.board(columns=[Column("key", "text"), Column("n", "numbers"), Column("zip", "file"),
                                 Column("state", "status", ["Done"]), Column("day", "date"),
                                 Column("at", "link"), Column("long", "long_text")])


def ask(monday, query, variables=None, **headers):
    headers = {"Authorization": monday.token, "API-Version": VERSION,
               "Content-Type": "application/json"} | {
                   name.replace("_", "-"): value for name, value in headers.items()}
    request = urllib.request.Request(
        monday.url, json.dumps({"query": query, "variables": variables or {}}).encode(),
        {name: value for name, value in headers.items() if value})
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, answer.headers, json.load(answer)
    except urllib.error.HTTPError as e:
        return e.code, e.headers, json.load(e)


def code_of(answer):
    return answer[2]["errors"][0]["extensions"]["code"]


def create(monday, board, values, **headers):
    return ask(monday, CREATE, {"b": board.id, "n": "a", "v": values}, **headers)


def test_an_item_is_found_by_its_key_once_it_is_there(monday, board):
    made = create(monday, board, json.dumps({"key": "k"}))[2]["data"]["create_item"]["id"]
    found = ask(monday, FIND, {"b": board.id, "c": [{"column_id": "key", "column_values": ["k"]}]})

    assert found[2]["data"]["items_page_by_column_values"]["items"] == [{"id": made}]


@pytest.mark.parametrize("query", [
    "{ boards { nmae } }", "{ boards(id: 1) { name } }",
    "mutation { create_item(item_name: \"a\") { id } }",
    "mutation { create_item(board_id: 1, item_name: 2) { id } }",
    "mutation ($v: String!) { change_multiple_column_values(board_id: 1, column_values: $v) { id } }",
])
def test_what_the_vendor_s_types_do_not_have_is_refused(monday, query):
    assert code_of(ask(monday, query)) == "GRAPHQL_VALIDATION_FAILED"


@pytest.mark.parametrize("values, code", [
    ({"key": "k"}, "InvalidArgumentException"),         # an object where a text with JSON belongs
    ('{"nothing": "k"}', "InvalidColumnIdException"),
    ('{"n": 5}', "ColumnValueException"),
    ('{"n": "five"}', "ColumnValueException"),
    ('{"state": "Done"}', "ColumnValueException"),
    ('{"state": {"label": "Dnoe"}}', "ColumnValueException"),
    ('{"day": "today"}', "ColumnValueException"),
    ('{"at": {"url": "https://example.org"}}', "ColumnValueException"),
    ('{"zip": "a.zip"}', "ColumnValueException"),
    (json.dumps({"long": "x" * 2001}), "ColumnValueException"),
])
def test_a_column_takes_what_its_type_takes(monday, board, values, code):
    answer = create(monday, board, values)

    assert answer[0] == 200 and code_of(answer) == code
    assert not board.items


def test_without_a_token_or_a_version_nothing_is_answered(monday, board):
    assert create(monday, board, "{}", Authorization="")[0] == 401
    assert create(monday, board, "{}", Authorization="Bearer " + monday.token)[0] == 401
    assert create(monday, board, "{}", API_Version="")[0] == 400
    assert not board.items


def test_a_key_makes_one_item_of_two_requests_and_none_of_two_different_ones(monday, board):
    first = create(monday, board, "{}", Idempotency_Key="once")
    again = create(monday, board, "{}", Idempotency_Key="once")
    other = create(monday, board, '{"key": "k"}', Idempotency_Key="once")

    assert first[2] == again[2] and again[1]["Idempotency-Replayed"] == "true"
    assert other[0] == 409 and len(board.items) == 1
    monday.forget()
    create(monday, board, "{}", Idempotency_Key="once")
    assert len(board.items) == 2


def test_a_budget_that_is_used_up_is_told_with_its_end(monday, board):
    monday.budget, monday.reset_s = 15_000, 7
    well = create(monday, board, "{}")
    ill = create(monday, board, "{}")
    monday.budget = 10_000_000

    assert well[2]["data"]["complexity"] == {"before": 15_000, "after": 5_000}
    assert ill[0] == 429 and code_of(ill) == "COMPLEXITY_BUDGET_EXHAUSTED"
    assert ill[1]["Retry-After"] == "7"


def test_a_file_comes_as_a_form(monday, board, tmp_path):
    made = create(monday, board, "{}")[2]["data"]["create_item"]["id"]
    (tmp_path / "a.zip").write_bytes(b"PK")
    said = subprocess.run(
        ["curl", "-sS", "-H", f"Authorization: {monday.token}", "-H", f"API-Version: {VERSION}", "-F",
         f"query={FILE}", "-F", f"variables={json.dumps({'i': made})}", "-F",
         "map={\"0\": [\"variables.file\"]}", "-F", f"0=@{tmp_path}/a.zip", monday.url + "/file"],
        capture_output=True, check=True).stdout

    assert "errors" not in json.loads(said)
    assert [(f["name"], f["bytes"]) for f in board.items[0].files["zip"]] == [("a.zip", b"PK")]
