# SPDX-License-Identifier: Apache-2.0
"""Browsers that sign in: a key is traded for a cookie, which may what the key may, as long as that may,
and which no page of another site can use."""
import uuid
from http.cookies import SimpleCookie

import pytest

import gateway
from gateway import ADDRESS, CONTRACT, PHOTOS, ask, get, post, text, until
from test_gateway_keys import JOB, Keys
from test_webhook import ADMIN, sql

LINE = {"time_zone": "UTC",
        "limits": {"files": 10_000, "file_bytes": 256 << 20, "form_bytes": 8 << 30}}
ME, HTTPS, OWN = "/api/session", {"X-Forwarded-Proto": "https"}, {"X-Batchline": "1"}
PLAIN, SECURE = "batchline-session", "__Host-batchline-session"
CHANGING = [(method.upper(), path) for path, operations in CONTRACT["paths"].items()
            for method in operations if method in ("post", "patch", "put", "delete")
            if (method, path) != ("post", ME)]
PARTS = {name: str(uuid.uuid4()) for name in ("batch_id", "job_id", "delivery_id")}
PARTS |= {"name": "none", "pipeline_id": "2147483000"}
FOREIGN = [{"Origin": "https://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"},
           {"Sec-Fetch-Site": "same-site"}, {}, {"X-Batchline": "0"},
           {"X-Batchline": "1", "Origin": "https://evil.example"},
           {"Origin": f"http://{ADDRESS.netloc}", "Sec-Fetch-Site": "cross-site"}]
OURS = [{"Origin": f"http://{ADDRESS.netloc}", "Sec-Fetch-Site": "same-origin"},
        {"Origin": f"http://{ADDRESS.netloc}"}, {"Sec-Fetch-Site": "none"}, OWN]


def morsel(answer):
    return next(iter(SimpleCookie(answer.headers["Set-Cookie"]).values()))


def sign_in(key, headers=()):
    """What the browser sends from then on."""
    answer = post(ME, headers={**key, **dict(headers)})
    assert answer.status == 201, answer.body
    cookie = morsel(answer)
    return {"Cookie": f"{cookie.key}={cookie.value}", **dict(headers)}


def session(key, **changes):
    """A session whose row is then changed as told."""
    cookie = sign_in(key)
    for column, value in changes.items():
        sql(f"update sessions set {column} = {value} where made_at = (select max(made_at) from sessions)")
    return cookie


def acts(action, name):
    return sql("select actor, outcome from audit where action = %s and object = %s order by id",
               action, name)


@pytest.fixture(scope="module")
def keys():
    k = Keys(ADMIN)
    try:
        k.all = k.add("read", "submit", "operate")
        k.name = name_of(k)
        until(lambda: get("/api/batches").status == 401, "the gateway notices")
        yield k
    finally:
        k.remove()
        until(lambda: get("/api/batches").status == 200, "the gateway notices")


def name_of(keys):
    return sql("select name from api_keys where id = %s", keys.ids[-1])[0][0]


def batch(customer, key):
    made = post("/api/jobs", {**JOB, "customer_prefix": customer}, key)
    assert made.status == 201, made.body
    until(lambda: get(f"/api/batches/{made.json()['batch_id']}", key).json()["archive"], "the archive")
    return made.json()


# ---- signing in

def test_a_key_is_traded_for_a_cookie_that_no_script_reads_and_no_other_site_sends(keys):
    answer = post(ME, headers=keys.all)

    cookie = morsel(answer)
    assert (cookie.key, cookie["path"], cookie["max-age"]) == (PLAIN, "/", "604800")
    assert cookie["httponly"] and cookie["samesite"] == "Strict"
    assert not cookie["secure"] and not cookie["domain"]
    assert answer.headers["Cache-Control"] == "no-store"


def test_by_https_the_cookie_is_secure_and_its_name_says_so(keys):
    cookie = morsel(post(ME, headers={**keys.all, **HTTPS}))

    assert (cookie.key, cookie["path"]) == (SECURE, "/") and cookie["secure"] and not cookie["domain"]
    signed_in = {"Cookie": f"{SECURE}={cookie.value}"}
    assert get(ME, {**signed_in, **HTTPS}).status == 200
    assert get(ME, {"Cookie": f"{PLAIN}={cookie.value}", **HTTPS}).status == 401


def test_the_key_may_come_in_the_body(keys):
    key = keys.all["Authorization"].removeprefix("Bearer ")

    assert post(ME, {"key": key}).status == 201
    assert post(ME, {"key": "wrong"}, keys.all).status == 201      # where both are sent


def test_the_token_is_kept_as_its_hash_alone(keys):
    token = sign_in(keys.all)["Cookie"].split("=")[1]

    assert sql("select count(*) from sessions where token_sha256 = sha256(%s)", token.encode())[0][0] == 1


def test_it_says_who_i_am_and_what_i_may(keys):
    one, two = sorted(gateway.customer() for _ in range(2))
    limited = keys.add("read", "submit", customers=[one, two], expires="'2099-01-01Z'")
    me = {"name": name_of(keys), "scopes": ["read", "submit"], "customers": [one, two], **LINE}

    by_key, by_cookie = get(ME, limited).json(), get(ME, sign_in(limited)).json()

    assert by_key == {**me, "expires_at": "2099-01-01T00:00:00.000Z", "is_session": False}
    assert by_cookie == {**me, "expires_at": by_cookie["expires_at"], "is_session": True}
    assert by_cookie["expires_at"] < "2099"


def test_a_key_that_may_only_submit_signs_in_too(keys):
    cookie = sign_in(keys.add("submit"))

    assert get(ME, cookie).json()["scopes"] == ["submit"]
    assert get("/api/batches", cookie).status == 403


@pytest.mark.parametrize("end, words", [
    ("key_sha256 = sha256(id::text::bytea)", "not known"), ("revoked_at = now()", "revoked"),
    ("expires_at = now()", "over")])
def test_a_key_that_opens_nothing_signs_nobody_in_and_it_is_said_why(keys, end, words):
    key = keys.add("read")
    name = name_of(keys) if "key_sha256" not in end else "-"
    before = len(acts("sign_in", name))
    sql(f"update api_keys set {end} where id = %s", keys.ids[-1])

    answer = post(ME, headers=key)

    assert (answer.status, answer.problem()) == (401, "unauthorized") and words in answer.json()["detail"]
    assert "Set-Cookie" not in answer.headers
    assert acts("sign_in", name)[before:] == [(name, "refused")]


def test_strangers_do_not_grow_the_audit(keys):
    def refused(sources):
        before = sql("select max(id) from audit")[0][0]
        for source in sources:
            assert post(ME, {"key": "wrong"}, {"X-Forwarded-For": source}).status == 401
        return sql("select source from audit where id > %s and outcome = 'refused'", before)

    assert len(refused(["192.0.2.1"] * 20)) == 1
    assert len(refused([f"192.0.2.{i}" for i in range(2, 30)])) < 10


@pytest.mark.parametrize("body, status, fields", [
    ({}, 401, []), ({"key": ""}, 401, []), ({"key": 7}, 400, ["key"]), ({"key": None}, 400, ["key"]),
    ({"name": "x"}, 400, ["name"]), ([], 400, []), ({"key": "x" * 5000}, 413, [])])
def test_a_body_that_holds_no_key_is_refused(keys, body, status, fields):
    answer = post(ME, body)

    assert (answer.status, answer.fields()) == (status, fields)


def test_nobody_is_signed_in_by_a_page_of_another_site(keys):
    for headers in FOREIGN:
        if "Origin" in headers or "Sec-Fetch-Site" in headers:
            assert post(ME, headers={**keys.all, **headers}).problem() == "foreign-origin"


def test_of_one_key_there_are_at_most_a_hundred_sessions(keys):
    key = keys.add("read")
    first, second = sign_in(key), sign_in(key)
    sql("update sessions set used_at = used_at - interval '2 minutes' where key_id = %s", keys.ids[-1])
    assert get(ME, first).status == 200        # and so it was used later

    for _ in range(99):
        sign_in(key)

    assert sql("select count(*) from sessions where key_id = %s", keys.ids[-1])[0][0] == 100
    assert (get(ME, first).status, get(ME, second).status) == (200, 401)


# ---- its end

def test_who_signs_out_is_out(keys):
    cookie = sign_in(keys.all)
    other = sign_in(keys.all)

    answer = ask("DELETE", ME, headers={**cookie, **OWN})

    assert answer.status == 204 and morsel(answer)["max-age"] == "0" and not morsel(answer).value
    assert get(ME, cookie).status == 401 and get("/api/batches", cookie).status == 401
    assert get(ME, other).status == 200
    assert acts("sign_out", keys.name)[-1] == (keys.name, "done")


@pytest.mark.parametrize("changes, words", [
    ({"used_at": "now() - interval '12 hours 1 second'"}, "not used"),
    ({"expires_at": "now()"}, "as long as one may")])
def test_a_session_ends_when_its_time_is_over(keys, changes, words):
    answer = get("/api/batches", session(keys.all, **changes))

    assert answer.status == 401 and words in answer.json()["detail"]


def test_one_that_is_used_goes_on(keys):
    cookie = session(keys.all, used_at="now() - interval '11 hours'")
    query = "select count(*) from sessions where used_at > now() - interval '10 hours' and made_at =" \
            " (select max(made_at) from sessions)"

    assert sql(query)[0][0] == 0 and get("/api/batches", cookie).status == 200 and sql(query)[0][0] == 1


def test_those_that_are_over_go_when_somebody_signs_in(keys):
    session(keys.all, expires_at="now()")
    session(keys.all, used_at="now() - interval '12 hours 1 second'")

    sign_in(keys.all)

    assert sql("select count(*) from sessions where expires_at <= now()"
               " or used_at < now() - interval '12 hours'")[0][0] == 0


def rotate(keys):
    post(f"/api/keys/{name_of(keys)}/rotate".replace(" ", "%20"), headers=keys.all)


@pytest.mark.parametrize("end, words", [
    (lambda k: sql("update api_keys set revoked_at = now() where id = %s", k.ids[-1]), "revoked"),
    (lambda k: sql("update api_keys set expires_at = now() where id = %s", k.ids[-1]), "over"),
    (rotate, "changed"), (lambda k: sql("delete from api_keys where id = %s", k.ids[-1]), "not known")],
    ids=["revoked", "expired", "rotated", "deleted"])
def test_a_session_ends_with_its_key(keys, end, words):
    cookie = sign_in(keys.add("read"))
    assert get("/api/batches", cookie).status == 200

    end(keys)

    answer = get("/api/batches", cookie)
    assert answer.status == 401 and words in answer.json()["detail"]


# ---- what it may

def test_what_a_key_opens_by_get_its_session_opens(keys):
    customer = gateway.customer()
    key = keys.add("read", "submit", customers=[customer])
    made, cookie = batch(customer, key), sign_in(key)
    one, job = f"/api/batches/{made['batch_id']}", f"/api/jobs/{made['job_id']}"

    for path in (one, f"{one}/jobs", f"{one}/history", f"{one}/download", job, f"{job}/preview",
                 f"{job}/outputs/a_web.jpg", "/api/batches", "/api/batches/stats", "/api/events"):
        assert get(path, cookie).status == get(path, key).status == 200, path


def test_a_session_of_one_customer_sees_nothing_of_anothers_and_submits_in_its_keys_name(keys):
    mine, other = gateway.customer(), gateway.customer()
    key = keys.add("read", "submit", "operate", customers=[mine])
    cookie, theirs = sign_in(key), batch(other, keys.all)

    made = post("/api/jobs", {**JOB, "customer_prefix": mine}, {**cookie, **OWN})

    assert made.status == 201
    assert [b["id"] for b in get("/api/batches", cookie).json()["data"]] == [made.json()["batch_id"]]
    assert get(f"/api/batches/{made.json()['batch_id']}", cookie).json()["submitted_by"] == name_of(keys)
    assert get(f"/api/batches/{theirs['batch_id']}", cookie).status == 404
    assert post("/api/jobs", {**JOB, "customer_prefix": other}, {**cookie, **OWN}).status == 403


def test_it_may_what_its_key_may_now(keys):
    cookie = sign_in(keys.add("read", "submit", "operate"))
    assert get("/api/keys", cookie).status == 200

    sql("update api_keys set scopes = '{read}' where id = %s", keys.ids[-1])

    assert get("/api/keys", cookie).status == 403 and get("/api/batches", cookie).status == 200


def test_where_both_are_sent_the_key_counts(keys):
    cookie = sign_in(keys.all)

    assert get(ME, {**cookie, **keys.add("read")}).json()["scopes"] == ["read"]
    assert get(ME, {**cookie, "Authorization": "Bearer wrong"}).status == 401
    assert get(ME, {**cookie, "Authorization": "Basic dTpw"}).status == 200     # a proxy's own


@pytest.mark.parametrize("cookie", [f"{PLAIN}=", f"{PLAIN}=wrong", f"{PLAIN}={'f' * 64}", PLAIN, "x=y", ";"])
def test_a_cookie_that_is_no_session_is_none(keys, cookie):
    assert get("/api/batches", {"Cookie": cookie}).problem() == "unauthorized"


# ---- other sites' pages

def request(method, path, headers):
    for name, value in PARTS.items():
        path = path.replace("{" + name + "}", value)
    return ask(method, path, headers=headers, json_body=None if method == "DELETE" else {})


@pytest.mark.parametrize("method, path", CHANGING, ids=[f"{m} {p}" for m, p in CHANGING])
def test_a_page_of_another_site_changes_nothing(keys, method, path):
    cookie = sign_in(keys.all)
    for headers in FOREIGN:
        answer = request(method, path, {**cookie, **headers})

        assert (answer.status, answer.problem()) == (403, "foreign-origin"), headers
    for headers in OURS:
        answer = request(method, path, {**sign_in(keys.all), **headers})

        assert answer.status != 403, headers


def test_a_form_of_another_site_submits_nothing(keys):
    cookie, customer = sign_in(keys.all), gateway.customer()
    fields, files = {"pipeline_id": 1, "customer_prefix": customer}, [("a.jpg", PHOTOS[0].read_bytes())]

    refused = gateway.upload("/api/jobs/batch", fields, files, {**cookie, "Origin": "https://evil.example"})
    taken = gateway.upload("/api/jobs/batch", fields, files, {**cookie, **OURS[0]})

    assert (refused.status, taken.status) == (403, 201)
    assert get("/api/batches", keys.all, customer_prefix=customer).json()["total"] == 1


def test_a_key_needs_no_word_of_where_it_comes_from(keys):
    made = post("/api/jobs", {**JOB, "file_data": text(PHOTOS[0].read_bytes())}, keys.all)

    assert made.status == 201


# ---- without keys

def test_without_keys_nobody_signs_in_and_everybody_here_may_all():
    sql("delete from api_keys")
    until(lambda: get("/api/batches").status == 200, "the gateway notices")

    assert get(ME).json() == {"name": "gateway", "scopes": ["read", "submit", "operate"],
                              "customers": None, "expires_at": None, "is_session": False, **LINE}
    assert post(ME, {"key": "x"}).status == 409
    assert ask("DELETE", ME).status == 409
