# SPDX-License-Identifier: Apache-2.0
"""The gateway's list of batches, the counts, the commands and deletion, against the whole line."""
import datetime
import time
import unicodedata
import uuid

import pytest
from confluent_kafka import Producer

import events
import gateway
from gateway import PHOTOS, ask, batch, finished, get, post, stack, submit, text, until
from test_events import BROKERS, PREFIX
from test_webhook import sql

SORTS = ["created_at", "updated_at", "completed_at", "total_files", "total_size", "status",
         "customer_prefix", "base_directory_name"]


def picture(name="a.jpg", i=0):
    return {"file_name": name, "file_data": text(PHOTOS[i].read_bytes())}


# ---- the list ----

class Shelf:
    """Batches of one customer, made once: two completed, one partial, one failed, one for later."""


@pytest.fixture(scope="module")
def shelf():
    s = Shelf()
    s.customer = gateway.customer()
    no_picture = {"file_name": "broken.jpg", "file_data": text(b"this is no picture")}
    made = [submit(customer_prefix=s.customer, **fields) for fields in (
        {"files": [picture()], "batch_description": "Lobby, 100% ready"},
        {"files": [picture("Terrasse_Süd.jpg"), picture("b.jpg", 1)]},
        {"files": [picture(), picture("c.jpg", 2), no_picture], "batch_description": "LOBBY again"},
        {"files": [no_picture]})]
    for one in made:
        finished(one)
    s.one, s.two, s.three, s.none = [batch(one["batch_id"]) for one in made]
    s.all = [s.one, s.two, s.three, s.none]
    s.today = s.one["batch_date"]
    return s


def found(shelf, **query):
    """The ids that the list answers, in its order; without their jobs rows are as batches are."""
    return [b["id"] for b in
            get("/api/batches", customer_prefix=shelf.customer, **query).json()["data"]]


def ids(*batches):
    return [b["id"] for b in batches]


def test_the_list_shows_what_the_batch_itself_shows(shelf):
    rows = get("/api/batches", customer_prefix=shelf.customer).json()["data"]

    for row, whole in zip(rows, reversed(shelf.all)):
        assert row == {k: v for k, v in whole.items() if k not in ("jobs", "jobs_next_cursor")}


def test_newest_first_fifty_from_the_start(shelf):
    said = get("/api/batches").json()

    assert (said["limit"], said["offset"]) == (50, 0)
    times = [b["created_at"] for b in said["data"]]
    assert times == sorted(times, reverse=True)
    assert said["total"] == get("/api/batches/stats").json()["batches"]["total"]


def test_only_one_customers(shelf):
    assert found(shelf) == ids(*reversed(shelf.all))
    assert get("/api/batches", customer_prefix=gateway.customer()).json() == {
        "data": [], "total": 0, "limit": 50, "offset": 0, "next_cursor": None}


def test_only_in_some_states(shelf):
    assert found(shelf, status="partial") == ids(shelf.three)
    assert found(shelf, status=["completed", "failed"]) == ids(shelf.none, shelf.two, shelf.one)
    assert found(shelf, status="queued") == []


def test_only_of_some_days(shelf):
    day = datetime.date.fromisoformat(shelf.today)
    before, after = str(day - datetime.timedelta(1)), str(day + datetime.timedelta(1))

    assert len(found(shelf, date_from=shelf.today, date_to=shelf.today)) == 4
    assert len(found(shelf, date_from=before)) == len(found(shelf, date_to=after)) == 4
    assert found(shelf, date_from=after) == found(shelf, date_to=before) == []


def test_words_are_found_in_descriptions_names_and_file_names(shelf):
    assert found(shelf, q="lobby") == ids(shelf.three, shelf.one)
    assert found(shelf, q="terrasse_süd") == ids(shelf.two)
    assert found(shelf, q="BROKEN") == ids(shelf.none, shelf.three)
    assert found(shelf, q="_batch-2") == ids(shelf.two)
    assert found(shelf, q="nowhere") == []


def test_signs_of_patterns_stand_for_themselves(shelf):
    assert found(shelf, q="100%") == ids(shelf.one)
    assert found(shelf, q="Lob%y") == found(shelf, q="Lob_y") == found(shelf, q="\\Lobby") == []


@pytest.mark.parametrize("words", ["a", "ab", "%%%", "a-b-c"])
def test_words_that_would_find_too_much_are_refused(words):
    for path in ("/api/batches", "/api/batches/stats"):
        assert get(path, q=words).fields() == ["q"]


def test_a_batch_is_found_by_exactly_its_name(shelf):
    name = shelf.two["base_directory_name"]

    assert found(shelf, name=name) == ids(shelf.two)
    assert get("/api/batches", name=name).json()["total"] == 1
    assert get("/api/batches", name=name + "9").json()["total"] == 0
    assert get("/api/batches", name=name, customer_prefix="NOT_IT").json()["data"] == []
    assert get("/api/batches", name=name[:-1]).fields() == ["name"]
    assert get("/api/batches/stats", name=name).json()["customers"] == [
        {"customer_prefix": shelf.customer, "batches": 1}]


def test_filters_narrow_together(shelf):
    assert found(shelf, q="lobby", status="partial", date_from=shelf.today) == ids(shelf.three)


def test_an_empty_filter_is_none(shelf):
    assert found(shelf, status="", q="", date_from="", date_to="", cursor="") == found(shelf)


@pytest.mark.parametrize("order", ["ASC", "DESC"])
@pytest.mark.parametrize("sort", SORTS)
def test_every_sort_is_in_order_both_ways(shelf, sort, order):
    rows = get("/api/batches", sort_by=sort, sort_order=order, limit=500).json()["data"]

    def key(row):
        if sort == "base_directory_name":
            return row["customer_prefix"], row["batch_date"], row["batch_counter"]
        return (row[sort] is None, row[sort] or 0) if sort == "completed_at" else row[sort]

    keys = [key(row) for row in rows]
    assert keys == sorted(keys, reverse=order == "DESC")
    assert {r["id"] for r in rows} >= set(ids(*shelf.all))


@pytest.mark.parametrize("order", ["asc", "desc"])
@pytest.mark.parametrize("sort", SORTS)
def test_pages_by_cursor_and_by_offset_are_the_same_list(shelf, sort, order):
    whole = found(shelf, sort_by=sort, sort_order=order)
    by_offset, by_cursor, cursor = [], [], ""
    for i in range(4):
        by_offset += found(shelf, sort_by=sort, sort_order=order, limit=1, offset=i)
        page = get("/api/batches", customer_prefix=shelf.customer, sort_by=sort, sort_order=order,
                   limit=1, cursor=cursor).json()
        by_cursor += ids(*page["data"])
        assert page["total"] == 4
        cursor = page["next_cursor"]

    assert by_offset == by_cursor == whole and len(set(whole)) == 4
    assert cursor is None


@pytest.mark.parametrize("order", ["asc", "desc"])
def test_by_name_the_second_batch_comes_before_the_tenth(order):
    customer = gateway.customer()
    no_picture = {"file_name": "a.jpg", "file_data": text(b"no picture")}
    for _ in range(11):
        submit(customer_prefix=customer, files=[no_picture])
    counters, cursor = [], ""
    while cursor is not None:
        page = get("/api/batches", customer_prefix=customer, sort_by="base_directory_name",
                   sort_order=order, limit=3, cursor=cursor).json()
        counters += [int(b["base_directory_name"].split("_batch-")[1]) for b in page["data"]]
        cursor = page["next_cursor"]

    assert counters == sorted(range(1, 12), reverse=order == "desc")


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_both_forms_of_a_letter_find_both(form):
    """And a third, half and half, as some keyboards write it."""
    customer = gateway.customer()
    ways = ["i\u1ec7n", "ie\u0323\u0302n", "i\u00ea\u0323n"]
    described = [submit(customer_prefix=customer, batch_description=f"{way} \u00fcber")["batch_id"]
                 for way in ways]
    described.append(submit(customer_prefix=customer, batch_description="u\u0308ber")["batch_id"])
    called = [submit(customer_prefix=customer, files=[picture(f"a_{way}.jpg")])["batch_id"]
              for way in ways]

    def ids_of(words):
        return {b["id"] for b in get("/api/batches", customer_prefix=customer,
                                     q=unicodedata.normalize(form, words)).json()["data"]}

    assert ids_of("I\u1ec7N") == {*described[:3], *called}
    assert ids_of("\u00dcBER") == set(described)


def test_a_cursor_knows_its_order_by_itself(shelf):
    whole = found(shelf, sort_by="total_size", sort_order="ASC")

    cursor = get("/api/batches", customer_prefix=shelf.customer, sort_by="total_size",
                 sort_order="ASC", limit=2).json()["next_cursor"]

    assert found(shelf, cursor=cursor) == whole[2:]


def test_unfinished_batches_are_listed_by_cursor_too(shelf):
    with gateway.without("renderer"):
        customer = gateway.customer()
        made = [submit(customer_prefix=customer)["batch_id"] for _ in range(3)]
        for order in ("asc", "desc"):
            seen, cursor = [], ""
            while cursor is not None:
                page = get("/api/batches", customer_prefix=customer, sort_by="completed_at",
                           sort_order=order, limit=1, cursor=cursor).json()
                seen += ids(*page["data"])
                cursor = page["next_cursor"]

            assert sorted(seen) == sorted(made)


# ---- counts ----

def test_the_counts_are_of_what_the_list_shows(shelf):
    stats = get("/api/batches/stats").json()

    states = [k for k in stats["batches"] if k != "total"]
    assert stats["batches"]["total"] == sum(stats["batches"][s] for s in states)
    for state in ("completed", "partial", "failed"):
        assert stats["batches"][state] == get("/api/batches", status=state).json()["total"]
    assert stats["jobs"]["total"] == sum(v for k, v in stats["jobs"].items() if k != "total")
    assert {"customer_prefix": shelf.customer, "batches": 4} in stats["customers"]


def test_counts_are_of_the_filter_that_is_shown(shelf):
    """A state's number is what the list has with that state; a customer's, with that customer."""
    def counts(**query):
        return get("/api/batches/stats", **query).json()

    here = counts(customer_prefix=shelf.customer)
    assert here["batches"] == {"total": 4, "queued": 0, "processing": 0, "paused": 0,
                               "completed": 2, "partial": 1, "failed": 1, "cancelled": 0}
    assert here["jobs"] == {"total": 7, "queued": 0, "dispatched": 0, "processing": 0,
                            "retry_wait": 0, "completed": 5, "failed": 2, "cancelled": 0}
    assert here["total_size"] == sum(b["total_size"] for b in shelf.all)
    some = counts(customer_prefix=shelf.customer, status="partial", date_from=shelf.today)
    assert (some["batches"]["total"], some["batches"]["completed"]) == (1, 2)
    assert some["jobs"]["total"] == 3
    assert {"customer_prefix": shelf.customer, "batches": 1} in some["customers"]
    assert counts(customer_prefix=shelf.customer, q="lobby")["batches"]["total"] == 2
    assert counts(customer_prefix=shelf.customer, date_to="2001-01-01")["batches"]["total"] == 0
    assert get("/api/batches/stats", date_from="no day").fields() == ["date_from"]


def test_throughput_is_of_the_last_day_and_of_the_customer(shelf):
    def hours(**query):
        return get("/api/batches/stats", **query).json()["throughput"]

    here = hours(customer_prefix=shelf.customer)
    assert [sum(h[m] for h in here) for m in ("jobs_completed", "jobs_failed", "batches")] == [5, 2, 4]
    assert len(here) == 24 and here == sorted(here, key=lambda h: h["hour"])
    assert {h["hour"][13:] for h in here} == {":00:00.000Z"}
    assert hours(customer_prefix=shelf.customer, status="queued", q="nothing", date_to="2001-01-01") == here
    assert sum(h["batches"] for h in hours()) >= 4
    assert not any(h["batches"] for h in hours(customer_prefix="NOBODY"))


def test_jobs_of_a_batch_in_one_state(shelf):
    path, jobs = f"/api/batches/{shelf.three['id']}/jobs", shelf.three["jobs"]

    for state in ("completed", "failed", "queued"):
        page = get(path, status=state).json()
        assert page["data"] == [j for j in jobs if j["status"] == state]
        assert page["total"] == len(page["data"])
    first = get(path, status="completed", limit=1).json()
    rest = get(path, status="completed", limit=1, cursor=first["next_cursor"]).json()
    assert first["data"] + rest["data"] == [j for j in jobs if j["status"] == "completed"]
    assert get(path, status="done").fields() == ["status"]


# ---- what one has already ----

def test_what_has_not_changed_is_not_sent_again(waiting):
    """Of the list, its counts, a batch and its jobs: 304 until something changes, then the whole."""
    one = waiting["batch_id"]
    assert order(waiting, "pause").status == 200
    job = batch(one)["jobs"][0]["id"]
    own = f"customer_prefix={batch(one)['customer_prefix']}"    # other tests' batches still change
    paths = [f"/api/batches?{own}", f"/api/batches/stats?{own}", f"/api/batches/{one}",
             f"/api/batches/{one}/jobs", f"/api/jobs/{job}"]
    had = {path: get(path) for path in paths}

    def again(path):
        return get(path, headers={"If-None-Match": had[path].headers["ETag"]})

    for path in paths:
        answer = again(path)
        assert (answer.status, answer.body) == (304, b"")
        assert answer.headers["ETag"] == had[path].headers["ETag"]

    assert order(waiting, "cancel").status == 200

    for path in paths:
        answer = again(path)
        assert answer.status == 200 and answer.json() != had[path].json()


# ---- commands ----

@pytest.fixture
def waiting():
    """A batch of three that no renderer works on yet."""
    with gateway.without("renderer"):
        yield submit(3)


def order(one, word, body=None, headers=()):
    return post(f"/api/batches/{one['batch_id']}/{word}", body, headers)


def test_a_paused_batch_goes_on_after_resume(waiting):
    paused, again = order(waiting, "pause"), order(waiting, "pause")
    resumed = order(waiting, "resume")

    assert (paused.status, paused.json()["status"], paused.json()["control"]) == (
        200, "paused", "pause")
    assert again.status == 200, "asked twice is no error"
    assert (resumed.status, resumed.json()["control"]) == (200, "run")
    stack("start", "renderer")
    assert finished(waiting)["status"] == "completed"


def test_a_batch_gets_another_priority_and_waits_on(waiting):
    raised, again = order(waiting, "priority", {"priority": 9}), order(waiting, "priority", {"priority": 9})
    assert (raised.status, raised.json()["priority"], raised.json()["status"]) == (200, 9, "queued")
    assert again.status == 200, "asked twice is no error"
    assert order(waiting, "pause").status == 200
    assert order(waiting, "priority", {"priority": 0}).json()["priority"] == 0, "a paused one, too"
    assert order(waiting, "cancel").status == 200
    assert order(waiting, "priority", {"priority": 7}).problem() == "not-possible"


@pytest.mark.parametrize("body", [{}, {"priority": None}, {"priority": 10}, {"priority": -1}, {"priority": "9"},
                                  {"priority": 1.5}, {"job_ids": []}])
def test_a_priority_is_a_number_from_0_to_9(shelf, body):
    answer = post(f"/api/batches/{shelf.three['id']}/priority", body)

    assert (answer.status, answer.problem(), answer.fields()) == (400, "invalid", ["priority"])


def test_a_priority_is_not_left_out(shelf):
    assert post(f"/api/batches/{shelf.three['id']}/priority").fields() == ["priority"]


def test_a_cancelled_batch_is_over_and_can_be_tried_again(waiting):
    cancelled = order(waiting, "cancel")
    assert (cancelled.status, cancelled.json()["status"]) == (200, "cancelled")
    assert cancelled.json()["jobs_cancelled"] == 3
    assert order(waiting, "cancel").problem() == "not-possible"
    assert order(waiting, "pause").problem() == "not-possible"

    retried = order(waiting, "retry")

    assert (retried.status, retried.json()["run_no"]) == (200, 2)
    stack("start", "renderer")
    after = finished(waiting)
    assert (after["status"], after["jobs_completed"], after["archive"]["run_no"]) == (
        "completed", 3, 2)


def test_single_jobs_can_be_tried_again(waiting):
    assert order(waiting, "cancel").status == 200

    retried = order(waiting, "retry", {"job_ids": waiting["job_ids"][1:2]})

    assert retried.status == 200
    stack("start", "renderer")
    until(lambda: batch(waiting["batch_id"])["jobs_completed"] == 1, "one job")
    assert [j["status"] for j in finished(waiting)["jobs"]] == [
        "cancelled", "completed", "cancelled"]


def test_an_unfinished_batch_cannot_be_tried_again(waiting):
    answer = order(waiting, "retry")

    assert (answer.status, answer.problem()) == (409, "not-possible")


def test_an_order_need_not_be_waited_for(waiting):
    answer = order(waiting, "cancel", headers={"Prefer": "respond-async"})

    assert (answer.status, answer.headers["Preference-Applied"]) == (202, "respond-async")
    until(lambda: batch(waiting["batch_id"])["status"] == "cancelled")


def test_what_went_well_is_not_tried_again(shelf):
    assert post(f"/api/batches/{shelf.one['id']}/retry").problem() == "not-possible"
    other = post(f"/api/batches/{shelf.three['id']}/retry",
                 {"job_ids": [shelf.three["jobs"][0]["id"]]})
    assert other.problem() == "not-possible"


@pytest.mark.parametrize("body", [{"job_ids": []}, {"job_ids": "all"}, {"job_ids": ["1"]},
                                  {"job_ids": [7]}, {"job_ids": [str(uuid.uuid4())] * 10001}])
def test_jobs_to_be_tried_again_are_named_by_their_ids(shelf, body):
    answer = post(f"/api/batches/{shelf.three['id']}/retry", body)

    assert (answer.status, answer.problem()) == (400, "invalid")
    assert answer.fields()[0].startswith("job_ids")


def test_orders_to_nobody_are_not_found():
    for word in ("cancel", "pause", "resume", "retry"):
        assert post(f"/api/batches/{uuid.uuid4()}/{word}").problem() == "not-found"
    assert post(f"/api/batches/{uuid.uuid4()}/priority", {"priority": 1}).problem() == "not-found"


# ---- deletion ----

def test_a_deleted_batch_is_nowhere():
    customer = gateway.customer()
    done = finished(submit(2, customer_prefix=customer))
    path, job = f"/api/batches/{done['id']}", f"/api/jobs/{done['jobs'][0]['id']}"

    answer = ask("DELETE", path)

    assert (answer.status, answer.body) == (204, b"")
    assert get("/api/batches", customer_prefix=customer).json()["total"] == 0
    for gone in (path, path + "/jobs", path + "/download", path + "/sheet", job, job + "/preview",
                 f"{job}/outputs/{done['jobs'][0]['outputs'][0]['name']}"):
        assert get(gone).problem() == "not-found", gone
    assert ask("DELETE", path).problem() == "not-found"


def test_a_batch_under_way_can_be_deleted(waiting):
    assert ask("DELETE", f"/api/batches/{waiting['batch_id']}").status == 204
    assert get(f"/api/batches/{waiting['batch_id']}").status == 404


def test_a_deletion_need_not_be_waited_for():
    one = submit()

    answer = ask("DELETE", f"/api/batches/{one['batch_id']}", headers={"Prefer": "respond-async"})

    assert answer.status == 202
    until(lambda: ask("GET", answer.headers["Location"]).status == 404)


def test_a_deletion_while_the_projector_is_away_is_obeyed_later():
    one = submit()
    with gateway.without("projector"):
        answer = ask("DELETE", f"/api/batches/{one['batch_id']}", headers={"Prefer": "wait=1"})

    assert answer.status == 202
    until(lambda: ask("GET", answer.headers["Location"]).status == 404)


# ---- what is in work ----

def started(one, job_id):
    """A renderer says that it has taken the job up."""
    value = events.encode("JobStarted", {
        "event_id": uuid.uuid4(), "occurred_at": time.time_ns() // 1000, "batch_id": uuid.UUID(one),
        "job_id": uuid.UUID(job_id), "run_no": 1, "attempt": 1, "worker": "pc-1/4711"})
    home = sql("select partition from batchline.batches where id = %s", one)[0][0]
    producer = Producer({"bootstrap.servers": BROKERS})
    producer.produce(PREFIX + "events", value, one, partition=home)
    assert producer.flush(30) == 0


def test_what_is_in_work_is_shown_with_its_batch_and_since_when(waiting):
    one, job = waiting["batch_id"], waiting["job_ids"][1]

    assert not [j for j in get("/api/working").json()["data"] if j["batch_id"] == one]
    started(one, job)

    def mine():
        return [j for j in get("/api/working").json()["data"] if j["batch_id"] == one]
    shown, = until(mine, "the job in work")
    assert shown == {**{k: v for k, v in get(f"/api/jobs/{job}").json().items() if k in shown},
                     "customer_prefix": waiting["base_directory_name"].partition("_20")[0],
                     "pipeline_id": 1, "worker": "pc-1/4711"}
    assert (shown["id"], shown["attempt"]) == (job, 1) and shown["started_at"]
    assert get("/api/working").json()["total"] == 1
    assert order(waiting, "cancel").status == 200
    assert not mine()


def test_the_last_day_tells_what_came_what_waits_and_how_long_rendering_took(shelf):
    def now():
        return get("/api/batches/hours").json()["data"][-1]

    hours = get("/api/batches/hours").json()["data"]
    assert len(hours) == 24 and hours == sorted(hours, key=lambda h: h["hour"])
    assert sum(h["jobs_submitted"] for h in hours) >= 7 and sum(h["jobs_measured"] for h in hours) >= 5
    assert all(h["render_ms_median"] <= h["render_ms_p90"] for h in hours if h["jobs_measured"])
    before = now()["jobs_waiting"]
    with gateway.without("renderer"):
        one = submit(3)
        assert now()["jobs_waiting"] == before + 3
        assert order(one, "cancel").status == 200
        assert now()["jobs_waiting"] == before
