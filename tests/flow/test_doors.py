# SPDX-License-Identifier: Apache-2.0
"""The three doors together, as an operator sets them up: secrets, targets, services; then a batch is a
folder, an item and a POST, each once, also while services come and go."""
import contextlib
import json
import uuid

import pytest

import dropbox_mock
import line
import test_dropbox
import test_monday
import test_webhook
from monday_mock import Monday
from test_archive import photos, stopped
from test_cli import cli, said
from test_webhook import OLD, Webhook, sql, write_secret

DOORS = ("dropbox", "monday", "webhook")


class World:
    """The other sides, and how services are started that know them."""

    def __init__(self, secrets):
        self.box, self.monday = dropbox_mock.Dropbox(), Monday()
        self.receiver, self.secrets, self.running = test_webhook.Receiver(), secrets, []
        self.board = test_monday.a_board(self.monday)
        write_secret(secrets, "dropbox", json.dumps(test_dropbox.GRANT))
        write_secret(secrets, "monday", self.monday.token)
        write_secret(secrets, "crm", OLD)

    def start(self, member):
        made = [test_dropbox.Service(self.box, self.secrets),
                test_monday.Service(self.monday, self.secrets), test_webhook.Service(self.secrets)]
        for door, service in zip(DOORS, made):
            service.env["BATCHLINE_INSTANCE"] = f"{door}-{member}"
            service.start()
        self.running += made
        return made

    def close(self):
        for service in self.running:
            if service.process.poll() is None:
                service.stop()
        self.box.close()
        for server in (self.monday, self.receiver):
            server.let_go.set()
            server.shutdown()


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    with contextlib.ExitStack() as away:
        for door in DOORS:
            away.enter_context(stopped(door))
        made = World(tmp_path_factory.mktemp("secrets"))
        yield made
        made.close()


@pytest.fixture
def targets(world, tmp_path):
    """One a door, made as the page says; what each is called."""
    mark = uuid.uuid4().hex[:8]
    settings = {
        "dropbox": {"secret": "dropbox", "folder": f"/Renders {mark}", "link": True},
        "monday": {"secret": "monday", "board": world.board.id, "columns": test_monday.COLUMNS},
        "webhook": {"secret": "crm", "url": f"http://127.0.0.1:{world.receiver.server_port}/{mark}"}}
    names = {door: f"{door}-{mark}" for door in DOORS}
    for door, name in names.items():
        (tmp_path / door).write_text(json.dumps(settings[door]))
        made = cli("targets", "add", door, name, "--settings", tmp_path / door)
        assert made.returncode == 0, made.stderr
    yield {**names, "mark": mark}
    for name in names.values():
        cli("targets", "remove", name, "--yes")


def delivered(batches, targets):
    def question():
        return sql("select count(*) from delivery_states where phase = 'done' and target = any (%s)"
                   " and batch_id = any (%s::uuid[])", [targets[d] for d in DOORS],
                   batches)[0][0] == 3 * len(batches)
    question.__doc__ = f"{len(batches)} batches went through all three doors"
    line.until(question)


def calls(world, targets):
    return world.receiver.at(f"/{targets['mark']}")


def folders(world, targets):
    """name of a batch's folder -> the names of its files"""
    found, below = {}, f"/Renders {targets['mark']}/"
    for path in world.box.files(below):
        folder, name = path.removeprefix(below).split("/")
        found.setdefault(folder, []).append(name)
    return found


def test_a_batch_is_a_folder_an_item_and_a_signed_post(world, targets):
    members = world.start(1)
    for door in DOORS:
        assert said(cli("targets", "test", targets[door], "--json"))["well"]
    batch = line.submit(photos(2))
    row = line.finished(batch, archive=True)
    delivered([batch], targets)
    folder = world.box.entry(f"/Renders {targets['mark']}/{row['base_directory_name']}")
    item, = [i for i in world.board.items if i.values["text_key"] == batch]
    call, = [c for c in calls(world, targets) if c.batch]

    assert {name: len(files) for name, files in folders(world, targets).items()} == {
        row["base_directory_name"]: 3}      # two pictures and manifest.json
    assert Webhook(OLD).verify(call.body, call.headers)["type"] == "batch.completed"
    line.until(lambda: line.get(f"/api/batches/{batch}")["monday_item_id"]
               and line.get(f"/api/batches/{batch}")["dropbox_directory_id"])
    shown = line.get(f"/api/batches/{batch}")
    assert (shown["dropbox_directory_id"], shown["monday_item_id"]) == (folder.id, item.id)

    told = cli("deliveries", "show", row["base_directory_name"]).stdout
    for name in (targets[door] for door in DOORS):
        assert f"{name}: completed in run 1 of {row['base_directory_name']}" in told
    assert told.count("phase        done (delivered)") == 3 and "https://" in told
    for service in members:
        service.stop()


def test_members_that_join_and_are_killed_deliver_each_batch_once(world, targets):
    first = world.start(1)
    batches = [line.submit(photos(1)) for _ in range(2)]
    second = world.start(2)
    batches += [line.submit(photos(1)) for _ in range(2)]
    for service in first:
        service.kill()
    batches += [line.submit(photos(1)) for _ in range(2)]
    names = {line.finished(batch, archive=True)["base_directory_name"] for batch in batches}
    delivered(batches, targets)

    assert {name: sorted(files) for name, files in folders(world, targets).items()}.keys() == names
    assert all(len(files) == len(set(files)) == 2 for files in folders(world, targets).values())
    assert sorted(i.values["text_key"] for i in world.board.items
                  if i.values["text_key"] in batches) == sorted(batches)
    assert len({call.id for call in calls(world, targets)}) == len(batches)
    for service in second:
        service.stop()
