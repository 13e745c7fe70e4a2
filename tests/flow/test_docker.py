# SPDX-License-Identifier: Apache-2.0
"""docker/Dockerfile and docker/compose.yaml, as far as they can be held against the rest without
an engine: every package, file, program, option, port, role and topic that they name is there."""
import os
import re
import shlex
import subprocess
from pathlib import Path

import pytest
import yaml

from line import servers

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(os.environ.get("BUILD", ROOT / "build")).absolute() / "bin"
COMPOSE = yaml.safe_load((ROOT / "docker/compose.yaml").read_text())["services"]
SERVICES = [name for name, s in COMPOSE.items()
            if s.get("build", {}).get("args", {}).get("PROGRAM", "").startswith("batchline-")]


def dockerfile():
    """Stages of the Dockerfile: name -> [(instruction, rest)]."""
    text = re.sub(r"^#.*\n", "", (ROOT / "docker/Dockerfile").read_text(), flags=re.M)
    stages, stage = {}, None
    for line in text.replace("\\\n", " ").splitlines():
        if not line.strip():
            continue
        word, rest = line.split(None, 1)
        if word == "FROM":
            stage = stages[rest.split(" AS ")[1]] = []
        stage.append((word, rest))
    return stages


STAGES = dockerfile()


def packages(why=("build", "stack", "test")):
    rows = [line.split() for line in (ROOT / "docker/packages.txt").read_text().splitlines()
            if line.strip() and not line.startswith("#")]
    return {row[0] for row in rows if row[1] in why}


def options(program):
    """name -> whether it is required, as --help tells."""
    text = subprocess.run([BIN / program, "--help"], capture_output=True, text=True).stdout
    return dict(re.findall(r"^  ([A-Z][A-Z_]+)(?: \((.*?)\))?", text, re.M))


def test_the_images_are_built_from_packages_of_the_list_alone():
    for stage in STAGES.values():
        for word, rest in stage:
            if "apt-get install" not in rest:
                continue
            asked = re.search(r"--no-install-recommends(.*)&& rm ", rest)[1]
            plain = re.sub(r"\$\(.*\)|\$\w+", "", asked)
            assert set(plain.split()) <= packages(), rest
    for service in COMPOSE.values():
        tools = service.get("build", {}).get("args", {}).get("TOOLS", "")
        assert set(tools.split()) <= packages(("stack",))


def test_the_list_of_the_build_is_read_as_it_is_written():
    command = re.search(r"\$\((awk .*? docker/packages.txt)\)",
                        (ROOT / "docker/Dockerfile").read_text().replace("\\\n", " "))[1]
    found = subprocess.run(["sh", "-c", command], cwd=ROOT, capture_output=True, text=True)
    assert set(found.stdout.split()) == packages(("build",))


def test_every_file_that_is_copied_exists_and_is_not_ignored():
    let_in = [line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines()
              if line.startswith("!")]
    copies = [rest for stage in STAGES.values() for word, rest in stage if word == "COPY"]
    assert copies
    for rest in copies:
        sources = rest.split()[:-1]
        if sources[0].startswith("--from="):
            assert sources[0][7:] in STAGES
            continue
        for source in sources:
            assert (ROOT / source).exists(), source
            assert any(source == name or source.startswith(f"{name}/") or
                       name.startswith(f"{source}/") for name in let_in), source
    for name in let_in:
        assert (ROOT / name).exists(), name


def test_every_image_runs_as_an_ordinary_user():
    for name, stage in STAGES.items():
        if name != "build":
            users = [rest for word, rest in stage if word == "USER"]
            made = [rest for word, rest in stage if word == "RUN" and "--uid 10001" in rest]
            assert users == ["batchline"] and made, name


def test_every_service_that_is_built_is_in_the_composition():
    programs = {COMPOSE[name]["build"]["args"]["PROGRAM"] for name in SERVICES}
    assert programs == {path.name for path in BIN.glob("batchline-*")}
    for service in COMPOSE.values():
        if "build" in service:
            assert service["build"]["target"] in STAGES
            assert (ROOT / "docker" / service["build"]["context"]).resolve() == ROOT
            assert (ROOT / service["build"]["dockerfile"]).exists()


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_gets_the_options_that_it_knows_and_all_it_requires(name):
    known, given = options(f"batchline-{name}"), COMPOSE[name]["environment"]
    assert set(given) <= set(known), set(given) - set(known)
    required = {option for option, about in known.items() if about == "required"}
    assert required <= set(given), required - set(given)


@pytest.mark.parametrize("name", SERVICES)
def test_its_configuration_is_accepted_by_the_program(name):
    plain = {key: re.sub(r"\$\{\w+:-(.*?)\}", r"\1", str(value))
             .replace("/etc/batchline/", f"{ROOT}/docker/")      # where the Dockerfile has it from
             for key, value in COMPOSE[name]["environment"].items()}
    done = subprocess.run([BIN / f"batchline-{name}", "--check-config"], env=plain,
                          capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("name", SERVICES)
def test_its_healthcheck_asks_the_port_where_it_answers(name):
    given, check = COMPOSE[name]["environment"], COMPOSE[name]["healthcheck"]["test"]
    listen = given.get("BATCHLINE_HEALTH_LISTEN") or given["BATCHLINE_LISTEN"]
    assert check[1] == "healthy" and listen.endswith(":" + check[2])


def test_each_service_has_the_role_of_its_name_but_for_those_that_have_no_database():
    deployed = "".join(path.read_text() for path in (ROOT / "sql/deploy").glob("*.sql"))
    roles = set(re.findall(r"(?:set_up\('|create role |array\['|, ')(batchline_\w+)", deployed))
    for name in SERVICES:
        url = COMPOSE[name]["environment"].get("DATABASE_URL")
        if name == "renderer":
            assert url is None and COMPOSE[name]["networks"] == ["bus"]
        elif name == "folder":
            assert url is None and "KAFKA_BOOTSTRAP_SERVERS" not in COMPOSE[name]["environment"]
        else:
            assert re.match(r"postgresql://(\w+)@", url)[1] == f"batchline_{name}"
            assert f"batchline_{name}" in roles


def test_nothing_is_published_beyond_this_machine():
    for service in COMPOSE.values():
        for port in service.get("ports", []):
            assert port.startswith("127.0.0.1:")
    assert COMPOSE["gateway"]["environment"]["BATCHLINE_LISTEN"].startswith("127.0.0.1:")


def test_kafka_and_its_settings_are_those_of_the_local_stack():
    pom = (ROOT / "docker/kafka/pom.xml").read_text()
    assert COMPOSE["kafka"]["image"] == "apache/kafka:" + re.search(
        "<kafka.version>(.*?)<", pom)[1]
    own = {"node.id", "controller.quorum.voters", "listeners", "advertised.listeners",
           "inter.broker.listener.name", "listener.security.protocol.map", "log.dirs"}
    given = {key[6:].lower().replace("_", "."): str(value)
             for key, value in COMPOSE["kafka"]["environment"].items()
             if key != "KAFKA_HEAP_OPTS"}
    for line in (ROOT / "docker/kafka/server.properties").read_text().splitlines():
        if line and not line.startswith("#"):
            key, value = line.split("=", 1)
            assert key in given and (key in own or given[key] == value), line


def test_what_waits_for_something_waits_for_what_is_there():
    for name, service in COMPOSE.items():
        for other, how in service.get("depends_on", {}).items():
            assert other in COMPOSE
            if how["condition"] == "service_healthy":
                assert "healthcheck" in COMPOSE[other]
            else:
                assert COMPOSE[other]["restart"] == "no", (name, other)
        if name in SERVICES:
            assert service["restart"] == "unless-stopped"


def test_the_one_shots_are_asked_for_what_they_can_do():
    usage = subprocess.run(["/usr/bin/python3", ROOT / "schemas/topics", "--help"],
                           capture_output=True, text=True).stdout
    for word in COMPOSE["topics"]["command"]:
        assert not word.startswith("--") or word in usage
    assert "command" not in COMPOSE["migrate"], "sql/migrate deploys when it is told nothing"
    for folder in ("deploy", "revert", "verify"):
        assert list((ROOT / "sql" / folder).glob("*.sql"))


def test_the_packages_of_a_program_are_found():
    done = subprocess.run([ROOT / "docker/libraries", "/bin/bash"], capture_output=True, text=True)
    assert done.returncode == 0 and "libc6" in done.stdout.split()


def test_a_port_where_nobody_answers_is_not_healthy():
    done = subprocess.run([ROOT / "docker/healthy", "1"], capture_output=True)
    assert done.returncode != 0


def test_the_running_gateway_is_healthy():
    port = servers.health_port("gateway")
    assert subprocess.run([ROOT / "docker/healthy", str(port)]).returncode == 0


def test_commands_shown_on_top_name_targets_that_exist():
    head = (ROOT / "docker/compose.yaml").read_text().split("name:")[0]
    words = shlex.split(re.search(r"docker compose .* cli", head)[0])
    assert words[-1] in COMPOSE and (ROOT / words[3]).exists()
