# SPDX-License-Identifier: Apache-2.0
"""Finished batches in a Dropbox, as the other side sees it: dropbox_mock.py, which takes and answers
what the vendor's own validators let through, and counts. Most tests deliver one batch again, each to
a target of its own."""
import contextlib
import io
import json
import os
import uuid
import zipfile

import pytest
from dropbox import auth, files, sharing

import dropbox_mock
import line
from dropbox_mock import BLOCK, Answer, Refused, too_many, unauthorized
from test_archive import NOT_A_PICTURE, STORE, caught_up, photos, stopped
from test_webhook import Door, sql, write_secret

GRANT = {"client_id": "app", "client_secret": "secret", "refresh_token": "refresh-1"}
UPLOAD, SESSION = "/2/files/upload", "/2/files/upload_session/"
CREATE, LIST, LINK = ("/2/files/create_folder_v2", "/2/files/list_folder",
                      "/2/sharing/create_shared_link_with_settings")
START, APPEND, FINISH = (SESSION + what for what in ("start_batch", "append_batch", "finish_batch_v2"))


class Service(Door):
    def __init__(self, box, secrets):
        super().__init__("dropbox", secrets, BATCHLINE_DROPBOX_API=box.url,
                         BATCHLINE_DROPBOX_CONTENT=box.url)
        self.secrets = secrets


@pytest.fixture(scope="module")
def account():
    made = dropbox_mock.Dropbox()
    yield made
    made.close()


@pytest.fixture(scope="module")
def service(account, tmp_path_factory):
    secrets = tmp_path_factory.mktemp("secrets")
    write_secret(secrets, "grant", json.dumps(GRANT))
    with stopped("dropbox"):
        made = Service(account, secrets)
        made.start()
        yield made
        made.stop()


@pytest.fixture
def box(account, service):
    """The account, as it was at first but for its files."""
    yield account
    account.faults.clear()
    account.write_faults.clear()
    account.page, account.expires_in = 500, 14400
    account.refresh_tokens.add(GRANT["refresh_token"])


class Target:
    def __init__(self, box, settings):
        self.box, self.name = box, f"d-{uuid.uuid4().hex[:12]}"
        self.folder = settings.get("folder", f"/Renders/{self.name}")
        self.calls_before = len(box.calls)
        sql("insert into targets (service, name, settings) values ('dropbox', %s, %s)", self.name,
            json.dumps({"secret": "grant", "folder": self.folder} | settings))

    def deliver(self, batch, state="completed", run=1):
        """As if it had been there when the batch was finished."""
        sql("insert into delivery_ledger (id, target_id, batch_id, run_no, state)"
            " select gen_random_uuid(), id, %s, %s, %s from targets where name = %s", batch, run,
            state, self.name)

    def rows(self, columns="phase, attempts"):
        return sql(f"select {columns} from delivery_states where target = %s order by created_at",
                   self.name)

    def wait(self, phase, n=1):
        def question():
            return [row[0] for row in self.rows("phase")] == [phase] * n
        question.__doc__ = f"{n} deliveries to {self.name} are {phase}: {self.rows()}"
        line.until(question, 30)

    def attention(self):
        def question():
            return sql("select attention from targets where name = %s", self.name)[0][0]
        question.__doc__ = f"{self.name} needs attention: {self.rows('phase, attempts, error_message')}"
        return line.until(question, 30)

    def files(self, root="1"):
        """name -> bytes, below the target's folder"""
        return {path.removeprefix(self.folder + "/"): data
                for path, data in self.box.files(self.folder + "/", root).items()}

    def routes(self):
        return self.box.routes()[self.calls_before:]

    def calls(self, route):
        return [c for c in self.box.calls[self.calls_before:] if c.route == route]

    def forget(self):
        """The 15 s are over after which a killed service's call is another's."""
        sql("update delivery_ledger l set next_try_at = now() from targets t where t.id = l.target_id"
            " and t.name = %s", self.name)

    def done(self, batch):
        self.deliver(batch)
        self.wait("done")
        return self


@pytest.fixture
def target(box):
    made = []

    def make(**settings):
        made.append(Target(box, settings))
        return made[-1]
    yield make
    for one in made:
        sql("delete from targets where name = %s", one.name)


def entries(batch):
    """The archive as its owner gets it: name -> bytes."""
    status, _, body = line.call("GET", f"/api/batches/{batch}/download")
    assert status == 200
    with zipfile.ZipFile(io.BytesIO(body)) as z:
        return {name: z.read(name) for name in z.namelist()}


def name_of_batch(batch):
    return line.get(f"/api/batches/{batch}")["base_directory_name"]


@pytest.fixture(scope="module")
def batch():
    """Three files, one of no ASCII name, in three views each; and what its folder holds."""
    made = line.submit([(f"PL_DXB_写真-ä{i}.jpg", data) for i, (_, data) in enumerate(photos(2))],
                       pipeline=2)
    line.finished(made, archive=True)
    return made


@pytest.fixture(scope="module")
def wanted(batch):
    return entries(batch)


# ---- a folder ----

def test_a_finished_batch_is_a_folder_with_every_file_once(target, box):
    here = target()
    batch = line.submit([("PL_DXB_写真 🖼 Ä.jpg", photos(1)[0][1]), *photos(2)], pipeline=2)
    line.finished(batch, archive=True)
    here.wait("done")
    name = name_of_batch(batch)
    folder = box.entry(f"{here.folder}/{name}")
    line.until(lambda: line.get(f"/api/batches/{batch}")["dropbox_directory_id"])

    assert here.files() == entries(batch)
    assert all(e.revs == 1 for e in box.trees["1"].values() if e.path.startswith(folder.path))
    assert line.get(f"/api/batches/{batch}")["dropbox_directory_id"] == folder.id
    assert sql("select target, status, attempts, external_id from deliveries where batch_id = %s",
               batch) == [(f"{here.name}/completed", "succeeded", 1, folder.id)]
    assert len(here.calls(CREATE)) == 1 and not here.calls(LIST)


def test_many_small_files_are_few_requests(target, batch, wanted):
    here = target().done(batch)

    assert here.files() == wanted and len(wanted) == 7
    assert [r for r in here.routes() if r != "/oauth2/token"] == [CREATE, START, APPEND, FINISH]
    commits = [e.commit for e in here.calls(FINISH)[0].arg.entries]
    assert all(c.mode.is_overwrite() and c.mute and not c.autorename for c in commits)


def test_the_archive_alone_or_beside_the_pictures(target, batch, wanted):
    alone = target(content="archive").done(batch)
    routes = alone.routes()
    both = target(content="both").done(batch)
    name = name_of_batch(batch)
    archive = line.call("GET", f"/api/batches/{batch}/download")[2]

    assert alone.files() == {f"{name}/{name}.zip": archive}
    assert both.files() == wanted | {f"{name}/{name}.zip": archive}
    assert UPLOAD in routes and FINISH not in routes


def test_what_is_there_is_not_sent_again(target, box, batch, wanted):
    here = target()
    names = sorted(wanted)
    box.page = 2
    tree = box.trees["1"]
    for name in names[1:]:
        box.make_folder(tree, here.folder)
        path = f"{here.folder}/{name}".replace("PL_DXB", "Pl_Dxb")
        tree[path.lower()] = dropbox_mock.Entry(path, wanted[name])
    other = f"{here.folder}/{names[0]}"
    tree[other.lower()] = dropbox_mock.Entry(other, b"older")
    box.make_folder(tree, other.rpartition("/")[0])
    tree[(other + ".mine").lower()] = dropbox_mock.Entry(other + ".mine", b"the owner's own")
    folder = box.entry(other.rpartition("/")[0])
    here.done(batch)

    assert box.entry(other).data == wanted[names[0]] and box.entry(other).revs == 2
    assert [c.arg.path.lower() for c in here.calls(UPLOAD)] == [other.lower()]
    assert START not in here.routes()
    assert box.entry(other + ".mine").data == b"the owner's own"
    assert here.rows("external_id") == [(folder.id,)]


def test_a_retried_batch_goes_into_its_folder_and_only_what_changed_is_sent(target, box):
    here = target()
    batch = line.submit([*photos(1), NOT_A_PICTURE])
    line.finished(batch, archive=True)
    here.wait("done")
    first = here.files()
    assert line.call("POST", f"/api/batches/{batch}/retry")[0] in (200, 202)
    here.wait("done", 2)
    changed = {name for name, data in here.files().items() if first.get(name) != data}

    assert {name.rpartition("/")[2] for name in changed} <= {"manifest.json"}
    assert here.files() == entries(batch)
    assert {here.box.entry(f"{here.folder}/{name}").revs for name in first.keys() - changed} == {1}
    assert len(here.calls(CREATE)) == 2


def test_a_batch_that_completed_nothing_is_an_empty_folder(target, box):
    here = target()
    batch = line.submit([NOT_A_PICTURE])
    line.finished(batch)
    here.wait("done")

    assert box.entry(f"{here.folder}/{name_of_batch(batch)}").is_folder and not here.files()


@contextlib.contextmanager
def archive_of(batch, inside):
    """Another program's ZIP in the archive's place."""
    old, = sql("select archive_uri from batches where id = %s", batch)
    uri = f"blob:archives/{batch}/99.zip"
    path = STORE / uri.removeprefix("blob:")
    with zipfile.ZipFile(path, "w") as z:
        for name, data in inside.items():
            z.writestr(name, data)
    sql("update batches set archive_uri = %s where id = %s", uri, batch)
    try:
        yield path
    finally:
        sql("update batches set archive_uri = %s where id = %s", old[0], batch)


def test_large_files_go_in_parts_of_whole_blocks(target, batch):
    sizes = {"large": 5 * BLOCK, "block": BLOCK, "more": BLOCK + 1, "empty": 0, "small": 5}
    inside = {f"{name_of_batch(batch)}/{what}.bin": os.urandom(size)
              for what, size in sizes.items()}
    with archive_of(batch, inside):
        here = target().done(batch)

    assert here.files() == inside
    assert max(c.size for c in here.calls(APPEND)) == 2 * BLOCK and len(here.calls(FINISH)) == 1


def test_thousands_of_files_are_finished_a_thousand_at_a_time_and_listed_by_pages(target, batch):
    inside = {f"{name_of_batch(batch)}/{i}.bin": b"%d" % i for i in range(1100)}
    with archive_of(batch, inside):
        here = target().done(batch)
        again = target(folder=here.folder).done(batch)

    assert here.files() == inside
    assert [len(c.arg.entries) for c in here.calls(FINISH)] == [1000, 100]
    assert max(len(c.headers["dropbox-api-arg"]) for c in here.calls(APPEND)) < 8000
    assert len(here.calls(LIST + "/continue")) == 2 and not again.calls(START)


def test_a_link_is_made_once(target, box, batch):
    here = target(link=True).done(batch)
    again = target(link=True, folder=here.folder).done(batch)
    box.faults[LINK] = [Refused(sharing.CreateSharedLinkWithSettingsError.shared_link_already_exists(
        None))]                         # without its metadata
    third = target(link=True, folder=here.folder).done(batch)
    url = box.links[here.rows("external_id")[0][0]]

    assert [t.rows("link") for t in (here, again, third)] == [[(url,)]] * 3
    assert "/2/sharing/list_shared_links" in third.routes()


def test_a_team_s_space_and_a_member_of_it(target, batch, wanted):
    team = target(path_root="root").done(batch)
    named = target(path_root="2", member="dbmid:1").done(batch)

    assert team.files("2") == wanted == named.files("2") and not team.files() | named.files()
    assert {c.headers.get("dropbox-api-select-user") for c in named.calls(CREATE)} == {"dbmid:1"}
    assert json.loads(team.calls(CREATE)[0].headers["dropbox-api-path-root"]) == {
        ".tag": "root", "root": "2"}


# ---- tokens ----

def test_a_token_serves_until_shortly_before_it_ends(target, box, service, batch):
    def asked(n):
        """how many tokens n deliveries ask for"""
        before = box.routes().count("/oauth2/token")
        for _ in range(n):
            target().done(batch)
        return box.routes().count("/oauth2/token") - before

    write_secret(service.secrets, "grant", json.dumps(GRANT) + "\n")
    assert asked(2) == 1                # another secret, another token
    box.expires_in = 200                # less than the 300 s to spare
    write_secret(service.secrets, "grant", json.dumps(GRANT) + "\n\n")
    assert asked(2) == 2


def test_an_expired_token_costs_no_attempt(target, box, batch, wanted):
    target().done(batch)
    box.expire_tokens()
    here = target().done(batch)

    assert here.rows() == [("done", 1)] and here.files() == wanted
    assert [(c.route, c.status) for c in box.calls[here.calls_before:]][:3] == [
        (CREATE, 401), ("/oauth2/token", 200), (CREATE, 200)]


# ---- what goes on by itself ----

@pytest.mark.parametrize("route, fault, code", [
    (CREATE, too_many(1), "too_many_requests"),
    (FINISH, too_many(1, "too_many_write_operations"), "too_many_requests"),
    (APPEND, Answer(429, b"slow down", Retry_After=1), "too_many_requests"),
    (START, Answer(503, b"sorry"), "http_503"),
    (FINISH, Answer(500, b""), "http_500"),
    (FINISH, Answer(200, b"<html>", "text/html"), "bad_answer"),
    (APPEND, "hold", "timeout"),
    (CREATE, "drip", "timeout"),
    (FINISH, "mute", "not_found")], ids=lambda v: str(v).rpartition("/")[2])
def test_a_fault_that_passes_leaves_one_folder_and_every_file_once(target, box, batch, wanted, route,
                                                                   fault, code):
    here = target()
    box.faults[route] = [fault]
    here.deliver(batch)
    line.until(lambda: here.rows("error_code") == [(code,)] or here.rows() == [("done", 2)], 20)
    here.wait("done")

    assert here.rows() == [("done", 2)] and here.files() == wanted
    assert all(e.revs == 1 for e in box.trees["1"].values() if e.path.startswith(here.folder + "/"))


def test_what_was_done_and_not_answered_is_found_by_asking(target, box, batch, wanted):
    here = target()
    box.faults[FINISH] = ["mute"]
    here.done(batch)

    assert here.files() == wanted and here.rows() == [("done", 2)]
    assert len(here.calls(APPEND)) == 1 and here.routes()[-1] == LIST


@pytest.mark.parametrize("route, fault", [
    (CREATE, "cut"), (CREATE, "mute"), (START, "mute"), (APPEND, "cut"), (APPEND, "mute"),
    (FINISH, "cut")], ids=lambda v: v.rpartition("/")[2])
def test_what_may_be_said_twice_is_said_again_at_once(target, box, batch, wanted, route, fault):
    here = target()
    box.faults[route] = [fault]
    here.done(batch)

    assert here.rows() == [("done", 1)] and here.files() == wanted
    assert len(here.calls(route)) == 2


def test_a_lock_of_others_is_waited_for_and_only_what_failed_is_said_again(target, box, batch, wanted):
    here = target()
    box.write_faults = [None, files.WriteError.too_many_write_operations, None]
    here.done(batch)

    assert [len(c.arg.entries) for c in here.calls(FINISH)] == [len(wanted), 1]
    assert here.rows() == [("done", 1)] and here.files() == wanted


def test_other_bytes_at_the_other_side_are_not_taken_for_ours(target, box, batch):
    here = target(content="archive")
    box.faults[UPLOAD] = [Answer(200, {"content_hash": "0" * 64}, "application/json")]
    here.done(batch)

    assert here.rows() == [("done", 2)] and len(here.calls(UPLOAD)) == 2 and len(here.files()) == 1


# ---- what a person has to look at ----

def refused_write(error):
    return Refused(files.UploadError.path(files.UploadWriteFailed(reason=error,
                                                                  upload_session_id="sid")))


@pytest.mark.parametrize("fault, code, said", [
    (files.WriteError.insufficient_space, "insufficient_space", "no room"),
    (files.WriteError.no_write_permission, "no_write_permission", "may not write"),
    (unauthorized(auth.AuthError.missing_scope(auth.TokenScopeError("files.content.write"))),
     "missing_scope", "files.content.write"),
    (unauthorized(auth.AuthError.user_suspended), "user_suspended", "suspended"),
    (unauthorized(auth.AuthError.invalid_access_token), "invalid_access_token", "link the app")],
    ids=lambda v: v if isinstance(v, str) else "")
def test_a_target_that_says_no_stops_and_goes_on_when_it_is_mended(target, box, batch, wanted, fault,
                                                                   code, said):
    here = target()
    if isinstance(fault, Exception):
        box.faults[FINISH] = [fault]
    else:
        box.write_faults = [None, fault]
    here.deliver(batch)
    why = here.attention()
    assert why.startswith(f"{code}: ") and said in why
    assert here.rows("phase") == [("intent",)]
    sql("update targets set attention = null where name = %s", here.name)
    here.wait("done")
    assert here.files() == wanted


def test_a_revoked_grant_stops_the_target_and_no_secret_is_told(target, box, batch):
    target().done(batch)
    box.revoke()
    box.expire_tokens()
    here = target()
    here.deliver(batch)

    assert here.attention().startswith("invalid_grant: the grant was revoked")
    assert not here.files() and "refresh-1" not in json.dumps(
        sql("select to_json(t) from targets t"), default=str)


@pytest.mark.parametrize("text", ["no JSON", "{}", '{"client_id": "app"}'])
def test_a_secret_that_is_no_grant_stops_the_target(target, service, batch, text):
    write_secret(service.secrets, "bad", text)
    here = target(secret="bad")
    here.deliver(batch)

    assert here.attention().startswith("secret: ") and not here.routes()


def test_a_root_that_is_not_the_account_s_stops_the_target(target, batch):
    here = target(path_root="77")
    here.deliver(batch)

    assert here.attention() == "path_root: path_root is not one of the account's (no_permission)"


# ---- what Dropbox does not take ----

@pytest.mark.parametrize("fault, code", [
    (files.WriteError.disallowed_name, "disallowed_name"),
    (files.WriteError.malformed_path(None), "malformed_path"),
    (Answer(400, b"Error in call to API function"), "http_400")],
    ids=lambda v: v if isinstance(v, str) else "")
def test_what_dropbox_never_takes_fails_the_delivery(target, box, batch, fault, code):
    here = target()
    if isinstance(fault, Answer):
        box.faults[FINISH] = [fault]
    else:
        box.write_faults = [fault]
    here.deliver(batch)
    here.wait("failed")

    assert here.rows("error_code, attempts") == [(code, 1)]


def test_bytes_that_are_damaged_in_the_archive_are_not_sent(target, batch):
    name = f"{name_of_batch(batch)}/a.bin"
    with archive_of(batch, {name: b"0123456789"}) as path:
        path.write_bytes(path.read_bytes().replace(b"0123456789", b"012345678!"))
        here = target()
        here.deliver(batch)
        here.wait("failed")

    assert here.rows("error_code") == [("entry_damaged",)] and not here.files()


def test_a_file_in_the_folder_s_place_fails_the_delivery(target, box, batch):
    here = target()
    path = f"{here.folder}/{name_of_batch(batch)}"
    box.make_folder(box.trees["1"], here.folder)
    box.trees["1"][path.lower()] = dropbox_mock.Entry(path, b"in the way")
    here.deliver(batch)
    here.wait("failed")

    assert here.rows("error_code") == [("conflict",)] and box.entry(path).data == b"in the way"


# ---- a service that dies ----

@pytest.mark.parametrize("route", [APPEND, FINISH])
def test_killed_in_the_middle_it_does_what_is_missing(target, box, service, batch, wanted, route):
    here = target()
    box.faults[route] = ["hold"]
    here.deliver(batch)
    line.until(lambda: here.calls(route))
    service.kill()
    here.forget()
    service.start()
    here.wait("done")

    assert here.files() == wanted and here.rows() == [("done", 2)]


def test_killed_after_all_was_done_it_asks_and_sends_nothing(target, box, service, batch, wanted):
    here = target(link=True)
    box.faults[LINK] = ["hold"]
    here.deliver(batch)
    line.until(lambda: here.calls(LINK))
    service.kill()
    here.forget()
    service.start()
    here.wait("done")

    assert len(here.calls(FINISH)) == 1 and not here.calls(UPLOAD) and here.files() == wanted
    assert all(e.revs == 1 for e in box.trees["1"].values() if e.path.startswith(here.folder + "/"))


def test_a_replay_of_the_topic_by_a_fresh_group_makes_no_call(target, box, service):
    here = target()
    batch = line.submit(photos(1))
    line.finished(batch, archive=True)
    here.wait("done")
    service.stop()
    calls = len(box.calls)
    service.forget_offsets()
    service.start()
    line.until(lambda: caught_up("dropbox"))

    assert len(box.calls) == calls and here.rows() == [("done", 1)]


# ---- a test of a target ----

def tried(target):
    sql("update targets set test_asked_at = now() where name = %s", target.name)
    return line.until(lambda: sql("select test_well, test_code, test_words from targets"
                                  " where name = %s and test_said_at is not null", target.name))[0]


def test_a_target_can_be_tried(target, box):
    new, there, root = target(), target(), target(folder="")
    box.make_folder(box.trees["1"], there.folder)
    wrong = target(folder="/wrong")
    box.trees["1"]["/wrong"] = dropbox_mock.Entry("/wrong", b"")

    assert tried(new) == (True, None, f"account Rosa Renner, folder {new.folder} will be made,"
                           " 7.5 GB free")
    assert tried(there)[2].startswith(f"account Rosa Renner, folder {there.folder} is there")
    assert tried(root)[2].startswith("account Rosa Renner, folder / is there")
    assert tried(wrong) == (False, "conflict", "/wrong is a file")
    assert not box.files(new.folder)
