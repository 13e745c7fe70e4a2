# SPDX-License-Identifier: Apache-2.0
"""API keys as people make, turn and end them: by the API, held against its contract, and by the
command line. How far a key reaches is test_gateway_keys.py's."""
import hashlib
import uuid

import pytest

import gateway
from gateway import ask, get, post, until
from test_cli import cli, said
from test_gateway_keys import JOB
from test_webhook import sql

KEYS = "/api/keys"
ALL = ["read", "submit", "operate"]


def bearer(key):
    return {"Authorization": f"Bearer {key}"}


def new(**changes):
    body = {"name": f"k-{uuid.uuid4().hex[:12]}", "scopes": ALL, **changes}
    return {name: value for name, value in body.items() if value != "left out"}


@pytest.fixture(scope="module")
def first():
    """What the machine is told before there is a key: of two first ones that would shut everybody out,
    of one that is taken, and of a request without it right after. In the end there is none."""
    try:
        yield {"reader": post(KEYS, new(scopes=["read"])), "limited": post(KEYS, new(customers=["PL"])),
               "admin": post(KEYS, new(name="admin")), "after": get("/api/batches")}
    finally:
        sql("delete from api_keys")
        until(lambda: get("/api/batches").status == 200, "the gateway notices")


@pytest.fixture(scope="module")
def admin(first):
    return bearer(first["admin"].json()["key"])


def made(admin, **changes):
    answer = post(KEYS, new(**changes), admin)
    assert answer.status == 201, answer.body
    return answer.json()


def test_the_first_key_is_one_that_can_make_the_next(first):
    assert first["reader"].fields() == ["scopes"] and first["limited"].fields() == ["customers"]
    assert first["admin"].status == 201


def test_from_the_first_key_on_nobody_comes_in_without(first):
    assert first["after"].status == 401


def test_a_key_is_told_once_and_kept_nowhere(admin):
    answer = post(KEYS, new(customers=["PL"], expires_at="2099-01-01T00:00:00Z"), admin)
    key = answer.json().pop("key")

    shown = get(answer.headers["Location"], admin).json()
    assert shown == {name: value for name, value in answer.json().items() if name != "key"}
    assert shown | {"created_at": 0} == {
        "name": shown["name"], "key_prefix": key[:11], "scopes": ALL, "customers": ["PL"], "created_at": 0,
        "expires_at": "2099-01-01T00:00:00.000Z", "revoked_at": None, "rotated_at": None, "old_key_expires_at": None,
        "last_used_at": None, "state": "valid"}
    assert shown in get(KEYS, admin).json()["data"]
    row, sha256 = sql("select k::text, key_sha256 from api_keys k where name = %s", shown["name"])[0]
    assert key not in row and sha256 == hashlib.sha256(key.encode()).digest()


@pytest.mark.parametrize("changes, field", [
    ({"colour": "red"}, "colour"), ({"name": "left out"}, "name"), ({"scopes": "left out"}, "scopes"),
    ({"name": "a b"}, "name"), ({"name": "x" * 65}, "name"), ({"name": 1}, "name"),
    ({"scopes": []}, "scopes"), ({"scopes": "read"}, "scopes"), ({"scopes": ["read", "rule"]}, "scopes[1]"),
    ({"scopes": [None]}, "scopes[0]"), ({"customers": []}, "customers"), ({"customers": "PL"}, "customers"),
    ({"customers": ["PL", "pl"]}, "customers[1]"), ({"expires_at": "tomorrow"}, "expires_at"),
    ({"expires_at": "2020-01-01T00:00:00Z"}, "expires_at"), ({"expires_at": 1}, "expires_at")])
def test_what_is_wrong_with_a_new_one_is_told_by_its_field(admin, changes, field):
    answer = post(KEYS, new(**changes), admin)

    assert (answer.status, answer.problem(), answer.fields()) == (400, "invalid", [field])


def test_a_name_is_one_keys_for_ever(admin):
    name = made(admin)["name"]
    again = post(KEYS, new(name=name), admin)
    post(f"{KEYS}/{name}/revoke", headers=admin)
    later = post(KEYS, new(name=name), admin)

    assert [(a.status, a.problem()) for a in (again, later)] == [(409, "taken")] * 2


def test_a_key_of_hundreds_of_customers_sees_every_one_of_them(admin):
    customers = [gateway.customer() for _ in range(300)]
    key = bearer(made(admin, customers=customers)["key"])

    sent = [post("/api/jobs", {**JOB, "customer_prefix": c}, key) for c in (customers[0], customers[299])]
    other = post("/api/jobs", {**JOB, "customer_prefix": gateway.customer()}, key)

    assert [answer.status for answer in sent] == [201, 201] and other.status == 403
    seen = {b["id"] for b in get("/api/batches", key).json()["data"]}
    assert seen == {answer.json()["batch_id"] for answer in sent}


def test_a_key_gives_no_scope_that_it_has_not_itself(admin):
    operator = bearer(made(admin, scopes=["operate"])["key"])
    full = made(admin)

    assert post(KEYS, new(scopes=["operate", "read"]), operator).fields() == ["scopes[1]"]
    assert post(f"{KEYS}/{full['name']}/rotate", headers=operator).problem() == "forbidden"
    assert post(KEYS, new(scopes=["operate"]), operator).status == 201


@pytest.mark.parametrize("changes", [{"scopes": ["read", "submit"]}, {"customers": ["PL"]}])
def test_keys_are_the_business_of_who_operates_for_all_customers(admin, changes):
    key, other = bearer(made(admin, **changes)["key"]), made(admin)["name"]
    asked = [("GET", KEYS, None), ("POST", KEYS, new()), ("GET", f"{KEYS}/{other}", None),
             ("POST", f"{KEYS}/{other}/revoke", None), ("POST", f"{KEYS}/{other}/rotate", None)]

    for method, path, body in asked:
        assert ask(method, path, headers=key, json_body=body).problem() == "forbidden", path


def test_a_revoked_key_opens_nothing_and_stays_revoked(admin):
    key = made(admin)
    path = f"{KEYS}/{key['name']}"
    assert get("/api/batches", bearer(key["key"])).status == 200

    revoked = post(f"{path}/revoke", headers=admin).json()

    assert revoked["state"] == "revoked" and revoked["revoked_at"]
    assert get("/api/batches", bearer(key["key"])).status == 401
    assert post(f"{path}/revoke", headers=admin).json() == revoked
    assert post(f"{path}/rotate", headers=admin).problem() == "not-possible"


def test_a_rotated_key_is_another_of_the_same_name(admin):
    old = made(admin, customers=["PL"])
    new_one = post(f"{KEYS}/{old['name']}/rotate", headers=admin).json()

    assert new_one["key"] != old["key"] and new_one["rotated_at"]
    assert (new_one["name"], new_one["customers"]) == (old["name"], ["PL"])
    assert get("/api/batches", bearer(old["key"])).status == 401
    assert get("/api/batches", bearer(new_one["key"])).status == 200


def rotated(admin, name, **order):
    return post(f"{KEYS}/{name}/rotate", order, headers=admin)


def opens(key):
    return get("/api/batches", bearer(key)).status == 200


def test_a_key_that_is_rotated_goes_on_for_a_while_beside_the_new_one(admin):
    old = made(admin)
    new = rotated(admin, old["name"], grace_s=3600).json()
    assert opens(old["key"]) and opens(new["key"])
    assert get("/api/session", bearer(old["key"])).json()["expires_at"] == new["old_key_expires_at"]

    sql("update api_keys set old_key_expires_at = now() where name = %s", old["name"])
    answer = get("/api/batches", bearer(old["key"]))
    assert answer.status == 401 and "changed for another" in answer.json()["detail"] and opens(new["key"])
    assert get(f"{KEYS}/{old['name']}", headers=admin).json()["old_key_expires_at"] is None


def test_only_one_goes_on_and_none_when_the_key_is_revoked(admin):
    first = made(admin)
    second = rotated(admin, first["name"], grace_s=3600).json()
    third = rotated(admin, first["name"], grace_s=3600).json()
    assert [opens(k["key"]) for k in (first, second, third)] == [False, True, True]

    post(f"{KEYS}/{first['name']}/revoke", headers=admin)
    assert not any(opens(k["key"]) for k in (first, second, third))


def test_who_signed_in_by_the_old_key_stays_for_that_while(admin):
    old = made(admin, scopes=["read"])
    cookie = {"Cookie": post("/api/session", headers=bearer(old["key"])).headers["Set-Cookie"].split(";")[0]}
    rotated(admin, old["name"], grace_s=3600)
    assert get("/api/batches", cookie).status == 200

    sql("update api_keys set old_key_expires_at = now() where name = %s", old["name"])
    answer = get("/api/batches", cookie)
    assert answer.status == 401 and "changed for another" in answer.json()["detail"]


@pytest.mark.parametrize("order", [{"grace_s": -1}, {"grace_s": 2592001}, {"grace_s": "1h"}, {"grace_s": 1.5},
                                   {"grace": 1}, []])
def test_a_while_that_is_none_is_refused_and_changes_nothing(admin, order):
    key = made(admin)

    answer = post(f"{KEYS}/{key['name']}/rotate", order, headers=admin)
    assert answer.status == 400 and opens(key["key"])


@pytest.mark.parametrize("end", ["", "/revoke", "/rotate"])
@pytest.mark.parametrize("name", ["nobody", "%FF%FE", "a%0Ab"])
def test_a_key_that_is_not_there_is_told(admin, name, end):
    answer = ask("POST" if end else "GET", f"{KEYS}/{name}{end}", headers=admin)

    assert (answer.status, answer.problem()) == (404, "not-found")


def test_the_last_use_is_written_once_a_minute_and_not_by_each_request(admin):
    key = made(admin)

    def row():
        return sql("select last_used_at, xmin from api_keys where name = %s", key["name"])[0]
    assert row()[0] is None
    get("/api/batches", bearer(key["key"]))
    first = row()
    for _ in range(20):
        get("/api/batches", bearer(key["key"]))
    later = row()
    sql("update api_keys set last_used_at = now() - interval '61 seconds' where name = %s", key["name"])
    get("/api/batches", bearer(key["key"]))

    assert first[0] is not None and later == first
    assert row()[0] > first[0]


def test_every_change_is_in_the_audit(admin):
    name = made(admin)["name"]
    post(f"{KEYS}/{name}/rotate", headers=admin)
    post(f"{KEYS}/{name}/revoke", headers=admin)

    assert sql("select actor, action from audit where object = %s order by id", name) == [
        ("admin", "key_add"), ("admin", "key_rotate"), ("admin", "key_revoke")]


# ---- the command line ----

def test_keys_are_made_and_ended_by_hand(admin):
    name = f"k-{uuid.uuid4().hex[:12]}"
    own = {"BATCHLINE_API_KEY": admin["Authorization"].removeprefix("Bearer ")}

    added = cli("keys", "add", name, "--scope", "read,submit", "--customer", "PL,DE", "--expires",
                "2099-01-01", **own)
    key = added.stdout.splitlines()[-1]
    assert added.returncode == 0 and key.startswith("bl_")
    assert cli("list", BATCHLINE_API_KEY=key).returncode == 0
    shown = said(cli("keys", "show", name, "--json", **own))
    assert (shown["scopes"], shown["customers"]) == (["read", "submit"], ["PL", "DE"])
    assert shown["expires_at"].startswith("2099-01-01T00:00:00")
    assert cli("keys", "rotate", name, "--grace", "60", **own).returncode == 0
    assert cli("list", BATCHLINE_API_KEY=key).returncode == 0
    assert "old until" in cli("keys", "show", name, **own).stdout
    rotated = cli("keys", "rotate", name, **own).stdout.splitlines()[-1]
    assert cli("list", BATCHLINE_API_KEY=key).returncode == 1
    assert cli("list", BATCHLINE_API_KEY=rotated).returncode == 0
    assert "revoked" in cli("keys", "revoke", name, **own).stdout
    assert cli("list", BATCHLINE_API_KEY=rotated).returncode == 1
    table = cli("keys", **own).stdout
    assert f"{name}  " in table and rotated not in table and "revoked" in table
    assert name in {k["name"] for k in said(cli("keys", "--json", **own))["data"]}


def test_a_key_is_a_reading_one_unless_said(admin):
    own = {"BATCHLINE_API_KEY": admin["Authorization"].removeprefix("Bearer ")}
    key = said(cli("keys", "add", f"k-{uuid.uuid4().hex[:12]}", "--json", **own))

    assert (key["scopes"], key["customers"], key["expires_at"]) == (["read"], None, None)
