# SPDX-License-Identifier: Apache-2.0
"""Where finished batches go, as people make and steer it: by the API, held against its contract, and
by the command line. Deliveries themselves are test_webhook.py's."""
import json
import os
import pty
import subprocess
import uuid

import pytest

import gateway
from gateway import ask, get, post
from test_cli import CLI, cli, said
from test_gateway_keys import Keys
from test_webhook import ADMIN, sql

SETTINGS = {"url": "https://example.org/in", "secret": "key"}
TARGETS = "/api/targets"


def new(**changes):
    """A body for POST; nothing comes to it, as it is paused."""
    body = {"service": "webhook", "name": f"t-{uuid.uuid4().hex[:12]}", "settings": SETTINGS,
            "enabled": False, **changes}
    return {name: value for name, value in body.items() if value != "left out"}


def patch(target, /, **changes):
    return ask("PATCH", f"{TARGETS}/{target}", json_body=changes)


@pytest.fixture
def made():
    """A target as the API shows it."""
    answer = post(TARGETS, new())
    assert answer.status == 201
    yield answer.json()
    ask("DELETE", f"{TARGETS}/{answer.json()['name']}")


@pytest.fixture
def name():
    name = f"t-{uuid.uuid4().hex[:12]}"
    yield name
    sql("delete from targets where name = %s", name)


def done_to(name):
    """What the audit knows of it."""
    return [row[0] for row in sql("select action from audit where object = %s order by id", name)]


# ---- the API ----

def test_a_target_is_made_and_shown(made):
    answer = get(f"{TARGETS}/{made['name']}")

    assert answer.json() == made
    assert made | {"id": 0, "created_at": 0} == {
        "id": 0, "service": "webhook", "name": made["name"], "customers": None,
        "states": ["completed", "partial", "failed"], "settings": SETTINGS, "enabled": False,
        "attention": None, "attention_at": None, "held_until": None, "created_at": 0, "open": 0,
        "failed": 0}
    assert made in get(TARGETS).json()["data"]


def test_its_address_is_told(name):
    answer = post(TARGETS, new(name=name, customers=["PL", "PL_DXB"], states=["failed"]))

    assert answer.headers["Location"] == f"{TARGETS}/{name}"
    assert get(answer.headers["Location"]).json()["customers"] == ["PL", "PL_DXB"]


def test_two_targets_of_one_name_are_one_too_many(made):
    answer = post(TARGETS, new(name=made["name"]))

    assert (answer.status, answer.problem()) == (409, "taken")


@pytest.mark.parametrize("changes, field", [
    ({"colour": "red"}, "colour"),
    ({"service": "left out"}, "service"), ({"name": "left out"}, "name"),
    ({"settings": "left out"}, "settings"),
    ({"service": 1}, "service"), ({"service": "pigeon"}, "service"),
    ({"name": None}, "name"), ({"name": "-a"}, "name"), ({"name": "a/b"}, "name"),
    ({"name": "x" * 65}, "name"), ({"name": "é"}, "name"), ({"name": ""}, "name"),
    ({"settings": []}, "settings"), ({"settings": None}, "settings"),
    ({"settings": {**SETTINGS, "more": "x" * 20000}}, "settings"),
    ({"settings": {}}, "settings.secret"), ({"settings": {"secret": "a"}}, "settings.url"),
    ({"settings": {**SETTINGS, "url": 7}}, "settings.url"),
    ({"settings": {**SETTINGS, "url": "https://me:word@example.org/"}}, "settings.url"),
    ({"settings": {**SETTINGS, "url": "https://example.org/" + "x" * 2000}}, "settings.url"),
    ({"settings": {**SETTINGS, "secret": "../key"}}, "settings.secret"),
    ({"settings": {**SETTINGS, "colour": "red"}}, "settings.colour"),
    ({"customers": []}, "customers"), ({"customers": "PL"}, "customers"),
    ({"customers": ["PL", "pl"]}, "customers[1]"), ({"customers": ["PL"] * 65}, "customers"),
    ({"states": []}, "states"), ({"states": None}, "states"), ({"states": ["paused"]}, "states[0]"),
    ({"states": [1]}, "states[0]"),
    ({"service": "dropbox", "settings": {"secret": "a"}, "states": ["queued"]}, "states"),
    ({"service": "monday", "settings": {"secret": "a", "board": "1", "columns": {"key": 1}}},
     "settings.columns.key"), ({"enabled": "yes"}, "enabled"), ({"enabled": None}, "enabled")])
def test_what_is_wrong_with_a_new_one_is_told_by_its_field(changes, field):
    answer = post(TARGETS, new(**changes))

    assert (answer.status, answer.problem(), answer.fields()) == (400, "invalid", [field])


@pytest.mark.parametrize("changes, field", [
    ({"name": "other"}, "name"), ({"service": "webhook"}, "service"), ({"open": 0}, "open"),
    ({"settings": {"url": "https://example.org/"}}, "settings.secret"), ({"settings": 1}, "settings"),
    ({"states": ["done"]}, "states[0]"), ({"customers": {}}, "customers"), ({"enabled": 1}, "enabled")])
def test_what_cannot_be_changed_is_told_by_its_field(made, changes, field):
    answer = patch(made["name"], **changes)

    assert (answer.status, answer.fields()) == (400, [field])
    assert get(f"{TARGETS}/{made['name']}").json() == made


def test_several_defects_are_told_at_once():
    answer = post(TARGETS, {"name": "", "states": ["a", "b"], "size": 1, "settings": SETTINGS})

    assert sorted(answer.fields()) == ["name", "service", "size", "states[0]", "states[1]"]


@pytest.mark.parametrize("body, kind", [(b"{", "malformed-json"), (b"", "malformed-json"),
                                        (b"[]", "invalid"), (b'{"a":1,"a":2}', "malformed-json")])
def test_a_body_that_is_none_is_refused(body, kind):
    answer = ask("POST", TARGETS, body, {"Content-Type": "application/json"})

    assert (answer.status, answer.problem()) == (400, kind)


def test_what_is_not_named_stays_as_it_is(made):
    changed = patch(made["name"], states=["cancelled"], customers=["PL"]).json()
    again = patch(made["name"], settings={**SETTINGS, "url": "https://example.org/other"}).json()
    everybody = patch(made["name"], customers=None).json()

    assert changed == made | {"states": ["cancelled"], "customers": ["PL"]}
    assert again == changed | {"settings": {**SETTINGS, "url": "https://example.org/other"}}
    assert everybody == again | {"customers": None}


def test_switched_on_it_no_longer_needs_attention(made):
    sql("update targets set attention = 'refused: no', attention_at = now() where name = %s",
        made["name"])
    ill = patch(made["name"], states=["failed"]).json()
    well = patch(made["name"], enabled=True).json()

    assert ill["attention"] == "refused: no" and ill["attention_at"]
    assert (well["enabled"], well["attention"], well["attention_at"]) == (True, None, None)


def test_what_is_removed_is_gone_with_its_ledger(made):
    sql("insert into delivery_ledger (id, target_id, batch_id, run_no, state)"
        " values (%s, %s, %s, 1, 'failed')", str(uuid.uuid4()), made["id"], str(uuid.uuid4()))
    assert get(f"{TARGETS}/{made['name']}").json()["open"] == 1
    answer = ask("DELETE", f"{TARGETS}/{made['name']}")

    assert (answer.status, answer.body) == (204, b"")
    assert get(f"{TARGETS}/{made['name']}").status == 404
    assert sql("select count(*) from delivery_ledger where target_id = %s", made["id"]) == [(0,)]


@pytest.mark.parametrize("name", ["nobody", "a%20b", "%C3%28", "x" * 65, "..%2Fapi"])
def test_a_target_that_is_not_there_is_not_found(name):
    for method in ("GET", "DELETE"):
        assert ask(method, f"{TARGETS}/{name}").problem() == "not-found"
    assert ask("PATCH", f"{TARGETS}/{name}", json_body={}).problem() == "not-found"


def test_every_change_is_in_the_audit(made):
    patch(made["name"], enabled=True)
    patch(made["name"], enabled="yes")
    ask("DELETE", f"{TARGETS}/{made['name']}")

    assert done_to(made["name"]) == ["target_add", "target_change", "target_remove"]


def test_targets_are_for_keys_of_all_customers_and_changed_by_those_that_operate(made):
    keys = Keys(ADMIN)
    try:
        reader = keys.add("read")
        submitter = keys.add("read", "submit")
        limited = keys.add("read", "submit", "operate", customers=["PL"])
        gateway.until(lambda: get(TARGETS).status == 401, "the gateway notices")
        path = f"{TARGETS}/{made['name']}"

        assert get(path, reader).json() == made and get(TARGETS, reader).status == 200
        for key in (reader, submitter, limited):
            assert post(TARGETS, new(), key).problem() == "forbidden"
            assert ask("PATCH", path, headers=key, json_body={"enabled": True}).problem() == "forbidden"
            assert ask("DELETE", path, headers=key).problem() == "forbidden"
        assert get(path, limited).problem() == get(TARGETS, limited).problem() == "forbidden"
    finally:
        keys.remove()
        gateway.until(lambda: get(TARGETS).status == 200, "the gateway notices")


# ---- the command line ----

def add(name, *words):
    return cli("targets", "add", "webhook", name, "--setting", "url=https://example.org/in?a=b",
               "--setting", "secret=key", *words)


def test_a_target_is_made_by_words(name):
    run = add(name, "--customer", "PL,DE", "--customer", "FR", "--state", "failed", "--state", "partial")
    found = said(cli("targets", "show", name, "--json"))

    assert run.returncode == 0 and run.stdout.startswith(f"{name} is there")
    assert found["settings"] == {"url": "https://example.org/in?a=b", "secret": "key"}
    assert (found["customers"], found["states"]) == (["PL", "DE", "FR"], ["failed", "partial"])
    assert found["enabled"] is True


def test_a_target_is_made_by_a_file(name, tmp_path):
    (tmp_path / "it.json").write_text(json.dumps(SETTINGS))
    made = said(cli("targets", "add", "webhook", name, "--settings", tmp_path / "it.json", "--json"))

    assert (made["name"], made["settings"]) == (name, SETTINGS)


def test_targets_are_paused_resumed_listed_and_shown(name):
    add(name)
    assert cli("targets", "pause", name).stdout == f"{name} is paused: what comes up waits.\n"
    assert said(cli("targets", "show", name, "--json"))["enabled"] is False
    line = next(one for one in cli("targets").stdout.splitlines() if one.startswith(name))
    assert line.split()[1:5] == ["webhook", "paused", "0", "0"]
    assert said(cli("targets", "resume", name, "--json"))["enabled"] is True
    sql("update targets set attention = 'secret: is not there' where name = %s", name)

    assert "needs attention" in cli("targets", "list").stdout
    shown = cli("targets", "show", name).stdout
    assert "attention    secret: is not there\n" in shown and "secret       key\n" in shown
    assert {one["name"] for one in said(cli("targets", "--json"))["data"]} >= {name}


def test_a_target_is_removed_by_who_is_sure(name):
    add(name)
    unsure = cli("targets", "remove", name)
    assert (unsure.returncode, "say --yes" in unsure.stderr) == (2, True)

    assert on_a_terminal("n\n", "targets", "remove", name) == 1
    assert cli("targets", "show", name).returncode == 0
    assert on_a_terminal("y\n", "targets", "remove", name) == 0
    assert cli("targets", "show", name).returncode == 4

    add(name)
    assert said(cli("targets", "remove", name, "--yes", "--json")) == {"name": name, "removed": True}
    assert cli("targets", "remove", name, "--yes").returncode == 4


def on_a_terminal(answer, *words):
    """The exit code of who is answered so."""
    ours, theirs = pty.openpty()
    try:
        run = subprocess.Popen([CLI, *words], stdin=theirs, stdout=subprocess.DEVNULL,
                               stderr=subprocess.PIPE)
        os.write(ours, answer.encode())
        _, asked = run.communicate(timeout=60)
        assert b"0 open and 0 failed deliveries. Remove it and its ledger? [y/N]" in asked
        return run.returncode
    finally:
        os.close(ours)
        os.close(theirs)


def test_what_the_gateway_does_not_take_is_told(name):
    run = cli("targets", "add", "webhook", name, "--setting", "url=ftp://a", "--setting", "secret=key")
    assert (run.returncode, "settings.url: not https://host/path" in run.stderr) == (1, True)
    add(name)
    again = add(name)
    assert (again.returncode, "already" in again.stderr) == (1, True)


@pytest.mark.parametrize("words, why", [
    (["--setting", "url"], "--setting wants KEY=VALUE, not \"url\""),
    (["--setting", "=a"], "--setting wants KEY=VALUE, not \"=a\""),
    (["--settings", "nowhere"], "nowhere: No such file or directory"),
    (["--settings", "text"], "text: not JSON"),
    (["--settings", "large"], "large: longer than 131072 bytes"),
    (["--settings", "text", "--setting", "a=b"], "--setting has no place beside --settings")])
def test_settings_that_are_none_are_wrong_usage(tmp_path, words, why):
    (tmp_path / "text").write_text("secret=key")
    (tmp_path / "large").write_text("x" * 140000)
    run = cli("targets", "add", "webhook", "never", *words, cwd=tmp_path)

    assert run.returncode == 2 and why in run.stderr, run.stderr
