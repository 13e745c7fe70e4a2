# SPDX-License-Identifier: Apache-2.0
"""The line's units, as `make install` lays them: systemd takes them, finds them closed enough, and hears of a
service that it starts what sd_notify(3) says."""
import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import uuid
from pathlib import Path

import pytest

from test_events import BROKERS
from test_install import host  # noqa: F401 (a fixture)
from test_webhook import ADMIN

BUILD = Path(os.environ.get("BUILD", "build")).absolute()
SERVICES = ["projector", "renderer", "archiver", "gateway", "janitor", "dropbox", "monday", "webhook", "folder"]
MOST_EXPOSED = 2.5


@pytest.fixture(scope="module")
def units(host):  # noqa: F811
    """{service: its unit}, an instance of those that have any."""
    folder = host / "lib/systemd/system"
    return {name: f"batchline-{name}@1.service" if (folder / f"batchline-{name}@.service").exists()
            else f"batchline-{name}.service" for name in SERVICES}


def analyze(host, *words):  # noqa: F811
    return subprocess.run(["systemd-analyze", "--no-pager", "--man=no", f"--root={host.parent}", *words],
                          capture_output=True, text=True)


@pytest.mark.parametrize("service", SERVICES)
def test_systemd_takes_its_unit_without_complaint(host, units, service):  # noqa: F811
    for target in ("sysinit", "basic", "shutdown", "multi-user", "network-online"):    # the host's own
        (host / f"lib/systemd/system/{target}.target").write_text(f"[Unit]\nDescription={target}\n")
    said = analyze(host, "verify", units[service])
    assert (said.returncode, said.stderr) == (0, "")


@pytest.mark.parametrize("service", SERVICES)
def test_its_unit_exposes_little(host, units, service):  # noqa: F811
    said = analyze(host, "security", "--offline=true", f"--threshold={MOST_EXPOSED * 10:.0f}", units[service])
    assert said.returncode == 0, said.stdout[-2000:] + said.stderr
    assert float(re.search(r"exposure level for .*: ([0-9.]+)", said.stdout)[1]) < MOST_EXPOSED


@pytest.mark.parametrize("service", SERVICES)
def test_who_reads_pictures_may_close_its_children_in_further(host, units, service):  # noqa: F811
    """By a user and a network namespace, and by no other; the rest by none. Nobody loses openat2() to
    RestrictSUIDSGID: the store lives by it."""
    said = json.loads(analyze(host, "security", "--offline=true", "--json=short", units[service]).stdout)
    namespaces = {row["json_field"].removeprefix("RestrictNamespaces_") for row in said
                  if row["json_field"].startswith("RestrictNamespaces_") and not row["set"]}
    assert namespaces == ({"user", "net"} if service in ("renderer", "archiver") else set())
    assert not any(row["set"] for row in said if row["json_field"] == "RestrictSUIDSGID")


@pytest.mark.parametrize("service", SERVICES)
def test_its_file_has_every_option_and_says_nothing_yet(host, service):  # noqa: F811
    words = (host.parent / f"etc/batchline/batchline-{service}.env").read_text()
    told = subprocess.run([BUILD / "bin" / f"batchline-{service}", "--help"], capture_output=True,
                          text=True).stdout

    assert re.findall(r"^#([A-Z_]+)=", words, re.M) == re.findall(r"^  ([A-Z_]+)\b", told, re.M)
    assert [line for line in words.splitlines() if line and not line.startswith("#")] == []


def test_what_somebody_wrote_into_a_file_stays(host):  # noqa: F811
    file = host.parent / "etc/batchline/batchline-janitor.env"
    file.write_text("BATCHLINE_LATE_S=60\n")
    done = subprocess.run([Path(__file__).parents[2] / "docker/systemd/install", BUILD / "bin", "/usr", host.parent],
                          capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert file.read_text() == "BATCHLINE_LATE_S=60\n"


def test_users_and_folders_are_made_and_the_group_shares_the_blobs(host):  # noqa: F811
    root = host.parent
    (root / "etc").mkdir(exist_ok=True)
    for name in ("passwd", "group"):
        (root / "etc" / name).write_text("root:x:0:0::/root:/bin/sh\n" if name == "passwd" else "root:x:0:\n")
    for tool in (["systemd-sysusers"], ["systemd-tmpfiles", "--create"]):
        done = subprocess.run([*tool, f"--root={root}", *(["batchline.conf"])], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
    users = {line.split(":")[0]: line.split(":") for line in (root / "etc/passwd").read_text().splitlines()}
    [group] = [line.split(":")[2] for line in (root / "etc/group").read_text().splitlines()
               if line.startswith("batchline:")]

    assert all(users[f"batchline_{service}"][3] == group for service in SERVICES)
    blobs = (root / "var/lib/batchline/blobs").stat()
    assert (oct(blobs.st_mode), str(blobs.st_gid)) == ("0o42770", group)
    assert oct((root / "etc/batchline/secrets/dropbox").stat().st_mode) == "0o40700"


def test_a_service_says_that_it_is_ready_lives_and_stops(tmp_path):
    heard = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    heard.settimeout(60)
    heard.bind(str(tmp_path / "notify"))
    (tmp_path / "blobs").mkdir()
    service = subprocess.Popen(
        [BUILD / "bin/batchline-janitor"], stderr=subprocess.DEVNULL,
        env={**os.environ, "NOTIFY_SOCKET": str(tmp_path / "notify"), "KAFKA_BOOTSTRAP_SERVERS": BROKERS,
             "DATABASE_URL": ADMIN.replace("//postgres@", "//batchline_janitor@"), "BLOB_URI": f"file://{tmp_path}/blobs",
             "BATCHLINE_TOPIC_PREFIX": f"nobody-{uuid.uuid4().hex[:8]}."})
    with contextlib.closing(heard):
        try:
            first, second = (heard.recv(1000).decode() for _ in range(2))
            assert first.startswith("READY=1\nWATCHDOG=1\nSTATUS=") and second.startswith("WATCHDOG=1\nSTATUS=")
            service.send_signal(signal.SIGTERM)
            while (said := heard.recv(1000).decode()) != "STOPPING=1":
                assert said.startswith("WATCHDOG=1")
            assert service.wait(60) == 0
        finally:
            service.kill()
            service.wait()
