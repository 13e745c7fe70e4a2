# SPDX-License-Identifier: Apache-2.0
"""Whatever is wrong with a request is said, by the name of what is wrong; and the line goes on."""
import contextlib
import gzip
import http.client
import json
import os
import socket
import subprocess
import sys
import uuid
from pathlib import Path

import pytest
import requests

import gateway
from gateway import (ADDRESS, PHOTOS, ask, finished, get, health, multipart, post, submit, text,
                     until, upload)
from test_gateway_keys import Keys
from test_webhook import ADMIN, sql

JPEG = PHOTOS[0].read_bytes()
DATA = text(JPEG)


def file(**members):
    return {"file_name": "a.jpg", "file_data": DATA, **members}


def a_batch(*files, **members):
    return {"pipeline_id": 1, "files": list(files) or [file()], **members}


@pytest.fixture(scope="module", autouse=True)
def the_line_goes_on():
    yield
    assert finished(submit(2))["status"] == "completed"


# ---- the list's parameters ----

@pytest.mark.parametrize("name, value", [
    ("limit", "0"), ("limit", "501"), ("limit", "-1"), ("limit", "x"), ("limit", ""), ("limit", "1.5"),
    ("limit", "99999999999999999999"), ("limit", "%205"), ("limit", "%2B5"), ("limit", "5%00"),
    ("offset", "-1"), ("offset", "x"), ("offset", ""), ("offset", "100000001"),
    ("status", "done"), ("status", "Completed"), ("status", "queued,failed"),
    ("customer_prefix", "pl_dxb"), ("customer_prefix", "A_B_C_D_E"), ("customer_prefix", "1A"),
    ("customer_prefix", "A" * 17), ("customer_prefix", "%ff"),
    ("date_from", "2025-02-30"), ("date_from", "yesterday"), ("date_from", "2025-1-1"),
    ("date_to", "2025-13-01"), ("date_to", "2025-11-05T00:00:00Z"),
    ("q", "x" * 201), ("q", "%ff"), ("q", "a%00b"),
    ("sort_by", "id"), ("sort_by", ""), ("sort_by", "created_at;drop"), ("sort_order", "up"),
    ("sort_order", ""), ("cursor", "!"), ("cursor", "AAAA"), ("cursor", "x" * 2000)])
def test_a_parameter_out_of_its_range_is_named(name, value):
    answer = ask("GET", f"/api/batches?{name}={value}")

    assert (answer.status, answer.problem(), answer.fields()) == (400, "invalid", [name])


@pytest.mark.parametrize("query, name", [
    ("limit=5&limit=6", "limit"), ("sort_by=status&sort_by=status", "sort_by"),
    ("date_from=2025-11-06&date_to=2025-11-05", "date_to")])
def test_parameters_that_contradict_each_other_are_named(query, name):
    assert ask("GET", "/api/batches?" + query).fields() == [name]


def test_every_wrong_parameter_is_told_at_once():
    answer = ask("GET", "/api/batches?limit=0&status=x&sort_by=y")

    assert answer.fields() == ["limit", "status", "sort_by"]


def test_a_cursor_of_another_order_or_with_an_offset_is_refused():
    submit(), submit()
    cursor = get("/api/batches", limit=1, sort_by="status").json()["next_cursor"]

    assert get("/api/batches", cursor=cursor, sort_by="total_size").fields() == ["cursor"]
    assert get("/api/batches", cursor=cursor, sort_order="ASC").fields() == ["cursor"]
    assert get("/api/batches", cursor=cursor, offset=1).fields() == ["offset"]


@pytest.mark.parametrize("name, value", [("limit", "0"), ("limit", "1001"), ("limit", "x"),
                                         ("cursor", "-1"), ("cursor", "x"), ("cursor", "99999999999")])
def test_a_parameter_of_the_jobs_out_of_its_range_is_named(name, value):
    one = submit()

    assert ask("GET", f"/api/batches/{one['batch_id']}/jobs?{name}={value}").fields() == [name]


# ---- submissions as JSON ----

@pytest.mark.parametrize("members, field", [
    ({"file_name": "../../etc/passwd"}, "file_name"), ({"file_name": "a\\b.jpg"}, "file_name"),
    ({"file_name": "/etc/passwd"}, "file_name"), ({"file_name": ".."}, "file_name"),
    ({"file_name": ""}, "file_name"), ({"file_name": "x" * 300}, "file_name"),
    ({"file_name": "ü" * 128}, "file_name"), ({"file_name": "a\nb.jpg"}, "file_name"),
    ({"file_name": None}, "file_name"), ({"file_name": 5}, "file_name"),
    ({"file_data": "not base64!"}, "file_data"), ({"file_data": "AAA"}, "file_data"),
    ({"file_data": "AA=A"}, "file_data"), ({"file_data": "AA\r\n!A"}, "file_data"),
    ({"file_data": "AB=="}, "file_data"), ({"file_data": "__--"}, "file_data"),
    ({"file_data": None}, "file_data"), ({"file_data": ["AAAA"]}, "file_data"),
    ({"source_uri": "blob:sha256/" + "0" * 64}, "source_uri"),
    ({"file_data": None, "source_uri": "blob:sha256/" + "0" * 64}, "source_uri"),
    ({"file_data": None, "source_uri": "https://example.com/a.jpg"}, "source_uri"),
    ({"file_data": None, "source_uri": "https://user:pw@example.com/a.jpg"}, "source_uri"),
    ({"file_data": None, "source_uri": "https://example.com/" + "a" * 2048}, "source_uri"),
    ({"file_data": None, "source_uri": "file:///etc/passwd"}, "source_uri"),
    ({"file_data": None, "source_uri": "blob:sha256/../../x"}, "source_uri"),
    ({"file_data": None, "source_uri": "blob:outputs/a/b/c"}, "source_uri")])
def test_a_file_that_cannot_be_is_named_by_its_place(members, field):
    single = post("/api/jobs", {"pipeline_id": 1, **file(**members)})
    fourth = post("/api/jobs/batch", a_batch(file(), file(), file(), file(**members)))

    assert (single.status, single.problem(), single.fields()) == (400, "invalid", [field])
    assert (fourth.status, fourth.fields()) == (400, [f"files[3].{field}"])


def test_a_data_uri_is_refused_and_its_head_named():
    answer = post("/api/jobs", {"pipeline_id": 1, **file(file_data="data:image/jpeg;base64," + DATA)})

    assert (answer.status, answer.fields()) == (400, ["file_data"])
    assert '"data:image/jpeg;base64,"' in answer.json()["detail"]


def test_a_defect_of_base64_is_found_behind_line_ends():
    answer = post("/api/jobs", {"pipeline_id": 1, **file(file_data="AAAA\r\nAA!A")})

    assert "character 8" in answer.json()["detail"]


def test_base64_may_stand_in_lines_and_json_begin_with_a_byte_order_mark():
    lines = "".join(DATA[i:i + 76] + "\r\n" for i in range(0, len(DATA), 76))
    body = json.dumps({"pipeline_id": 1, **file(file_data=lines)}).encode()

    said = ask("POST", "/api/jobs", b"\xef\xbb\xbf" + body, {"Content-Type": "application/json"}).json()

    assert finished(said)["status"] == "completed"


@pytest.mark.parametrize("path, kind", [
    ("/api/jobs", "application/json"), ("/api/jobs/batch", "multipart/form-data; boundary=x"),
    ("/api/blobs", "image/jpeg")])
def test_a_body_that_is_encoded_is_refused(path, kind):
    answer = ask("POST", path, gzip.compress(JPEG), {"Content-Type": kind, "Content-Encoding": "gzip"})

    assert (answer.status, answer.problem()) == (415, "media-type")
    assert answer.headers["Accept-Encoding"] == "identity" and "gzip" in answer.json()["detail"]


@pytest.mark.parametrize("name, value", [
    ("pipeline_id", None), ("pipeline_id", "1"), ("pipeline_id", 0), ("pipeline_id", 2**31),
    ("pipeline_id", 1.5), ("files", None), ("files", []), ("files", {}), ("files", "a.jpg"),
    ("customer_prefix", "pl_dxb"), ("customer_prefix", 5), ("priority", 10), ("priority", -1),
    ("priority", "9"), ("failures_tolerated", -1), ("failures_tolerated", 2**31),
    ("batch_description", "x" * 4001), ("batch_description", ["x"])])
def test_a_value_that_cannot_be_is_named(name, value):
    answer = post("/api/jobs/batch", a_batch(**{name: value}))

    assert (answer.status, answer.problem(), answer.fields()) == (400, "invalid", [name])


def test_a_file_that_is_no_object_is_named():
    assert post("/api/jobs/batch", a_batch(file(), "a.jpg")).fields() == ["files[1]"]


def test_every_wrong_file_is_told_at_once_up_to_twenty():
    answer = post("/api/jobs/batch", a_batch(*[file(file_name="a/b")] * 30))

    assert answer.fields() == [f"files[{i}].file_name" for i in range(20)]


def test_an_unknown_pipeline_is_refused():
    answer = post("/api/jobs/batch", a_batch(pipeline_id=4711))

    assert (answer.status, answer.problem()) == (422, "unknown-pipeline")
    assert answer.fields() == ["pipeline_id"]


@pytest.mark.parametrize("body", [
    b"", b"{", b"nonsense", b'{"pipeline_id":1,}', b'{"a":1}{"b":2}', b'{"a":1,"a":2}', b"\xff\xfe",
    b'{"file_name":"\xc3\x28"}', b'{"file_name":"\\ud800"}', b'{"file_name":"a\\u0000b"}',
    b"[" * 100000])
def test_what_is_not_json_is_said_to_be_none(body):
    for path in ("/api/jobs", "/api/jobs/batch"):
        answer = ask("POST", path, body, {"Content-Type": "application/json"})

        assert (answer.status, answer.problem()) == (400, "malformed-json")


@pytest.mark.parametrize("body", [b"[]", b"null", b"5", b'"text"'])
def test_json_that_is_no_object_is_refused(body):
    answer = ask("POST", "/api/jobs", body, {"Content-Type": "application/json"})

    assert (answer.status, answer.problem()) == (400, "invalid")


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "", "application",
                                  "application/jsonx", "multipart/mixed; boundary=x"])
def test_another_kind_of_body_is_refused(kind):
    for path in ("/api/jobs", "/api/jobs/batch", f"/api/batches/{uuid.uuid4()}/retry"):
        answer = ask("POST", path, b"{}", {"Content-Type": kind})

        assert (answer.status, answer.problem()) == (415, "media-type")


def test_millions_of_values_are_counted_and_never_built():
    values = b"{}," * (4 << 20)
    files = ask("POST", "/api/jobs/batch", b'{"files":[' + values, {"Content-Type": "application/json"})
    others = ask("POST", "/api/jobs/batch", b'{"x":[' + values, {"Content-Type": "application/json"})

    assert (files.status, files.fields()) == (400, ["files"])
    assert (others.status, others.problem()) == (413, "too-large")


def test_ten_thousand_files_are_taken_and_one_more_is_not():
    stored = ask("POST", "/api/blobs", b"this is no picture").json()["uri"]
    files = [{"file_name": f"{i}.jpg", "source_uri": stored} for i in range(10001)]

    most = post("/api/jobs/batch", a_batch(*files[:10000], customer_prefix=gateway.customer()))
    more = post("/api/jobs/batch", a_batch(*files))

    assert most.status in (201, 202) and most.json()["job_count"] == 10000
    assert (more.status, more.problem(), more.fields()) == (400, "invalid", ["files"])
    assert "more than 10000" in more.json()["detail"]
    gateway.until(lambda: ask("DELETE", f"/api/batches/{most.json()['batch_id']}").status == 204)


@pytest.mark.parametrize("key", ["", '"open', '"a"b', "ü", "x" * 256, '"\\x"', "a\tb"])
def test_an_idempotency_key_that_is_none_is_refused(key):
    answer = post("/api/jobs", {"pipeline_id": 1, **file()},
                  {"Idempotency-Key": key.encode("latin-1")})

    assert (answer.status, answer.fields()) == (400, ["Idempotency-Key"])


# ---- forms ----

@pytest.mark.parametrize("name", ["../../etc/passwd", "x" * 300, b"\xff.jpg", "a%0Ab.jpg", "..",
                                  "a\\b.jpg"])
def test_a_name_that_cannot_be_is_refused_in_a_form_too(name):
    answer = upload("/api/jobs/batch", {"pipeline_id": 1}, [("a.jpg", JPEG), (name, JPEG)])

    assert (answer.status, answer.problem(), answer.fields()) == (
        400, "invalid", ["files[1].file_name"])


@pytest.mark.parametrize("name, value", [
    ("pipeline_id", "x"), ("pipeline_id", "1.0"), ("pipeline_id", "99999999999999999999"),
    ("priority", "10"), ("failures_tolerated", "-1"), ("customer_prefix", "pl"),
    ("batch_description", "x" * 4001), ("batch_description", "x" * 20000), ("other", "x" * 20000)])
def test_a_value_that_cannot_be_is_named_in_a_form_too(name, value):
    answer = upload("/api/jobs/batch", {"pipeline_id": 1, name: value}, [("a.jpg", JPEG)])

    assert (answer.status, answer.fields()) == (400, [name])


def test_a_form_without_files_or_pipeline_is_refused():
    without_files = upload("/api/jobs/batch", {"pipeline_id": 1}, [])
    without_pipeline = upload("/api/jobs/batch", {}, [("a.jpg", JPEG)])
    with_two = upload("/api/jobs", {"pipeline_id": 1}, [("a.jpg", JPEG), ("b.jpg", JPEG)])

    assert without_files.fields() == ["files"]
    assert without_pipeline.fields() == ["pipeline_id"]
    assert (with_two.status, with_two.fields()) == (400, ["files"])


def test_an_unknown_pipeline_is_refused_in_a_form_too():
    assert upload("/api/jobs", {"pipeline_id": 99}, [("a.jpg", JPEG)]).problem() == "unknown-pipeline"


def form(*parts):
    """A form of parts as they are given: what stands behind form-data, and the value."""
    body = "".join(f"--x\r\nContent-Disposition: form-data; {head}\r\n\r\n{value}\r\n"
                   for head, value in parts)
    return ask("POST", "/api/jobs/batch", (body + "--x--\r\n").encode(),
               {"Content-Type": "multipart/form-data; boundary=x"})


@pytest.mark.parametrize("name, values", [
    ("pipeline_id", "12"), ("priority", "45"), ("failures_tolerated", "01"), ("customer_prefix", "AB"),
    ("batch_description", "ab")])
def test_a_field_that_is_given_twice_and_differs_is_named(name, values):
    file = ('name="files"; filename="a.jpg"', "x")
    least = [('name="pipeline_id"', "1")] if name != "pipeline_id" else []
    differ = form(*least, *((f'name="{name}"', value) for value in values), file)

    assert (differ.status, differ.fields()) == (400, [name])


def test_a_field_that_is_given_twice_alike_is_taken():
    answer = form(('name="pipeline_id"', "1"), ('name="pipeline_id"', "1"),
                  ('name="files"; filename="a.jpg"', "x"))

    assert answer.status in (201, 202)


def test_a_part_that_is_encoded_is_refused():
    answer = form(('name="pipeline_id"', "1"),
                  ('name="files"; filename="a.jpg"\r\nContent-Transfer-Encoding: base64', DATA))

    assert (answer.status, answer.problem()) == (400, "bad-request")
    assert "Content-Transfer-Encoding base64" in answer.json()["detail"]


@pytest.mark.parametrize("name", ["filename*=utf-8''%C3%A9.png",
                                  "filename=\"=?utf-8?B?w6kucG5n?=\"; filename*=utf-8''%C3%A9.png"])
def test_a_files_name_may_come_in_utf_8_as_headers_write_it(name):
    said = form(('name="pipeline_id"', "1"), (f'name="files"; {name}', "x")).json()

    assert finished(said)["jobs"][0]["file_name"] == "é.png"


def test_a_form_that_is_cut_short_or_malformed_is_refused():
    body, kind = multipart({"pipeline_id": 1}, [("a.jpg", JPEG)])
    for broken in (b"", body[:-10], body[:len(body) // 2], body.replace(b"Content-Disposition", b"X"),
                   body.replace(b"name=", b"nome="), b"x" * 100):
        answer = ask("POST", "/api/jobs/batch", broken, kind)

        assert (answer.status, answer.problem()) == (400, "bad-request")


@pytest.mark.parametrize("kind", ["multipart/form-data", "multipart/form-data; boundary=",
                                  "multipart/form-data; boundary=" + "x" * 71])
def test_a_form_without_a_boundary_is_refused(kind):
    assert ask("POST", "/api/jobs", b"x", {"Content-Type": kind}).problem() == "bad-request"


def test_a_form_of_too_many_files_is_refused():
    answer = upload("/api/jobs/batch", {"pipeline_id": 1},
                    [(f"{i}.jpg", b"x") for i in range(10001)])

    assert (answer.status, answer.fields()) == (400, ["files"])


# ---- what is no picture is a failed job, by itself ----

@pytest.mark.parametrize("content", [b"", b"this is no picture", JPEG[:1000]],
                         ids=["zero bytes", "no image", "truncated"])
def test_what_is_no_picture_fails_as_a_job_and_leaves_the_others(content):
    said = post("/api/jobs/batch", a_batch(file(), file(file_name="b.jpg", file_data=text(content)),
                                           customer_prefix=gateway.customer())).json()

    b = finished(said)

    assert b["status"] == "partial"
    good, bad = b["jobs"]
    assert (good["status"], bad["status"]) == ("completed", "failed")
    assert bad["error_code"] and bad["error_message"] and bad["attempt"] == 1


# ---- bodies over the limit ----

def raw(head, body=b"", patience=30):
    """What a client hears that writes these bytes: the first line, the headers and the rest."""
    with socket.create_connection((ADDRESS.hostname, ADDRESS.port), timeout=patience) as s:
        s.sendall(head.replace("\n", "\r\n").encode("latin-1"))
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            s.sendall(body)
        response = http.client.HTTPResponse(s)
        response.begin()
        return gateway.Answer(response, response.read())


def head_of(path, length, extra=""):
    return (f"POST {path} HTTP/1.1\nHost: {ADDRESS.netloc}\nContent-Type: application/json\n"
            f"Content-Length: {length}\n{extra}\n")


def test_a_body_over_the_limit_is_refused_before_it_is_sent():
    for path, kind in [("/api/jobs", "application/json"), ("/api/blobs", "image/jpeg"),
                       ("/api/jobs/batch", "multipart/form-data; boundary=x")]:
        head = head_of(path, 1 << 40, "Expect: 100-continue\n").replace("application/json", kind)

        answer = raw(head)

        assert (answer.status, answer.problem()) == (413, "too-large")


def test_who_sends_a_body_over_the_limit_all_the_same_hears_why():
    size = 65 * 1024 * 1024

    answer = raw(head_of("/api/jobs", size), b" " * size)

    assert (answer.status, answer.problem()) == (413, "too-large")


def test_a_body_of_unknown_length_is_refused_where_it_passes_the_limit():
    piece = b"100000\r\n" + b" " * 0x100000 + b"\r\n"
    head = head_of("/api/jobs", 0).replace("Content-Length: 0", "Transfer-Encoding: chunked")

    answer = raw(head, piece * 65 + b"0\r\n\r\n")

    assert (answer.status, answer.problem()) == (413, "too-large")


class Long:
    """A body of 2 GiB, made while it is read."""
    def __init__(self, head=b""):
        self.head, self.given = head, 0

    def __len__(self):
        return 2 << 30

    def read(self, size):
        piece = self.head[:size].ljust(min(size, len(self) - self.given), b"\0")
        self.head, self.given = self.head[size:], self.given + len(piece)
        return piece


def a_file_without_end():
    return "multipart/form-data; boundary=x", (
        b'--x\r\nContent-Disposition: form-data; name="files"; filename="a.jpg"\r\n\r\na'
        b'\r\n--x\r\nContent-Disposition: form-data; name="files"; filename="b.jpg"\r\n\r\n')


MIB = 1 << 20
LONG = [("/api/blobs", "image/jpeg", b"", "body", 64 * MIB),            # announced
        ("/api/jobs/batch", *a_file_without_end(), "files[1]", 320 * MIB)]


@pytest.mark.parametrize("path, kind, start, field, most", LONG)
def test_a_file_over_its_limit_is_refused_at_once_to_who_has_two_gib(path, kind, start, field, most):
    body = Long(start)

    answer = requests.post(os.environ["BATCHLINE_URL"] + path, data=body, headers={"Content-Type": kind})

    assert answer.status_code == 413 and body.given <= most
    assert answer.json()["type"] == "/problems/too-large"
    assert [e["field"] for e in answer.json()["errors"]] == [field]


@pytest.mark.parametrize("path, how, field, most", [
    ("/api/blobs", ["-HContent-Type: image/jpeg", "-XPOST", "-T"], "body", 64 * MIB),
    ("/api/jobs/batch", ["-F", "files=@"], "files[0]", 320 * MIB)])
def test_curl_hears_it_too(tmp_path, path, how, field, most):
    file = tmp_path / "long.jpg"
    file.touch()
    os.truncate(file, 2 << 30)

    done = subprocess.run(["curl", "-sS", "-HExpect:", *how[:-1], how[-1] + str(file), "-w", "\n%{size_upload}",
                           os.environ["BATCHLINE_URL"] + path], capture_output=True, text=True, timeout=120)

    said, sent = done.stdout.split("\n")
    assert [e["field"] for e in json.loads(said)["errors"]] == [field], done.stderr
    assert int(sent) <= most


def test_a_length_that_is_none_is_refused():
    for length in ("-1", "x", "99999999999999999999999"):
        with socket.create_connection((ADDRESS.hostname, ADDRESS.port), timeout=30) as s:
            s.sendall(head_of("/api/jobs", length).replace("\n", "\r\n").encode())
            heard = s.recv(100)

        assert not heard or heard.split()[1] in (b"400", b"413")


@pytest.mark.parametrize("extra", ["Content-Length: 3\n", f"Host: {ADDRESS.netloc}\n",
                                   "Transfer-Encoding: chunked\n"])
def test_a_head_that_can_be_read_in_two_ways_is_refused(extra):
    answer = raw(head_of("/api/jobs", 2, extra), b"{}")

    assert (answer.status, answer.problem()) == (400, "bad-request")
    assert extra.split(":")[0] in answer.json()["detail"]
    assert answer.headers["Connection"] == "close"


def test_a_target_may_name_its_host():
    assert raw(f"GET http://{ADDRESS.netloc}/healthz HTTP/1.1\nHost: {ADDRESS.netloc}\n\n").status == 200


def test_a_client_that_goes_away_in_the_middle_does_no_harm():
    body, kind = multipart({"pipeline_id": 1}, [("a.jpg", JPEG)])
    head = head_of("/api/jobs/batch", len(body)).replace("application/json", kind["Content-Type"])
    for cut in (0, 100, len(body) // 2, len(body) - 1):
        with socket.create_connection((ADDRESS.hostname, ADDRESS.port)) as s:
            s.sendall(head.replace("\n", "\r\n").encode() + body[:cut])

    assert get("/healthz").status == 200


def test_who_holds_connections_for_nothing_keeps_nobody_out():
    with contextlib.ExitStack() as held:
        for _ in range(400):
            s = held.enter_context(socket.create_connection((ADDRESS.hostname, ADDRESS.port)))
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                s.sendall(b"GET /healthz HTTP/1.1\r\nX-Drop: ")

        assert get("/healthz").body == b"ok\n"
        assert health("/readyz") == (200, b"ready\n")
        assert get("/api/pipelines").status == 200


# ---- who may ask ----

@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example",
                                  "evil.example:8080", "127.0.0.2", "", "localhost:1/evil",
                                  "evil@localhost"])
def test_another_name_for_this_machine_is_refused(host):
    for path in ("/api/batches", "/", "/openapi.yaml", "/nothing"):
        answer = get(path, {"Host": host})

        assert (answer.status, answer.problem()) == (403, "foreign-host")


@pytest.mark.parametrize("header", ["Forwarded", "forwarded", "X-Forwarded-For", "X-Forwarded-Proto",
                                    "x-forwarded-anything", "X-Real-IP"])
def test_without_keys_nobody_comes_in_through_a_proxy(header):
    for path in ("/api/batches", "/", "/openapi.yaml", "/nothing"):
        answer = get(path, {header: "for=203.0.113.7"})

        assert (answer.status, answer.problem()) == (403, "forbidden"), path
    assert get("/healthz", {header: "x"}).status == 200


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:8080", "127.0.0.1", "[::1]:99"])
def test_the_names_of_loopback_are_ours(host):
    assert get("/api/batches", {"Host": host}).status == 200


@pytest.mark.parametrize("headers", [
    {"Origin": "http://evil.example"}, {"Origin": "null"}, {"Origin": "https://localhost"},
    {"Origin": f"http://{ADDRESS.hostname}:1"}, {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"}])
def test_another_sites_page_changes_nothing(headers):
    one = submit()
    for method, path in [("POST", "/api/jobs"), ("POST", "/api/jobs/batch"), ("POST", "/api/blobs"),
                         ("POST", f"/api/batches/{one['batch_id']}/cancel"),
                         ("DELETE", f"/api/batches/{one['batch_id']}")]:
        answer = ask(method, path, b"x", {"Content-Type": "text/plain", **headers})

        assert (answer.status, answer.problem()) == (403, "foreign-origin")
    assert get(f"/api/batches/{one['batch_id']}").status == 200


def test_the_gateways_own_page_may():
    own = {"Origin": f"http://{ADDRESS.netloc}", "Sec-Fetch-Site": "same-origin"}

    assert post("/api/jobs", {"pipeline_id": 1, **file()}, own).status == 201


# ---- everything that the description allows, and what it does not ----

def test_schemathesis_finds_nothing():
    """Requests made from docs/openapi.yaml, valid and not, with a key, since it would make the first
    one. That a valid one may be refused is left out: a uri that is not in the store, a cursor that is
    none; and /api/events, whose answer has no end, which test_live.py asks."""
    before = sql("select array_agg(id) from pipelines where enabled")[0][0]
    targets = {target["name"] for target in get("/api/targets").json()["data"]}
    keys = Keys(ADMIN)
    try:
        key = keys.add("read", "submit", "operate")
        until(lambda: get("/api/targets").status == 401, "the gateway notices")
        done = subprocess.run(
            [Path(sys.executable).with_name("schemathesis"), "run", gateway.ROOT / "docs/openapi.yaml",
             "--url", f"http://{ADDRESS.netloc}", "-n", "25", "--seed", "1", "-w", "1", "--no-color",
             "-H", f"Authorization: {key['Authorization']}",
             "--exclude-path", "/api/events",
             "--request-timeout", "45", "--exclude-checks", "positive_data_acceptance"],
            text=True, capture_output=True, timeout=570, cwd="/tmp")
    finally:
        keys.remove()
        sql("delete from api_keys")
        sql("update pipelines set enabled = id = any (%s)", before)
        until(lambda: get("/api/targets").status == 200, "the gateway notices")
    for target in get("/api/targets").json()["data"]:       # each would wait on every later batch
        if target["name"] not in targets:
            assert ask("DELETE", f"/api/targets/{target['name']}").status == 204

    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-1000:]
    assert "Operations:" in done.stdout
