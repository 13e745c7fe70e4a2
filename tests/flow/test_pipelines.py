# SPDX-License-Identifier: Apache-2.0
"""What can be done with a picture, as people make and change it: by the API, held against its
contract, and by the command line; and that the line does it, without a restart."""
import io
import json
import uuid
import zipfile

import pytest
from PIL import Image

import gateway
import line
from gateway import ask, get, post
from test_cli import PHOTO, cli, said
from test_gateway_keys import Keys
from test_webhook import ADMIN, sql

PIPELINES = "/api/pipelines"
VIEW = {"name": "small", "format": "png",
        "operations": [{"operation": "thumbnail_image", "width": 40}]}


def doing(**changes):
    """A definition of one view, changed."""
    view = {name: value for name, value in {**VIEW, **changes}.items() if value != "left out"}
    return {"views": [view]}


def make(name, definition=None, query=""):
    return post(PIPELINES + query, {"name": name, "definition": definition or doing()})


def turn(number, enabled):
    return ask("PATCH", f"{PIPELINES}/{number}", json_body={"enabled": enabled})


@pytest.fixture
def name():
    name = f"p {uuid.uuid4().hex[:12]}"
    yield name
    sql("update pipelines set enabled = false where name = %s", name)


@pytest.fixture
def made(name):
    """A pipeline as the API shows it."""
    answer = make(name)
    assert answer.status == 201, answer.body
    return answer.json()


def sizes(batch):
    """Of the pictures that became of it."""
    assert line.finished(batch, archive=True)["status"] == "completed"
    with zipfile.ZipFile(io.BytesIO(get(f"/api/batches/{batch}/download").body)) as archive:
        return [Image.open(archive.open(n)).width for n in archive.namelist() if n.endswith(".png")]


# ---- the API ----

def test_a_pipeline_is_made_and_shown(name):
    answer = make(name)
    made = answer.json()

    assert answer.status == 201
    assert answer.headers["Location"] == f"{PIPELINES}/{made['id']}"
    assert get(answer.headers["Location"]).json() == made
    assert (made["name"], made["definition"], made["enabled"]) == (name, doing(), True)
    assert made in get(PIPELINES).json()["data"]


def test_the_same_again_is_the_same(made):
    answer = make(made["name"])

    assert (answer.status, answer.json()) == (200, made)


def test_a_changed_one_has_a_number_of_its_own_and_the_old_stays(made):
    changed = make(made["name"], doing(format="webp")).json()
    back = make(made["name"]).json()

    assert made["id"] < changed["id"] < back["id"]
    assert get(f"{PIPELINES}/{made['id']}").json() == made
    assert back["definition"] == made["definition"]


@pytest.mark.parametrize("changes, field", [
    ({"name": ""}, "views[0].name"), ({"name": "A"}, "views[0].name"),
    ({"name": "left out"}, "views[0].name"), ({"name": "x" * 33}, "views[0].name"),
    ({"format": "bmp"}, "views[0].format"), ({"format": "left out"}, "views[0].format"),
    ({"colour": 1}, "views[0].colour"), ({"options": []}, "views[0].options"),
    ({"options": {"Q": 80, "speed": 1}}, "views[0].options.speed"),
    ({"format": "jpeg", "options": {"Q": 0}}, "views[0].options.Q"),
    ({"format": "jpeg", "options": {"Q": 8.5}}, "views[0].options.Q"),
    ({"format": "jpeg", "options": {"subsample_mode": "yes"}}, "views[0].options.subsample_mode"),
    ({"format": "jpeg", "options": {"interlace": 1}}, "views[0].options.interlace"),
    ({"operations": {}}, "views[0].operations"),
    ({"operations": [{"operation": "autorot"}] * 33}, "views[0].operations"),
    ({"operations": [{}]}, "views[0].operations[0].operation"),
    ({"operations": ["autorot"]}, "views[0].operations[0].operation"),
    ({"operations": [{"operation": "system"}]}, "views[0].operations[0].operation"),
    ({"operations": [{"operation": "autorot"}, {"operation": "crop", "left": 0, "top": 0, "width": 1}]},
     "views[0].operations[1].height"),
    ({"operations": [{"operation": "gaussblur", "sigma": 101}]}, "views[0].operations[0].sigma"),
    ({"operations": [{"operation": "gaussblur", "sigma": "1"}]}, "views[0].operations[0].sigma"),
    ({"operations": [{"operation": "autorot", "far": 1}]}, "views[0].operations[0].far")])
def test_what_is_wrong_with_a_view_is_told_by_its_field(name, changes, field):
    answer = make(name, doing(**changes))

    assert (answer.status, answer.problem(), answer.fields()) == (400, "invalid", [f"definition.{field}"])


@pytest.mark.parametrize("body, fields", [
    ({"definition": []}, ["definition"]), ({"definition": {"views": [VIEW] * 2}}, ["definition.views[1].name"]),
    ({"definition": {"views": []}}, ["definition.views"]), ({"definition": {}}, ["definition.views"]),
    ({"definition": {"views": [VIEW], "size": 1}}, ["definition.size"]),
    ({"definition": {"views": [VIEW], "background": 256}}, ["definition.background"]),
    ({"definition": {"views": [VIEW], "command": "a b"}}, ["definition.command"]),
    ({"definition": {"views": [VIEW], "command": "ok"}}, ["definition.views[0]"]),
    ({"definition": {"views": [VIEW], "long": "x" * 65536}}, ["definition"]),
    ({"definition": None}, ["definition"]), ({"name": None}, ["name"]), ({"name": ""}, ["name"]),
    ({"name": "7"}, ["name"]), ({"name": " a"}, ["name"]), ({"name": "a\n"}, ["name"]),
    ({"name": "x" * 101}, ["name"]), ({"enabled": False}, ["enabled"]), ({"id": 9}, ["id"]),
    ({"name": 7, "definition": 7, "size": 7}, ["name", "definition", "size"])])
def test_what_is_wrong_with_a_new_one_is_told_by_its_field(body, fields):
    answer = post(PIPELINES, {"name": "never", "definition": doing(), **body})

    assert (answer.status, answer.problem(), answer.fields()) == (400, "invalid", fields)
    assert post(PIPELINES + "?check", {"name": "never", "definition": doing(), **body}).status == 400


def test_a_new_one_has_a_name_and_a_definition():
    assert post(PIPELINES, {}).fields() == ["name", "definition"]
    assert post(PIPELINES, []).problem() == "invalid"
    assert ask("POST", PIPELINES, b"{", {"Content-Type": "application/json"}).problem() == "malformed-json"


def test_what_is_only_checked_is_not_made(name):
    answer = make(name, query="?check")

    assert (answer.status, answer.json()) == (200, {"name": name, "definition": doing()})
    assert name not in {one["name"] for one in get(PIPELINES).json()["data"]}


@pytest.mark.parametrize("number", ["0", "-1", "2147483647", "2147483648", "web", "1%20"])
def test_a_pipeline_that_is_not_there_is_not_found(number):
    assert get(f"{PIPELINES}/{number}").problem() == "not-found"
    assert turn(number, True).problem() == "not-found"


def test_of_one_that_is_there_only_whether_it_is_enabled_changes(made):
    for body, fields in [({}, ["enabled"]), ({"enabled": 1}, ["enabled"]),
                         ({"enabled": True, "name": "other"}, ["name"]),
                         ({"enabled": True, "definition": doing()}, ["definition"])]:
        answer = ask("PATCH", f"{PIPELINES}/{made['id']}", json_body=body)
        assert (answer.status, answer.fields()) == (400, fields)
    assert get(f"{PIPELINES}/{made['id']}").json() == made


def test_disabled_it_takes_no_batch_until_it_is_enabled(made):
    file = {"file_name": "a.jpg", "file_data": line.text(PHOTO)}
    off = turn(made["id"], False)
    answer = post("/api/jobs", {"pipeline_id": made["id"], **file})

    assert (off.status, off.json()) == (200, made | {"enabled": False})
    assert (answer.status, answer.problem(), answer.fields()) == (422, "unknown-pipeline", ["pipeline_id"])
    assert turn(made["id"], True).json() == made
    assert post("/api/jobs", {"pipeline_id": made["id"], **file}).status == 201


def test_a_new_pipeline_and_its_next_version_are_rendered_at_once(made):
    first = line.submit([("a.jpg", PHOTO)], pipeline=made["id"])
    wider = make(made["name"], doing(operations=[{"operation": "thumbnail_image", "width": 50}])).json()
    turn(made["id"], False)
    second = line.submit([("a.jpg", PHOTO)], pipeline=wider["id"])

    assert sizes(first) == [40], "what was queued keeps its own"
    assert sizes(second) == [50]


def test_every_change_is_in_the_audit(made):
    make(made["name"])
    turn(made["id"], False)
    turn(made["id"], False)
    turn(made["id"], True)

    assert sql("select action from audit where object = %s and action like 'pipeline%%' order by id",
               str(made["id"])) == [("pipeline_add",), ("pipeline_disable",), ("pipeline_enable",)]


def test_pipelines_are_changed_by_keys_that_operate_for_all_customers(made):
    keys = Keys(ADMIN)
    try:
        reader, submitter = keys.add("read"), keys.add("read", "submit")
        limited = keys.add("read", "submit", "operate", customers=["PL"])
        operator = keys.add("read", "operate")
        gateway.until(lambda: get(PIPELINES).status == 401, "the gateway notices")
        path, new = f"{PIPELINES}/{made['id']}", {"name": made["name"], "definition": doing(format="webp")}

        for key in (reader, submitter, limited):
            assert get(path, key).json() == made
            for query in ("", "?check"):
                assert post(PIPELINES + query, new, key).problem() == "forbidden"
            assert ask("PATCH", path, headers=key, json_body={"enabled": False}).problem() == "forbidden"
        assert post(PIPELINES, new, operator).status == 201
    finally:
        keys.remove()
        gateway.until(lambda: get(PIPELINES).status == 200, "the gateway notices")


# ---- the command line ----

@pytest.fixture
def file(tmp_path):
    (tmp_path / "it.json").write_text(json.dumps(doing()))
    return tmp_path / "it.json"


def test_a_pipeline_is_checked_made_shown_and_listed(name, file):
    checked = cli("pipelines", "add", name, file, "--check")
    assert (checked.returncode, checked.stdout) == (0, f"{name} could be rendered so.\n")
    assert cli("pipelines", "show", name).returncode == 1
    made = said(cli("pipelines", "add", name, file, "--json"))
    again = cli("pipelines", "add", name, file)

    assert again.stdout == f"{name} is number {made['id']} from now on.\n"
    assert said(cli("pipelines", "show", name, "--json")) == made
    shown = cli("pipelines", "show", made["id"]).stdout
    assert f"number       {made['id']}\n" in shown and '"format":"png"' in shown
    assert f"{name}" in cli("pipelines", "list").stdout


def test_a_name_means_the_newest_enabled_one(name, file, tmp_path):
    old = said(cli("pipelines", "add", name, file, "--json"))["id"]
    file.write_text(json.dumps(doing(format="webp")))
    new = said(cli("pipelines", "add", name, file, "--json"))["id"]
    (tmp_path / "a.jpg").write_bytes(PHOTO)

    def submitted():
        batch = said(cli("submit", tmp_path / "a.jpg", "--pipeline", name, "--json"))["batch_id"]
        return line.get(f"/api/batches/{batch}")["pipeline_id"]

    assert submitted() == new
    off = cli("pipelines", "disable", name).stdout
    assert f"number {new}, takes no new batches" in off and f"means number {old} now" in off
    assert submitted() == old
    assert "switched off" in cli("pipelines", "show", new).stdout
    assert f"number {new}, is on" in cli("pipelines", "enable", name).stdout
    assert submitted() == new


def test_what_is_wrong_is_told(name, file, tmp_path):
    file.write_text(json.dumps(doing(format="bmp")))
    wrong = cli("pipelines", "add", name, file)
    assert (wrong.returncode, "definition.views[0].format: is not" in wrong.stderr) == (1, True)
    assert cli("pipelines", "add", name, tmp_path / "nowhere").returncode == 2
    assert "There is no pipeline" in cli("pipelines", "disable", name).stderr
