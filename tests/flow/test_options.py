# SPDX-License-Identifier: Apache-2.0
"""A wrong configuration ends every service with exit 2, which nobody restarts, and names the option;
--check-config knows of it already."""
import os
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(os.environ.get("BUILD", ROOT / "build")).absolute() / "bin"
SERVICES = sorted(path.name for path in BIN.glob("batchline-*"))
GOOD = {"KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1", "BATCHLINE_LISTEN": "127.0.0.1:0",
        "DATABASE_URL": "postgresql://role@127.0.0.1:1/none", "BLOB_URI": "file:///nowhere",
        "BATCHLINE_FOLDER": "/nowhere"}
WRONG = {
    "BLOB_URI": ["s3://x", "file://x", "file:/x", "/srv/blobs", "blobs"],
    "DATABASE_URL": ["garbage", "mysql://u@h/d", "postgresql:/h/d", "postgresql://u@h:port/d",
                     "postgresql://u@h:99999/d", "postgresql://u@h o/d", "postgresql://u@a b,c/d",
                     "postgresql://u@h/d?sslmode=loud&no_such_word=1", "host=h no_such_word=1"],
    "KAFKA_BOOTSTRAP_SERVERS": [":::", ":9092", "a:b", "a:99999", "a:1,:2", "a:1;b:2", ","],
    "BATCHLINE_LISTEN": ["8080", ":8080", "here", "here:", "here:http", "127.0.0.1:70000", "[]:1"],
    "BATCHLINE_HEALTH_LISTEN": ["8080", ":8080", "here:", "127.0.0.1:70000"],
    "BATCHLINE_TOPIC_PREFIX": ["a b", "batch/line.", "ü.", "x" * 300],
    "BATCHLINE_CORS_ORIGINS": ["*", "app.example", "https://app.example/"],
    "BATCHLINE_LOG_FORMAT": ["xml"],
    "BATCHLINE_LOG_LEVEL": ["loud"],
    "BATCHLINE_TIME_ZONE": ["Mars/Olympus", "../../etc/passwd"],
    "BATCHLINE_SOURCE_HOSTS": ["*", "https://a.example", "a.example:0", "a.example, b"],
    "BATCHLINE_CA_FILE": ["/nowhere.pem"],
    "BATCHLINE_ALLOWED_NETWORKS": ["10.0.0.0", "10.0.0.0/33", "here/8"],
    "BATCHLINE_COMMANDS": ["/nowhere.json", "/etc/passwd"],
    "BATCHLINE_URL": ["gateway:8080", "ftp://gateway"],
    "BATCHLINE_KEY_FILE": ["/nowhere.key", "/dev/null"],
    "BATCHLINE_CUSTOMER": ["pl_dxb", "PL DXB", "A_B_C_D_E"],
    "BATCHLINE_SETTLE": ["0", "soon"],
    "BATCHLINE_FILES_MAX": ["0", "many", "-1", "1e3", "99999999999999999999"],
}
PLAIN = {"PATH": os.environ["PATH"]}


def options_of(service):
    text = subprocess.run([BIN / service, "--help"], capture_output=True, text=True).stdout
    return re.findall(r"^  ([A-Z][A-Z_]+)\b", text, re.M)


OPTIONS = {service: options_of(service) for service in SERVICES}
CASES = [(service, option, value) for service in SERVICES for option in OPTIONS[service]
         for value in WRONG.get(option, [])]


def ends(service, *arguments, **environment):
    return subprocess.run([BIN / service, *arguments], env={**PLAIN, **GOOD, **environment},
                          capture_output=True, text=True, timeout=30)


def test_each_of_these_is_an_option_of_somebody():
    assert set(WRONG) == set(WRONG) & {name for names in OPTIONS.values() for name in names}
    assert len(SERVICES) >= 5 and len(CASES) > 100


@pytest.mark.parametrize("service", SERVICES)
def test_a_right_one_is_taken(service):
    done = ends(service, "--check-config")

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize("service,option,value", CASES)
def test_a_wrong_one_is_exit_2_and_named(service, option, value):
    checked = ends(service, "--check-config", **{option: value})
    started = ends(service, **{option: value})
    as_flag = ends(service, f"--{option.lower().replace('_', '-')}={value}", "--check-config")

    for done in (checked, started, as_flag):
        assert done.returncode == 2 and option in done.stderr, done.stderr
        assert len(done.stderr.splitlines()) == 1
    assert option != "DATABASE_URL" or value not in checked.stderr, "it may hold a password"


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize("option,value", [
    ("DATABASE_URL", "postgresql://"), ("DATABASE_URL", "postgres:///batchline"),
    ("DATABASE_URL", "postgresql://role:p%40ss@[::1]:5432,db.example/batchline?sslmode=require"),
    ("DATABASE_URL", "postgresql://role@%2Frun%2Fpostgresql/batchline"),
    ("DATABASE_URL", "host=/run/postgresql dbname=batchline"),
    ("KAFKA_BOOTSTRAP_SERVERS", "kafka"), ("KAFKA_BOOTSTRAP_SERVERS", "a:1, b:2,[::1]:9092"),
    ("KAFKA_BOOTSTRAP_SERVERS", "SSL://kafka_1.example:9093"),
    ("BATCHLINE_HEALTH_LISTEN", "[::]:9101"), ("BATCHLINE_HEALTH_LISTEN", "")])
def test_every_way_of_writing_a_right_one_is_taken(service, option, value):
    done = ends(service, "--check-config", **{option: value})

    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("service", [s for s in SERVICES if "KAFKA_BOOTSTRAP_SERVERS" in OPTIONS[s]])
@pytest.mark.parametrize("flag", ["--kafka.linger.mss=5", "--kafka.linger.ms=soon", "--kafka.acks=most"])
def test_a_property_that_librdkafka_does_not_take_is_exit_2_and_named(service, flag):
    for arguments in ([flag, "--check-config"], [flag]):
        done = ends(service, *arguments)
        assert done.returncode == 2 and flag[8:].split("=")[0] in done.stderr, done.stderr
    assert ends(service, "--kafka.linger.ms=5", "--check-config").returncode == 0
