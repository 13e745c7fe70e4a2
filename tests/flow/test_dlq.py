# SPDX-License-Identifier: Apache-2.0
"""Dead letters: records that cannot be are sent to the topics, and found by the API and by
`batchline dlq`, which is held against what a client of Kafka's own reads."""
import uuid

import pytest
from confluent_kafka import Producer

import gateway
from gateway import get, post
from test_cli import cli, said
from test_events import BROKERS, PREFIX, Topics
from test_projection import letters_of, submission
from test_webhook import sql

LETTERS = "/api/letters"


def a_key():
    return str(uuid.uuid4())


def bad(key, value=b"rubbish", topic="submissions"):
    """A record that is no event; its letter by the list, once that has it."""
    letters_of(topic, key, 1, (topic, key, value))
    return the_letter(batch_id=key)


def the_letter(**filters):
    return gateway.until(lambda: get(LETTERS, **filters).json()["data"], "the letter")[0]


def forge(n, topic="batches", key=None, value=None, own=(), **said):
    """Letters as a service would have written them, under one key."""
    key, client = key or a_key(), Producer({"bootstrap.servers": BROKERS})
    for i in range(n):
        client.produce(PREFIX + topic + ".dlq", value or b"%d" % i, key, headers=[
            *own, ("dlq_topic", topic), ("dlq_message", f"the {i}th"),
            *((f"dlq_{name}", str(word)) for name, word in {
                "code": "forged", "replays": 0, **said}.items())])
        if i % 1000 == 0:
            client.poll(0)
    client.flush()
    return key


# ---- list ----

def test_a_letter_is_listed_with_where_it_stood_and_why():
    key = a_key()
    letter = bad(key)

    topic, partition, offset = letter["id"].split("-")
    assert (topic, letter["topic"], letter["key"]) == ("submissions", "submissions", key)
    assert (letter["code"], letter["stage"], letter["group"]) == (
        "not_framed", "decode", "batchline-projector")
    assert letter["replays"] == 0 and letter["value_size"] == 7 and letter["cut"] is None
    assert int(partition) >= 0 and int(offset) >= 0 and letter["partition"] is not None
    run = cli("dlq", "list", "--batch", key)
    assert run.returncode == 0 and letter["id"] in run.stdout and "not_framed" in run.stdout


def test_a_list_is_narrowed_by_topic_code_and_time():
    key = a_key()
    bad(key)
    bad(key, topic="events")

    def topics(**filters):
        return sorted(x["topic"] for x in get(LETTERS, batch_id=key, **filters).json()["data"])

    assert topics() == ["events", "submissions"]
    assert topics(topic="events") == ["events"] and topics(topic=["events", "submissions"]) == topics()
    assert topics(code="not_framed") == topics() and topics(code="other") == []
    assert topics(since="2001-01-01T00:00:00Z") == topics() and topics(since="2099-01-01T00:00:00Z") == []
    found = said(cli("dlq", "--topic", "events", "--code", "not_framed", "--from", "2001-01-01",
                     "--batch", key, "--json"))
    assert [x["topic"] for x in found["data"]] == ["events"]


def test_pages_go_through_all_from_the_newest_on():
    key = forge(57)
    pages, cursor = [], ""
    while cursor is not None:
        page = get(LETTERS, batch_id=key, topic="batches", limit=10, cursor=cursor).json()
        pages.append([x["message"] for x in page["data"]])
        cursor = page["next_cursor"]

    assert sum(pages, []) == [f"the {i}th" for i in range(56, -1, -1)]
    assert [len(page) for page in pages[:5]] == [10] * 5


def test_ten_thousand_letters_are_counted_by_code_and_a_look_has_an_end():
    forge(10600, code=(code := f"many_{uuid.uuid4().hex[:8]}"))
    counted = said(cli("dlq", "list", "--by", "code", "--topic", "batches", "--json"))
    page = get(LETTERS, topic="batches", code="of_none", limit=1).json()

    assert counted["looked_at"] >= 10000 and counted["total"] > 10000 and counted["more"]
    assert {"topic": "batches", "code": code}.items() <= counted["data"][0].items()
    assert page["data"] == [] and page["looked_at"] <= 10000 and page["next_cursor"]
    run = cli("dlq", "--code", "of_none", "--topic", "batches")
    assert "No open dead letters of that kind." in run.stdout and "Looked at the newest" in run.stdout
    assert code in cli("dlq", "--by", "code", "--topic", "batches").stdout


@pytest.mark.parametrize("name, value", [
    ("topic", "pigeons"), ("batch_id", "1"), ("since", "yesterday"), ("limit", "0"), ("limit", "501"), ("state", "closed"),
    ("topic", ""), ("since", ""), ("cursor", "x"), ("cursor", "1..2"), ("cursor", "-1"), ("cursor", "9" * 30), ("cursor", "1." * 100)])
def test_a_parameter_that_cannot_be_is_told(name, value):
    answer = get(LETTERS, **{name: value})

    assert (answer.status, answer.fields()) == (400, [name])


def test_a_cursor_of_other_partitions_is_refused():
    assert get(LETTERS, cursor="1.2").problem() == "bad-request"


# ---- one ----

def test_a_letter_that_follows_a_schema_is_shown_by_its_fields():
    first = uuid.uuid4()
    good = submission(first, 1)
    other = submission(first, 2)
    letters_of("submissions", str(first), 1, good, other)
    letter = the_letter(batch_id=str(first))
    whole = get(f"{LETTERS}/{letter['id']}").json()
    run = cli("dlq", "show", letter["id"])

    assert letter["code"] == "conflicting_submission"
    assert (whole["record"], whole["not_decoded"]) == ("BatchSubmitted", None)
    assert whole["decoded"]["batch_id"] == str(first) and len(whole["decoded"]["files"]) == 2
    assert bytes.fromhex(whole["value_head"]) == other[2][:512]
    assert {"name": "dlq_code", "value": "conflicting_submission"} in whole["headers"]
    assert run.returncode == 0 and "BatchSubmitted" in run.stdout and "conflicting" in run.stdout


def test_a_letter_that_follows_none_is_shown_by_its_bytes_and_written_as_they_came(tmp_path):
    rubbish = b"\x00\xffrubbish\x1b[31m\n" * 100
    letter = bad(a_key(), rubbish)
    file = tmp_path / "letter.bin"
    shown = cli("dlq", "show", letter["id"])

    assert "00 ff 72 75 62 62 69 73 68 1b" in shown.stdout and "\x1b" not in shown.stdout
    assert cli("dlq", "show", letter["id"], "--raw", "--output", file).returncode == 0
    assert file.read_bytes() == rubbish
    again = cli("dlq", "show", letter["id"], "--raw", "-o", file)
    assert again.returncode == 1 and "File exists" in again.stderr
    assert get(f"{LETTERS}/{letter['id']}/value").body == rubbish


@pytest.mark.parametrize("letter", [
    "1", "submissions", "submissions-0-999999999", "submissions-99-0", "submissions-0-00",
    "submissions-0--1", "pigeons-0-0", "submissions-0-0x", "submissions-1e1-0", "x" * 255, "%00", "%FF"])
def test_what_is_no_letter_is_not_found(letter):
    assert get(f"{LETTERS}/{letter}").problem() == "not-found"
    assert cli("dlq", "show", letter).returncode == 4


# ---- put back, or let be ----

def order(word, letter, reason="it is mended", **more):
    return post(f"{LETTERS}/{letter['id']}/{word}", {"reason": reason, **more})


def died_of_an_old_reader(n=1):
    """A good submission whose letter says that nobody could read it; on the partition where it stood."""
    batch = uuid.uuid4()
    topic, key, value = submission(batch, n)
    forge(1, topic, key, value, own=[("ce_id", "7"), ("traceparent", "00-a-b-01")], code="unknown_schema",
          partition=5, offset=3)
    return key, the_letter(batch_id=key)


def test_a_letter_is_put_back_as_it_was_and_becomes_a_batch():
    key, letter = died_of_an_old_reader()
    topics = Topics("submissions")
    run = said(cli("dlq", "replay", letter["id"], "--reason", "the reader is new", "--json"))

    def there(found):
        """the record, put back"""
        return [m for m in found if m.key() == key.encode()]

    record = there(topics.read_until(there))[0]
    topics.close()
    headers = {name: value.decode() for name, value in record.headers()}
    assert run["data"] == [{"id": letter["id"], "done": True, "state": "replayed", "error": None}]
    assert (record.partition(), headers) == (5, {
        "dlq_replays": "1", "dlq_replay_reason": "the reader is new", "ce_id": "7",
        "traceparent": "00-a-b-01"})
    gateway.until(lambda: get(f"/api/batches/{key}").status == 200, "the batch")
    act = get("/api/audit", action="letter_replay", object=letter["id"]).json()["data"]
    assert [a["outcome"] for a in act] == ["done (the reader is new)"]


@pytest.fixture
def a_rule_too_narrow():
    """A constraint that a migration brought in by mistake; () drops it."""
    sql("alter table jobs add constraint too_narrow check (file_name <> 'narrow.jpg') not valid")
    drop = "alter table jobs drop constraint if exists too_narrow"
    yield lambda: sql(drop)
    sql(drop)


def test_what_died_of_a_cause_that_is_mended_goes_on_to_its_end_when_put_back(a_rule_too_narrow):
    picture = gateway.text(gateway.PHOTOS[0].read_bytes())
    answer = post("/api/jobs/batch", {"pipeline_id": 1, "customer_prefix": gateway.customer(), "files": [
        {"file_name": "narrow.jpg", "file_data": picture}]})
    batch = answer.json()["batch_id"]
    letter = gateway.until(lambda: get(LETTERS, batch_id=batch).json()["data"], "the letter")[0]
    assert (answer.status, letter["stage"], letter["code"]) == (202, "apply", "23514")
    assert get(f"/api/batches/{batch}").status == 404

    a_rule_too_narrow()
    run = cli("dlq", "replay", letter["id"], "--reason", "the constraint is dropped")

    assert run.returncode == 0
    gateway.until(lambda: get(f"/api/batches/{batch}").status == 200, "the batch")
    done = gateway.finished({"batch_id": batch})
    assert (done["status"], done["jobs_completed"], done["archive"]["entries"] > 0) == ("completed", 1, True)
    assert get(LETTERS, batch_id=batch).json()["data"] == []


def test_how_many_are_open_is_a_metric():
    forge(3)

    def same():
        """the metric is what the gateway tells"""
        rows = gateway.health("/metrics")[1].decode().splitlines()
        metric = next(int(row.split()[1]) for row in rows if row.startswith("batchline_dead_letters_open "))
        return metric == get("/api/line").json()["letters_open"] > 0

    gateway.until(same)


def test_a_second_replay_does_nothing_and_says_so_unless_again_is_said():
    key, letter = died_of_an_old_reader()
    first, second = order("replay", letter).json(), order("replay", letter, "another").json()
    run = cli("dlq", "replay", letter["id"], "--reason", "x")
    again = order("replay", letter, "once more", again=True).json()

    assert first["done"] and not second["done"] and again["done"]
    assert second["letter"]["settled_for"] == "it is mended" and again["letter"]["settled_for"] == "once more"
    assert run.returncode == 0 and "was replayed already by gateway" in run.stdout
    assert "0 dead letters are put back" in run.stdout
    gateway.until(lambda: get(f"/api/batches/{key}").status == 200, "the batch")


def test_what_dies_again_is_another_letter_that_counts_the_replays():
    key = a_key()
    letter = bad(key)
    assert order("replay", letter, "I hoped so").json()["done"]
    other = gateway.until(lambda: [x for x in get(LETTERS, batch_id=key).json()["data"]
                                   if x["id"] != letter["id"]], "the second letter")[0]

    assert (other["replays"], other["replay_reason"], other["state"]) == (1, "I hoped so", "open")
    assert other["partition"] == letter["partition"]
    order("replay", other, "and again")
    third = gateway.until(lambda: [x for x in get(LETTERS, batch_id=key).json()["data"]
                                   if x["id"] not in (letter["id"], other["id"])], "the third")[0]
    assert (third["replays"], third["replay_reason"]) == (2, "and again")


def test_what_is_let_be_is_open_no_more_and_shown_among_all():
    key = a_key()
    letter = bad(key)
    before = get(LETTERS).json()["open"]
    assert cli("dlq", "discard", letter["id"], "--reason", "a test of ours").returncode == 0

    assert get(LETTERS, batch_id=key).json()["data"] == []
    shown = get(LETTERS, batch_id=key, state="all").json()["data"][0]
    assert (shown["state"], shown["settled_by"], shown["settled_for"]) == (
        "discarded", "gateway", "a test of ours")
    assert get(LETTERS).json()["open"] == before - 1
    assert letter["id"] not in cli("dlq", "--batch", key).stdout
    assert "discarded" in cli("dlq", "--all", "--batch", key).stdout
    assert "a test of ours" in cli("dlq", "show", letter["id"]).stdout


def test_many_are_dealt_with_by_what_they_have_in_common():
    key = forge(5, code=(code := f"kind_{uuid.uuid4().hex[:8]}"))
    words = ("--topic", "batches", "--batch", key, "--reason", "old")
    preview = cli("dlq", "discard", "--batch", key, "--preview")
    unsure = cli("dlq", "discard", *words)
    done = cli("dlq", "discard", *words, "--yes", "--rate", "1000")

    assert "5 dead letters would be let be" in preview.stdout
    assert unsure.returncode == 2 and "--yes" in unsure.stderr
    assert done.returncode == 0 and "5 dead letters are let be." in done.stdout
    assert get(LETTERS, batch_id=key, code=code).json()["data"] == []
    assert "0 dead letters" in cli("dlq", "discard", *words, "--yes").stdout


def test_what_cannot_be_put_back_is_told_and_the_others_are():
    forged = the_letter(batch_id=forge(1))
    cut = the_letter(batch_id=forge(1, "events", cut="value"))
    key, good = died_of_an_old_reader()
    run = cli("dlq", "replay", forged["id"], cut["id"], "jobs-0-99999999", good["id"], "--yes",
              "--reason", "x")

    assert order("replay", forged).problem() == order("replay", cut).problem() == "not-possible"
    assert run.returncode == 1 and "retry the batch" in run.stdout and "it is not whole" in run.stdout
    assert "1 dead letter is put back." in run.stdout
    gateway.until(lambda: get(f"/api/batches/{key}").status == 200, "the batch")


@pytest.mark.parametrize("body", [
    {}, [], {"reason": ""}, {"reason": 1}, {"reason": "x" * 501}, {"reason": "a\nb"}, {"reason": "a\u009b2J"},
    {"reason": "x", "again": 1}, {"reason": "x", "force": True}])
def test_an_order_that_says_nothing_right_is_refused(body):
    answer = post(f"{LETTERS}/submissions-0-0/replay", body)

    assert (answer.status, answer.problem()) == (400, "invalid")


@pytest.mark.parametrize("words", [
    ("replay", "--reason", "x"), ("replay", "a"), ("replay", "a", "--reason", ""), ("discard", "a"),
    ("replay", "a", "--topic", "jobs", "--reason", "x"), ("discard", "a", "--reason", "x", "--rate", "0"),
    ("--by", "colour"), ("--by", "code", "--limit", "5"), ("--by", "code", "--cursor", "1"), ("show",),
    ("show", "a", "--output", "x"), ("show", "a", "--raw", "--json"), ("fold",)])
def test_nonsense_is_refused_by_the_command_line(words):
    assert cli("dlq", *words).returncode == 2
