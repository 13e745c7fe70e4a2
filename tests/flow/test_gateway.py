# SPDX-License-Identifier: Apache-2.0
"""The gateway's contract, route by route, against the whole line: what is handed in, what is read
back, what can be fetched. test_gateway_batches.py has the list and the commands."""
import hashlib
import io
import json
import os
import re
import threading
import uuid
import zipfile

import psycopg
import pytest
from PIL import Image

import events
import gateway
from gateway import PHOTOS, ask, finished, get, health, post, text, until, upload
from test_events import TRACE, Topics, job_id, name_of
from test_webhook import sql

NAME = re.compile(r"^(?P<customer>.+)_(?P<date>\d{4}-\d\d-\d\d)_batch-(?P<counter>\d+)$")


def sha256(content):
    return hashlib.sha256(content).hexdigest()


# ---- handing in ----

def test_one_picture_as_json_is_answered_as_the_founding_contract_says():
    answer = post("/api/jobs", {"pipeline_id": 1, "file_name": "PL_DXB_image.png",
                                "file_data": text(PHOTOS[0].read_bytes()),
                                "batch_description": "Single Test"})

    said = answer.json()
    assert answer.status == 201
    assert list(said) == ["job_id", "batch_id", "base_directory_name", "status"]
    assert said["status"] == "queued"
    assert NAME.match(said["base_directory_name"])["customer"] == "PL_DXB"
    assert answer.headers["Location"] == f"/api/batches/{said['batch_id']}"
    assert gateway.batch(said["batch_id"])["render_description"] == "Single Test"


def test_many_pictures_as_json_are_answered_as_the_founding_contract_says():
    files = [{"file_name": f"PL_DXB_{i}.jpg", "file_data": text(PHOTOS[i].read_bytes())}
             for i in range(3)]

    answer = post("/api/jobs/batch", {"pipeline_id": 2, "files": files,
                                      "batch_description": "3-view Render"})

    said = answer.json()
    assert answer.status == 201
    assert list(said) == ["batch_id", "base_directory_name", "job_count", "job_ids", "status"]
    assert said["job_count"] == 3 and said["status"] == "queued"
    assert said["job_ids"] == [str(job_id(uuid.UUID(said["batch_id"]), i)) for i in range(3)]


def test_a_customers_batches_of_a_day_are_counted_from_one():
    customer = gateway.customer()

    names = [gateway.submit(customer_prefix=customer)["base_directory_name"] for _ in range(3)]

    assert [NAME.match(n)["customer"] for n in names] == [customer] * 3
    assert [NAME.match(n)["counter"] for n in names] == ["1", "2", "3"]


def test_a_form_with_files_is_a_batch_in_their_order():
    customer = gateway.customer()
    fields = {"pipeline_id": 1, "customer_prefix": customer, "batch_description": "für die Lobby",
              "priority": 7, "failures_tolerated": 2}
    files = [(f"picture ({i}) é.jpg", PHOTOS[i].read_bytes()) for i in range(3)]

    answer = upload("/api/jobs/batch", fields, files)

    assert answer.status == 201
    b = gateway.batch(answer.json()["batch_id"])
    assert (b["customer_prefix"], b["render_description"]) == (customer, "für die Lobby")
    assert (b["priority"], b["failures_tolerated"]) == (7, 2)
    assert [(j["position"], j["file_name"], j["size"]) for j in b["jobs"]] == [
        (i, name, len(content)) for i, (name, content) in enumerate(files)]
    assert [j["source_uri"] for j in b["jobs"]] == [f"blob:sha256/{sha256(c)}" for _, c in files]


def test_a_form_with_one_file_is_a_batch_of_one_job():
    answer = upload("/api/jobs", {"pipeline_id": 1}, [("PL_DXB_a.jpg", PHOTOS[0].read_bytes())])

    assert answer.status == 201
    assert [j["id"] for j in gateway.batch(answer.json()["batch_id"])["jobs"]] == [
        answer.json()["job_id"]]


def test_the_empty_fields_of_a_browsers_form_say_nothing():
    fields = {"pipeline_id": 1, "customer_prefix": "", "priority": "", "batch_description": ""}

    answer = upload("/api/jobs/batch", fields, [("PL_DXB_a.jpg", PHOTOS[0].read_bytes()), ("", b"")])

    assert answer.status == 201
    b = gateway.batch(answer.json()["batch_id"])
    assert (b["customer_prefix"], b["priority"], b["render_description"]) == ("PL_DXB", 5, None)


def test_a_stored_picture_can_be_submitted_by_its_name():
    content = PHOTOS[1].read_bytes()
    stored = ask("POST", "/api/blobs", content, {"Content-Type": "image/jpeg"})
    uri = f"blob:sha256/{sha256(content)}"

    submitted = post("/api/jobs", {"pipeline_id": 1, "file_name": "a.jpg", "source_uri": uri})

    assert stored.status == 201
    assert stored.json() == {"uri": uri, "size": len(content), "sha256": sha256(content)}
    assert finished(submitted.json())["jobs"][0]["size"] == len(content)


def form_of(*parts):
    """A multipart body of these (name, value), in their order and however often."""
    boundary = uuid.uuid4().hex
    body = "".join(f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
                   for name, value in parts) + f"--{boundary}--\r\n"
    return ask("POST", "/api/jobs/batch", body.encode(),
               {"Content-Type": f"multipart/form-data; boundary={boundary}"})


def test_a_form_may_name_what_lies_in_the_store():
    uris = [ask("POST", "/api/blobs", PHOTOS[i].read_bytes(), {"Content-Type": "image/jpeg"}).json()["uri"]
            for i in range(2)]

    answer = form_of(("pipeline_id", 1), ("file_name", "a.jpg"), ("source_uri", uris[0]),
                     ("file_name", "b.jpg"), ("source_uri", uris[1]))

    assert answer.status == 201, answer.body
    jobs = gateway.batch(answer.json()["batch_id"])["jobs"]
    assert [(j["file_name"], j["source_uri"]) for j in jobs] == [("a.jpg", uris[0]), ("b.jpg", uris[1])]


@pytest.mark.parametrize("parts, field", [
    ([("source_uri", "blob:sha256/" + "0" * 64)], "files[0].file_name"),
    ([("file_name", "a.jpg"), ("source_uri", "s3://bucket/a.jpg")], "files[0].source_uri"),
    ([("file_name", "a/b.jpg"), ("source_uri", "blob:sha256/" + "0" * 64)], "files[0].file_name")])
def test_what_a_form_names_wrongly_is_told_by_its_place(parts, field):
    answer = form_of(("pipeline_id", 1), *parts)

    assert answer.status == 400 and field in answer.fields()


def test_a_submission_is_an_event_as_the_schemas_say_and_carries_its_trace():
    topics = Topics("submissions")

    said = post("/api/jobs", {"pipeline_id": 1, "file_name": "PL_A.jpg", "priority": 9,
                              "file_data": text(PHOTOS[0].read_bytes())},
                {"traceparent": f"00-{TRACE}-00f067aa0ba902b7-01"}).json()

    def ours(records):
        """the record of this batch"""
        return [m for m in records if m.key().decode() == said["batch_id"]]
    (m,) = ours(topics.read_until(ours))
    topics.close()
    record, value = events.decode(m.value())
    assert name_of(m) == "submissions" and record == "BatchSubmitted"
    assert (str(value["batch_id"]), value["priority"], value["submitted_by"]) == (
        said["batch_id"], 9, "gateway")
    assert value["files"][0]["data"] is None, "pictures travel by their name"
    assert value["files"][0]["sha256"] == sha256(PHOTOS[0].read_bytes())
    headers = dict(m.headers())
    assert headers["ce_type"] and TRACE in headers["traceparent"].decode()


# ---- once and only once ----

def a_job(**fields):
    return {"pipeline_id": 1, "file_name": "a.jpg", "file_data": text(PHOTOS[0].read_bytes()),
            "customer_prefix": gateway.customer(), **fields}


def test_the_same_submission_with_the_same_key_is_one_batch():
    key, job = {"Idempotency-Key": str(uuid.uuid4())}, a_job()

    first, again = post("/api/jobs", job, key), post("/api/jobs", job, key)

    assert (first.status, again.status) == (201, 201)
    assert first.json() == again.json()
    assert get("/api/batches", customer_prefix=job["customer_prefix"]).json()["total"] == 1


def test_a_key_in_quotes_is_the_same_key():
    key, job = str(uuid.uuid4()), a_job()

    first = post("/api/jobs", job, {"Idempotency-Key": key})
    again = post("/api/jobs", job, {"Idempotency-Key": f'"{key}"'})

    assert first.json() == again.json()


def test_the_same_key_at_the_same_time_is_one_batch():
    key, job, said = {"Idempotency-Key": str(uuid.uuid4())}, a_job(), []
    threads = [threading.Thread(target=lambda: said.append(post("/api/jobs", job, key)))
               for _ in range(8)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()

    assert {a.status for a in said} == {201} and len({a.body for a in said}) == 1
    assert get("/api/batches", customer_prefix=job["customer_prefix"]).json()["total"] == 1


def test_a_key_of_another_submission_is_refused():
    key, job = {"Idempotency-Key": str(uuid.uuid4())}, a_job()
    post("/api/jobs", job, key)

    answer = post("/api/jobs", {**job, "batch_description": "something else"}, key)

    assert (answer.status, answer.problem()) == (422, "idempotency-conflict")


def test_the_key_of_a_deleted_batch_is_refused():
    key, job = {"Idempotency-Key": str(uuid.uuid4())}, a_job()
    first = post("/api/jobs", job, key).json()
    ask("DELETE", f"/api/batches/{first['batch_id']}")

    answer = post("/api/jobs", job, key)

    assert (answer.status, answer.problem()) == (409, "deleted")


def test_who_does_not_want_to_wait_gets_the_batchs_address():
    answer = post("/api/jobs", a_job(), {"Prefer": "respond-async"})

    assert answer.status == 202
    assert answer.headers["Preference-Applied"] == "respond-async"
    assert answer.json()["base_directory_name"] is None
    until(lambda: ask("GET", answer.headers["Location"]).status == 200)


def test_a_submission_while_the_projector_is_away_is_taken_and_not_lost():
    with gateway.without("projector"):
        answer = post("/api/jobs", a_job(), {"Prefer": "wait=1"})

    assert answer.status == 202
    assert answer.headers["Preference-Applied"] == "wait=1"
    assert until(lambda: ask("GET", answer.headers["Location"]).status == 200)


# ---- reading back, fetching ----

@pytest.fixture(scope="module")
def done():
    """A finished batch of two photographs, three views each."""
    return finished(gateway.submit(2, pipeline_id=2, batch_description="3-view Render"))


def test_a_batch_is_shown_with_its_jobs(done):
    assert done["status"] == "completed" and done["completed_at"] >= done["created_at"]
    assert (done["total_files"], done["jobs_completed"], done["jobs_failed"]) == (2, 2, 0)
    assert done["total_size"] == sum(len(p.read_bytes()) for p in PHOTOS[:2])
    assert done["total_pipelines"] == 3
    assert [j["file_name"] for j in done["jobs"]] == ["photo-0.jpg", "photo-1.jpg"]
    assert {o["view"] for j in done["jobs"] for o in j["outputs"]} == {"hero", "square", "thumbnail"}
    assert done["jobs_next_cursor"] is None


def test_the_jobs_of_a_batch_come_in_pages(done):
    first = get(f"/api/batches/{done['id']}/jobs", limit=1).json()
    second = get(f"/api/batches/{done['id']}/jobs", limit=1, cursor=first["next_cursor"]).json()

    assert first["data"] + second["data"] == done["jobs"]
    assert (first["total"], first["limit"], second["next_cursor"]) == (2, 1, None)


def test_a_job_is_shown_with_its_batch(done):
    job = get(f"/api/jobs/{done['jobs'][1]['id']}").json()

    assert job == {**done["jobs"][1], "batch_id": done["id"],
                   "base_directory_name": done["base_directory_name"], "failed_attempts": []}


def test_a_preview_is_a_small_picture(done):
    answer = get(f"/api/jobs/{done['jobs'][0]['id']}/preview")

    assert max(Image.open(io.BytesIO(answer.body)).size) == 256
    assert answer.type.startswith("image/")


def test_what_was_handed_in_can_be_had_again(done):
    for job, photo in zip(done["jobs"], PHOTOS):
        answer = get(f"/api/jobs/{job['id']}/input")

        assert (answer.type, answer.body) == ("image/jpeg", photo.read_bytes())
        assert "sandbox" in answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize("content", [b"<!doctype html><script>alert(1)</script>", b"<svg/>", b"x"])
def test_an_input_that_is_no_picture_is_bytes_and_no_page(content):
    job = gateway.submit(files=[{"file_name": "page.jpg", "file_data": text(content)}])["job_ids"][0]
    answer = get(f"/api/jobs/{job}/input")

    assert (answer.type, answer.body) == ("application/octet-stream", content)
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_an_input_that_is_gone_is_said_to_be_gone():
    job = gateway.submit(1)["job_ids"][0]
    sql("update batchline.jobs set source_uri = 'blob:sha256/' || repeat('0', 64) where id = %s", job)
    gone = get(f"/api/jobs/{job}/input")
    sql("update batchline.jobs set source_uri = 'https://pictures.example/a.jpg' where id = %s", job)
    elsewhere = get(f"/api/jobs/{job}/input")

    assert [(a.status, a.json()["detail"]) for a in (gone, elsewhere)] == [
        (404, "The file is no longer there."), (404, "The input does not lie in the store.")]


def test_an_output_is_the_file_that_its_row_describes(done):
    for job in done["jobs"]:
        for output in job["outputs"]:
            answer = get(f"/api/jobs/{job['id']}/outputs/{output['name']}")

            assert sha256(answer.body) == output["sha256"]
            assert (answer.type, len(answer.body)) == (output["media_type"], output["size"])
            assert Image.open(io.BytesIO(answer.body)).size == (output["width"], output["height"])
            assert "sandbox" in answer.headers["Content-Security-Policy"]


def test_the_archive_is_a_zip_of_all_outputs_under_the_batchs_name(done):
    answer = get(f"/api/batches/{done['id']}/download")

    name = done["base_directory_name"]
    assert answer.headers["Content-Disposition"] == f'attachment; filename="{name}.zip"'
    assert int(answer.headers["Content-Length"]) == len(answer.body) == done["archive"]["size"]
    assert sha256(answer.body) == done["archive"]["sha256"]
    assert answer.headers["ETag"] == f'"{done["archive"]["sha256"]}"'
    with zipfile.ZipFile(io.BytesIO(answer.body)) as z:
        assert z.testzip() is None
        hashes = {sha256(z.read(n)) for n in z.namelist()}
    assert hashes >= {o["sha256"] for j in done["jobs"] for o in j["outputs"]}


@pytest.fixture(params=["archive", "preview", "output"])
def file(request, done):
    job = done["jobs"][0]
    return {"archive": f"/api/batches/{done['id']}/download",
            "preview": f"/api/jobs/{job['id']}/preview",
            "output": f"/api/jobs/{job['id']}/outputs/{job['outputs'][0]['name']}"}[request.param]


def test_a_file_can_be_had_in_parts(file):
    whole = get(file).body
    n = len(whole)
    for wanted, first, last in [("0-9", 0, 9), (f"10-{n + 5}", 10, n - 1), (f"{n - 1}-", n - 1, n - 1),
                                ("-7", n - 7, n - 1), (f"-{n + 1}", 0, n - 1)]:
        part = get(file, {"Range": f"bytes={wanted}"})

        assert part.status == 206, wanted
        assert part.headers["Content-Range"] == f"bytes {first}-{last}/{n}"
        assert part.body == whole[first:last + 1]


def test_a_range_behind_the_end_is_told_the_size(file):
    n = len(get(file).body)

    for wanted in (f"bytes={n}-", "bytes=-0"):
        answer = get(file, {"Range": wanted})

        assert (answer.status, answer.problem()) == (416, "range")
        assert answer.headers["Content-Range"] == f"bytes */{n}"


@pytest.mark.parametrize("header", ["bytes=5-2", "bytes=a-b", "lines=1-2", "bytes=0-1,4-5", "0-5"])
def test_a_range_that_we_do_not_read_is_the_whole(file, header):
    assert get(file, {"Range": header}).status == 200


def test_the_rest_of_another_version_is_not_sent(file):
    etag = get(file).headers["ETag"]
    part = {"Range": "bytes=1-2"}

    assert get(file, {**part, "If-Range": etag}).status == 206
    assert get(file, {**part, "If-Range": '"another"'}).status == 200
    assert get(file, {**part, "If-Range": "W/" + etag}).status == 200
    assert get(file, {**part, "If-Range": "Tue, 24 Nov 2026 01:27:36 GMT"}).status == 200


def test_what_one_has_is_not_sent_again(file):
    etag = get(file).headers["ETag"]

    for have in (etag, f'"x", W/{etag}', "*"):
        answer = get(file, {"If-None-Match": have})

        assert (answer.status, answer.body, answer.headers["ETag"]) == (304, b"", etag)
    assert get(file, {"If-None-Match": '"x"'}).status == 200
    assert get(file, {"If-Match": etag}).status == 200
    assert get(file, {"If-Match": '"x"'}).problem() == "precondition-failed"


def test_head_tells_the_length_and_sends_nothing(file):
    whole, head = get(file), ask("HEAD", file)

    assert (head.status, head.body) == (200, b"")
    for name in ("Content-Length", "Content-Type", "ETag", "Accept-Ranges", "Content-Disposition"):
        assert head.headers[name] == whole.headers[name]


# ---- archives that are not there ----

def test_no_archive_of_an_unfinished_batch():
    with gateway.without("renderer"):
        b = gateway.submit()
        answer = get(f"/api/batches/{b['batch_id']}/download")

        assert (answer.status, answer.problem()) == (409, "not-finished")


def test_no_archive_of_a_batch_without_outputs():
    b = gateway.submit(files=[{"file_name": "a.jpg", "file_data": text(b"this is no picture")}])
    assert finished(b)["status"] == "failed"

    answer = get(f"/api/batches/{b['batch_id']}/download")

    assert (answer.status, answer.problem()) == (409, "no-outputs")


def test_a_download_waits_for_the_archive():
    said = []
    with gateway.without("archiver"):
        b = gateway.submit()
        path = f"/api/batches/{b['batch_id']}"
        until(lambda: ask("GET", path).json()["status"] == "completed")
        waiting = threading.Thread(target=lambda: said.append(get(path + "/download")))
        waiting.start()
        waiting.join(1)
        assert waiting.is_alive() and not said
    waiting.join(40)

    assert said[0].status == 200
    assert zipfile.ZipFile(io.BytesIO(said[0].body)).testzip() is None


def test_an_archive_that_does_not_come_is_to_be_asked_for_again():
    with gateway.without("archiver"):
        b = gateway.submit()
        answer = until(lambda: (a := get(f"/api/batches/{b['batch_id']}/download")).status != 409
                       and a)

    assert (answer.status, answer.problem()) == (503, "archive-pending")
    assert int(answer.headers["Retry-After"]) > 0


# ---- beside the batches ----

def test_the_pipelines_that_everybody_has():
    said = get("/api/pipelines").json()["data"]

    assert [(p["id"], p["name"], p["enabled"]) for p in said[:3]] == [
        (1, "web", True), (2, "3-view render", True), (3, "command", True)]
    assert [len(p["definition"]["views"]) for p in said[:3]] == [1, 3, 1]


def test_the_description_is_served_by_what_it_describes():
    answer = get("/openapi.yaml")

    assert answer.body == (gateway.ROOT / "docs/openapi.yaml").read_bytes()
    assert get("/openapi.yaml", {"If-None-Match": answer.headers["ETag"]}).status == 304


def test_the_dashboard_is_at_the_root_and_brings_nothing_from_elsewhere():
    answer = get("/")

    assert answer.type == "text/html" and b"<!doctype html" in answer.body.lower()
    assert "default-src 'self'" in answer.headers["Content-Security-Policy"]
    for name in re.findall(rb'(?:src|href)="([^"#:]+)"', answer.body):
        assert get("/" + name.decode().removeprefix("./")).status == 200, name


def test_health_and_counters_are_there():
    assert get("/healthz").body == b"ok\n"
    assert health("/healthz") == (200, b"ok\n")
    assert health("/readyz") == (200, b"ready\n")
    assert b"# TYPE batchline_http_requests_total counter" in health("/metrics")[1]


@pytest.mark.parametrize("path", ["/readyz", "/metrics"])
def test_what_has_a_port_of_its_own_is_not_told_to_everybody(path):
    assert get(path).status == 404


@pytest.mark.parametrize("relation", ["batchline.jobs", "batchline.batch_items",
                                      "batchline_base.pipelines"])
def test_a_gateway_whose_role_may_not_read_is_not_ready_and_tells_why_in_its_log_alone(relation):
    admin = re.sub(r"//\w+@", "//postgres@", os.environ["DATABASE_URL"])
    with psycopg.connect(admin, autocommit=True) as db:
        db.execute(f"revoke select on {relation} from batchline_gateway")
        try:
            answer = health("/readyz")
        finally:
            db.execute(f"grant select on {relation} to batchline_gateway")

    assert answer == (503, b"not ready\n")
    assert "permission denied for" in gateway.log() and relation.split(".")[1] in gateway.log()
    assert health("/readyz") == (200, b"ready\n")


def test_an_address_says_what_it_takes():
    for path, methods in [("/api/batches", "GET, HEAD, OPTIONS"), ("/api/jobs", "POST, OPTIONS"),
                          (f"/api/batches/{uuid.uuid4()}", "GET, HEAD, DELETE, OPTIONS")]:
        asked, wrong = ask("OPTIONS", path), ask("PATCH", path)

        assert (asked.status, asked.headers["Allow"]) == (204, methods)
        assert (wrong.status, wrong.headers["Allow"]) == (405, methods)
        assert wrong.problem() == "method-not-allowed"


@pytest.mark.parametrize("path", [
    "/nothing", "/api", "/api/", "/api/batches/", "/api/batches/1", "/api/batches/not-a-uuid",
    "/api/batches/{id}", "/api/batches/{id}/jobs", "/api/batches/{id}/download",
    "/api/batches/{id}/sheet", "/api/jobs/{id}",
    "/api/jobs/{id}/preview", "/api/jobs/{id}/outputs/a.jpg", "/api/jobs/{id}/outputs/%ff",
    "/api/jobs/{id}/outputs/..%2f..%2fetc%2fpasswd", "/../../etc/passwd", "/%2e%2e/etc/passwd",
    "/api/batches%00", "/index.html%00.js"])
def test_what_is_not_there_is_a_problem_too(path):
    answer = ask("GET", path.format(id=uuid.uuid4()))

    slug = "not-found" if path.startswith("/api/") else "no-such-address"
    assert (answer.status, answer.problem()) == (404, slug)
    assert json.loads(answer.body)["instance"].startswith("/")
