# SPDX-License-Identifier: Apache-2.0
"""Batches as items of a board, as the board's owner sees them: monday_mock.py is the other side."""
import json
import re
import subprocess
import uuid

import pytest
from graphql import parse, validate

import events
import line
from monday_mock import SCHEMA, Column, Item, Monday
from test_archive import NOT_A_PICTURE, caught_up, delete, photos, stopped
from test_webhook import Door, outcomes, program, sql, write_secret

LABELS = ["Queued", "Processing", "Completed", "Partial", "Failed", "Cancelled"]
COLUMNS = {"key": "text_key", "status": "status_1", "files": "numbers_1", "failures": "numbers_2",
           "link": "link_1", "date": "date_1", "description": "long_1"}


@pytest.fixture(scope="module")
def monday():
    server = Monday()
    yield server
    server.let_go.set()
    server.shutdown()


# ---- the service, hurried ----

class Service(Door):
    def __init__(self, monday, secrets, **options):
        super().__init__("monday", secrets, BATCHLINE_MONDAY_API=monday.url,
                         BATCHLINE_PUBLIC_URL="https://line.example/", BATCHLINE_CALLS="8", **options)


@pytest.fixture(scope="module")
def secrets(tmp_path_factory, monday):
    folder = tmp_path_factory.mktemp("secrets")
    write_secret(folder, "token", monday.token + "\n")
    write_secret(folder, "revoked", "another")
    write_secret(folder, "two", "two\nlines")
    return folder


@pytest.fixture(scope="module")
def service(monday, secrets):
    with stopped("monday"):
        service = Service(monday, secrets)
        service.start()
        yield service
        if service.process.poll() is None:
            service.stop()


# ---- targets ----

def a_board(monday, labels=LABELS):
    return monday.board(groups={"topics": "New", "old": "Old"}, columns=[
        Column("text_key", "text"), Column("status_1", "status", labels),
        Column("numbers_1", "numbers"), Column("numbers_2", "numbers"), Column("link_1", "link"),
        Column("date_1", "date"), Column("long_1", "long_text"), Column("files_1", "file")])


class Target:
    def __init__(self, monday, board=None, states=("completed", "partial", "failed"),
                 columns=COLUMNS, secret="token", **settings):
        self.name, self.monday = f"m-{uuid.uuid4().hex[:12]}", monday
        self.board = board or a_board(monday)
        settings = {"secret": secret, "board": self.board.id, "columns": columns, **settings}
        sql("insert into targets (service, name, states, settings) values ('monday', %s, %s, %s)",
            self.name, list(states), json.dumps(settings))

    def set(self, what):
        sql(f"update targets set {what} where name = %s", self.name)

    def columns(self, columns):
        sql("update targets set settings = jsonb_set(settings::jsonb, '{columns}', %s)::json"
            " where name = %s", json.dumps(columns), self.name)

    def item(self, batch):
        """The only one that this batch has."""
        one, = [i for i in self.board.items if i.values.get("text_key") == batch
                and i.state == "active"]
        return one

    def asked(self, op):
        return self.monday.asked(op, self.board)

    def ledger(self, batch, column="phase"):
        return [row[0] for row in sql(f"select {column} from delivery_states where target = %s"
                                      " and batch_id = %s order by created_at", self.name, batch)]

    def wait(self, batch, phase="done"):
        def question():
            return self.ledger(batch)[-1:] == [phase]
        question.__doc__ = f"the delivery to {self.name} is {phase}"
        return line.until(question)

    def wait_attention(self):
        def question():
            return sql("select attention from targets where name = %s", self.name)[0][0]
        question.__doc__ = f"{self.name} needs attention"
        return line.until(question)

    def again(self, batch):
        """As the page on integrations says, of what is done, too."""
        sql("update delivery_ledger l set phase = 'intent', settled_at = null, told = false,"
            " created_at = now(), next_try_at = now() from targets t"
            " where t.id = l.target_id and t.name = %s and batch_id = %s", self.name, batch)

    def verdict(self):
        self.set("test_asked_at = now(), test_said_at = null")

        def question():
            """the test of a target is over"""
            return sql("select test_said_at from targets where name = %s", self.name)[0][0]
        line.until(question)
        return sql("select test_well, test_words from targets where name = %s", self.name)[0]


@pytest.fixture(scope="module")
def targets(monday, service):
    made = []

    def make(*args, **more):
        made.append(Target(monday, *args, **more))
        return made[-1]
    yield make
    for one in made:
        sql("delete from targets where name = %s", one.name)


@pytest.fixture
def target(targets):
    """A target of one test: nobody else's batches come to it afterwards."""
    made = []

    def make(*args, **more):
        made.append(targets(*args, **more))
        return made[-1]
    yield make
    for one in made:
        one.set("enabled = false")


def finished_batch(*more_files, **more):
    batch = line.submit([*photos(1), *more_files], **more)
    line.finished(batch)
    return batch


# ---- what is asked ----

def texts():
    """The constants of queries.c, as the compiler puts them together."""
    source = (events.ROOT / "consumers/monday/queries.c").read_text()
    for name, strings in re.findall(r"\[(QUERY_\w+)\] = ((?:\s*\"[^\n]*\"\s*)+),", source):
        yield name, "".join(re.findall(r'"(.*)"', strings))


@pytest.mark.parametrize("name, text", texts())
def test_what_is_asked_is_what_the_vendor_s_types_have(name, text):
    assert not validate(SCHEMA, parse(text))


def test_no_text_is_left_out():
    header = (events.ROOT / "consumers/monday/monday.h").read_text()
    names = re.findall(r"QUERY_\w+", re.search(r"enum query \{(.*?)\};", header, re.S)[1])

    assert [name for name, _ in texts()] == names


# ---- an item ----

def test_a_finished_batch_is_an_item_with_all_of_its_columns(target):
    board = target(columns=COLUMNS | {"archive": "files_1"}, group="old")
    batch = finished_batch(NOT_A_PICTURE, batch_description="Ünïcode – 写真")
    shown = line.finished(batch, archive=True)
    board.wait(batch)
    name, item = shown["base_directory_name"], board.item(batch)

    assert (item.name, item.group["id"]) == (name, "old")
    assert item.values == {
        "text_key": batch, "status_1": "Partial", "numbers_1": "2", "numbers_2": "1",
        "date_1": shown["batch_date"], "long_1": "Ünïcode – 写真",
        "link_1": f"{name} - https://line.example/?q={name}&open={batch}"}
    file, = item.files["files_1"]
    assert file["name"] == f"{name}.zip"
    assert file["bytes"] == line.call("GET", f"/api/batches/{batch}/download")[2]

    line.until(lambda: outcomes(batch))
    (name, status, _, code, id), = outcomes(batch)
    assert (name, status, code, id) == (f"{board.name}/partial", "succeeded", None, item.id)
    assert line.get(f"/api/batches/{batch}")["monday_item_id"] == item.id
    assert sql("select link from delivery_ledger where batch_id = %s", batch) == [(item.url,)]

    board.again(batch)
    board.wait(batch)
    assert len(board.board.items) == len(board.asked("add_file_to_column")) == 1


def test_every_state_that_is_wanted_comes_to_the_same_item_in_order(target):
    board = target(states=["queued", "processing", "completed"],
                   labels={"completed": "Failed"})          # theirs to choose
    batch = finished_batch()
    line.until(lambda: "completed" in board.ledger(batch, "state"))
    board.wait(batch)
    order = ["Queued", "Processing", "Failed"]
    told = [json.loads(r.variables["values"])["status_1"]["label"]
            for r in board.asked("change_multiple_column_values")]

    assert board.item(batch).values["status_1"] == "Failed"
    assert [order.index(label) for label in told] == sorted({order.index(label) for label in told})
    assert len(board.board.items) == 1 and len(board.asked("items_page_by_column_values")) == 1


def test_the_batch_comes_before_the_archive_only_where_no_archive_is_wanted(target):
    plain, full = target(), target(columns=COLUMNS | {"archive": "files_1"})
    with stopped("archiver"):
        batch = finished_batch()
        plain.wait(batch)
        line.until(lambda: full.ledger(batch, "error_code") == ["no_archive"])
        assert not full.board.items
    full.wait(batch)

    assert len(full.item(batch).files["files_1"]) == 1


def test_an_archive_whose_answer_is_lost_is_attached_once(target, monday):
    """A kept connection that is closed without an answer makes libcurl send again by itself."""
    boards = [target(columns=COLUMNS | {"archive": "files_1"}) for _ in range(3)]
    for board, fault in zip(boards, ("acted", "hold", (500, {}, {}))):
        monday.next(fault, op="add_file_to_column", board=board.board)
    batch = finished_batch()
    for board in boards:
        board.wait(batch)

    assert [len(board.item(batch).files["files_1"]) for board in boards] == [1, 1, 1]


def test_an_item_that_has_the_key_already_is_the_batch_s_and_the_oldest_one_is(target, monday):
    board = target()
    board.set("enabled = false")
    batch = finished_batch()
    for id in (monday.next_id(), "999"):
        item = Item(id, board.board, board.board.all_groups["old"], "by hand")
        item.values = {"text_key": batch}
        board.board.items.append(item)
    board.set("enabled = true")
    board.wait(batch)

    assert [i.values.get("status_1") for i in board.board.items] == [None, "Completed"]
    assert board.ledger(batch, "external_id") == ["999"] and not board.asked("create_item")


def test_an_item_that_was_deleted_is_made_anew_and_one_that_was_archived_is_not(target):
    bin_, archive = target(), target()
    batch = finished_batch()
    for board, state in (bin_, "deleted"), (archive, "archived"):
        board.wait(batch)
        board.item(batch).state = state
        board.again(batch)
    bin_.wait(batch)
    archive.wait(batch)

    old, new = bin_.board.items
    assert (old.state, new.state, new.values["text_key"]) == ("deleted", "active", batch)
    assert bin_.ledger(batch, "external_id") == [new.id]
    assert len(archive.board.items) == 1


# ---- answers that do not come ----

def test_a_create_whose_answer_is_lost_makes_one_item(target, monday):
    """Whether the board shows it at once or not, and whether the key is still known or not."""
    soon, late, slow = target(), target(), target()
    slow.board.is_slow = True
    for one in (soon, late, slow):
        monday.next("hold", op="create_item", board=one.board)
    batch = finished_batch()
    line.until(lambda: late.ledger(batch, "error_code") == ["timeout"])
    monday.forget_of(late.board)
    for one in (soon, late, slow):
        one.wait(batch)

    assert [len(one.board.items) for one in (soon, late, slow)] == [1, 1, 1]
    assert [len(one.asked("create_item")) for one in (soon, late, slow)] == [1, 1, 2]
    one, two = slow.asked("create_item")
    assert one.headers["idempotency-key"] == two.headers["idempotency-key"]


def test_a_state_that_comes_meanwhile_makes_no_second_item(target, monday):
    """The next state's create is the same request: its key is the batch's, not the state's."""
    board = target(states=["queued", "processing", "completed"])
    board.board.is_slow = True
    monday.next("acted", op="create_item", board=board.board)
    batch = finished_batch()
    line.until(lambda: "completed" in board.ledger(batch, "state"))
    board.wait(batch)

    assert board.item(batch).values["status_1"] == "Completed" and len(board.board.items) == 1


def test_a_service_killed_after_a_create_makes_one_item_and_asks_nothing_for_what_it_reads_again(
        target, monday, service):
    """It comes back in a fresh group and reads the whole topic."""
    before, soon, late = target(), target(), target()
    for one in (soon, late):
        one.set("enabled = false")
        monday.next("hold", op="create_item", board=one.board)
    batch = finished_batch()
    before.wait(batch)
    asked = len(before.asked(None))
    for one in (soon, late):
        one.set("enabled = true")
    line.until(lambda: soon.board.items and late.board.items)
    service.kill()
    assert soon.ledger(batch) == late.ledger(batch) == ["called"]
    monday.forget_of(late.board)
    service.forget_offsets()
    service.start()
    line.until(lambda: caught_up("monday"))
    for one in (soon, late):
        one.wait(batch)

    assert len(soon.board.items) == len(late.board.items) == 1
    assert len(before.asked(None)) == asked


# ---- what goes wrong, and what it leads to: one batch, a target for each trouble ----

def error(code, status=200, **more):
    return (status, {}, {"data": None, "errors": [
        {"message": "so it is", "extensions": {"code": code, "status_code": status, **more}}]})


LATER = {       # (what is met, at which operation): the item is there all the same, once
    "429 with its seconds": (error("COMPLEXITY_BUDGET_EXHAUSTED", 429, retry_in_seconds=1), None),
    "the same with a 200": (error("COMPLEXITY_BUDGET_EXHAUSTED", retry_in_seconds=1),
                            "create_item"),
    "429 in the old form": ((429, {"Retry-After": "1"}, {"error_code": "RATE_LIMIT_EXCEEDED",
                                                        "error_message": "slow"}), None),
    "too many at once": (error("maxConcurrencyExceeded", 429), "change_multiple_column_values"),
    "a board that is locked": ((423, {"Retry-After": "1"}, {"errors": [{"message": "it is"}]}),
                               None),
    "the same key under way": ((409, {"Retry-After": "1"}, {}), "create_item"),
    "a 500": ((500, {}, {"errors": [{"message": "oh"}]}), "change_multiple_column_values"),
    "a 502 that is no JSON": ((502, {"content-type": "text/html"}, "<html>"), None),
    "a code that nobody knows": (error("Surprise"), None),
    "an answer that is cut": ("half", "create_item"),
    "a connection that is cut": ("cut", None),
    "no answer after it is done": ("acted", "change_multiple_column_values"),
    "no answer at all": ("silent", None),
    "an item that goes away": (error("ResourceNotFoundException"), "change_multiple_column_values"),
}
ATTENTION = {   # and the words that a person reads
    "a label that is not there": (error("ColumnValueException",
                                        error_data={"column_id": "status_1"}),
                                  "ColumnValueException: columns.status (status_1): so it is"),
    "a column that is not there": (error("InvalidColumnIdException"),
                                   "InvalidColumnIdException: so it is"),
    "a board that is not there": (error("InvalidBoardIdException"),
                                  "InvalidBoardIdException: so it is"),
    "a board that is full": (error("ItemsLimitationException"),
                             "ItemsLimitationException: so it is"),
    "a user who may not": (error("UserUnauthorizedException", 403),
                           "UserUnauthorizedException: so it is"),
    "a token that was revoked": ((401, {}, {"errors": ["Not Authenticated"]}),
                                 "http_401: Not Authenticated"),
}


@pytest.fixture(scope="module")
def troubles(monday, targets):
    """One batch, to a target for each trouble; {trouble: target} and the batch."""
    met = {what: targets() for what in [*LATER, *ATTENTION, "a day used up"]}
    for what, (fault, op) in LATER.items():
        monday.next(fault, op=op, board=met[what].board)
    for what, (fault, _) in ATTENTION.items():
        monday.next(fault, board=met[what].board)
    monday.next(error("DAILY_LIMIT_EXCEEDED", 429), board=met["a day used up"].board)
    batch = finished_batch()
    for one in met.values():
        line.until(lambda: one.ledger(batch))
        one.set("states = '{cancelled}'")       # later batches are not for them
    yield met, batch


@pytest.mark.parametrize("what", LATER)
def test_what_time_mends_is_tried_again_until_there_is_one_item(troubles, monday, what):
    met, batch = troubles
    met[what].wait(batch)

    assert met[what].item(batch).values["status_1"] == "Completed"
    assert len(met[what].board.items) == 1
    assert sql("select attention from targets where name = %s", met[what].name) == [(None,)]


@pytest.mark.parametrize("what", ATTENTION)
def test_what_a_person_must_mend_stops_the_target_and_says_what(troubles, what):
    met, batch = troubles
    board = met[what]

    assert board.wait_attention() == ATTENTION[what][1]
    assert board.ledger(batch) == ["intent"] and not board.board.items
    asked = len(board.asked(None))
    board.set("attention = null")
    board.wait(batch)
    assert asked == 1 and board.item(batch).values["status_1"] == "Completed"


def test_a_day_that_is_used_up_is_waited_for_until_midnight(troubles):
    met, batch = troubles
    board = met["a day used up"]
    line.until(lambda: board.ledger(batch, "error_code") == ["DAILY_LIMIT_EXCEEDED"])
    held = sql("select to_char(held_until at time zone 'UTC', 'HH24:MI'), held_until > now()"
               " from targets where name = %s", board.name)

    assert held == [("00:01", True)] and board.ledger(batch) == ["intent"]


def test_a_secret_that_is_no_token_stops_the_target_and_is_not_told(target):
    missing, two, revoked = target(secret="nobody"), target(secret="two"), target(secret="revoked")
    batch = finished_batch()

    assert missing.wait_attention().startswith("secret: ")
    assert two.wait_attention() == "secret: the secret is not a token on one line"
    assert revoked.wait_attention() == "http_401: Not Authenticated"
    assert revoked.ledger(batch) == ["intent"]


# ---- many ----

def test_a_budget_that_would_not_pay_for_one_more_item_is_left_alone_until_it_is_new(target, monday):
    board = target()
    monday.budget, monday.reset_s = 40_000, 3600
    first = finished_batch()
    board.wait(first)
    monday.budget, monday.reset_s = 10_000_000, 1
    second = finished_batch()
    line.until(lambda: board.ledger(second) == ["intent"])

    assert sql("select round(extract(epoch from held_until - now()) / 3600) from targets"
               " where name = %s", board.name) == [(1,)]
    board.set("held_until = null")
    board.wait(second)
    assert board.ledger(second, "attempts") == [1]


def test_two_targets_of_one_board_never_change_it_at_the_same_time(target, monday, service):
    board = a_board(monday)
    one, two = (target(board, states=["queued", "processing", "completed"]) for _ in range(2))
    # without a name it gives its partitions back at once when it stops
    second = Service(monday, service.env["BATCHLINE_SECRETS"], BATCHLINE_INSTANCE="")
    second.start()
    batches = [line.submit(photos(1)) for _ in range(4)]
    try:
        for batch in batches:
            line.until(lambda: "completed" in one.ledger(batch, "state"))
            one.wait(batch)
            line.until(lambda: "completed" in two.ledger(batch, "state"))
            two.wait(batch)
    finally:
        second.stop()

    assert board.most_at_once == 1
    assert sorted(i.values["text_key"] for i in board.items) == sorted(batches)


def test_a_deleted_batch_has_no_item(target):
    board = target()
    board.set("enabled = false")
    batch = finished_batch()
    line.until(lambda: board.ledger(batch) == ["intent"])
    delete(batch)
    line.until(lambda: line.call("GET", f"/api/batches/{batch}")[0] == 404)
    board.set("enabled = true")
    board.wait(batch, "passed")

    assert not board.asked(None)


# ---- does a target fit its board ----

def test_a_target_that_fits_says_what_was_found(target):
    board = target(group="old")

    assert board.verdict() == (True, "board Renders, group Old, 7 columns")
    assert not board.board.items


def test_every_defect_of_a_target_is_named(target, monday):
    board = target(a_board(monday, ["Done"]), labels={"completed": "Done"}, group="new",
                   states=["queued", "completed"],
                   columns=COLUMNS | {"files": "text_1", "date": "link_1", "link": "date_1"})
    well, words = board.verdict()

    assert not well and words == (
        "columns.files: the board has no column 'text_1'; "
        "columns.link: the board's column 'date_1' is of type date, not link; "
        "columns.date: the board's column 'link_1' is of type link, not date; "
        "group: the board has no group 'new'")
    board.set("settings = (settings::jsonb - 'group')::json")
    board.columns(COLUMNS)
    assert board.verdict() == (False, (
        "columns.status: the board's column 'status_1' has no label 'Queued' for batches that are"
        " queued"))
    del monday.boards[board.board.id]
    assert board.verdict() == (
        False, f"board: there is no board {board.board.id}, or the token may not see it")


def test_labels_that_the_api_does_not_tell_are_no_defect(target, monday):
    board = target()
    monday.next(None, error("undefinedField"), board=board.board)

    assert board.verdict()[0]


def test_a_board_has_one_call_at_a_time_and_no_option_changes_that(service):
    done = subprocess.run([program("monday"), "--check-config"], capture_output=True, text=True,
                          env={**service.env, "BATCHLINE_CALLS_PER_TARGET": "2"})

    assert done.returncode == 2 and "BATCHLINE_CALLS_PER_TARGET" in done.stderr
