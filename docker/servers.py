# SPDX-License-Identifier: Apache-2.0
"""What the local stack runs: settings, PostgreSQL, Kafka and the line's services.

Nothing here starts a lasting process: functions prepare data, name commands and ask questions;
docker/stack does the starting and the tending. A StackError says what a person must mend.
"""
import os
import pwd
import re
import shutil
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DIR = Path(os.environ.get("STACK_DIR", ROOT / ".stack")).absolute()
BIN = Path(os.environ.get("STACK_BIN", ROOT / "build" / "bin")).absolute()
LOGS, RUN, BLOBS = DIR / "log", DIR / "run", DIR / "blobs"
PREFIX = os.environ.get("BATCHLINE_TOPIC_PREFIX", "batchline.")


def number(name, fallback):
    try:
        return int(os.environ.get(name) or fallback)
    except ValueError:
        sys.exit(f"stack: {name} is {os.environ[name]!r}: not a whole number")


def ports(shift):
    """name -> port; an environment variable STACK_<NAME>_PORT wins over the shifted default."""
    return {name: number(f"STACK_{name.upper()}_PORT", port + shift) for name, port in {
        "kafka": 19092, "controller": 19093, "postgres": 15432,
        "projector": 9101, "renderer": 9102, "archiver": 9103, "janitor": 9104,
        "dropbox": 9105, "monday": 9106, "webhook": 9107, "gateway": 8080,
        "gateway_health": 9108,
    }.items()}


PORTS = ports(number("STACK_PORT_SHIFT", 0))
SERVICES = [name for name in PORTS if name not in ("kafka", "controller", "postgres", "gateway_health")]
DOORS = ("dropbox", "monday", "webhook")    # what they deliver to is rows; without any they idle
# Ports above 1023 to which no browser connects: "bad port" of https://fetch.spec.whatwg.org/
BLOCKED = {1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061, 6000, 6566, *range(6665, 6670),
           6679, 6697, 10080}
BROKER = f"127.0.0.1:{PORTS['kafka']}"
GATEWAY = f"http://127.0.0.1:{PORTS['gateway']}"
CLEAN = {"LC_ALL": "C.UTF-8", "LANG": "C.UTF-8", "TZ": "UTC"}


class StackError(Exception):
    """Something a person must mend; the text says what, and where its log is."""


def log_tail(name, lines=8):
    try:
        return "\n".join((LOGS / f"{name}.log").read_text(errors="replace").splitlines()[-lines:])
    except OSError:
        return ""


def run_logged(log_name, command, **options):
    """Runs it to its end, what it says goes to the log; a failure ends the start."""
    with open(LOGS / f"{log_name}.log", "w") as log:
        status = subprocess.run([str(c) for c in command], stdin=subprocess.DEVNULL, stdout=log,
                                stderr=log, **options).returncode
    if status:
        raise StackError(f"{log_name} failed; its log is {LOGS}/{log_name}.log\n"
                         + log_tail(log_name))


# ---- PostgreSQL: refuses to run as root, so it may run as another user and lie elsewhere ----

def postgres_program(name):
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"),
                   key=lambda p: int(p.parts[-3]))
    if not found:
        raise StackError("no PostgreSQL below /usr/lib/postgresql; docker/setup installs it")
    return found[-1]


def as_postgres():
    """Popen options: as root the server runs as the package's user, else as ourselves."""
    if os.geteuid() != 0:
        return {}
    try:
        user = pwd.getpwnam("postgres")
    except KeyError:
        raise StackError("no user postgres; docker/setup installs PostgreSQL") from None
    return {"user": user.pw_uid, "group": user.pw_gid,
            "extra_groups": os.getgrouplist("postgres", user.pw_gid)}


def postgres_data():
    """DIR/postgres; when the server's user cannot reach it, a link to a folder in its home."""
    data = DIR / "postgres"
    if data.is_symlink() or os.geteuid() != 0:
        return data.resolve()
    reachable = subprocess.run(["test", "-x", str(DIR)], cwd="/", **as_postgres()).returncode == 0
    return data if reachable else None


def postgres_prepare():
    data = postgres_data()
    if data and (data / "PG_VERSION").exists():
        check_version(data)
        return
    if data is None:
        home = Path(pwd.getpwnam("postgres").pw_dir)
        data = home / f"batchline-{os.urandom(6).hex()}"
        (DIR / "postgres").symlink_to(data)
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    if os.geteuid() == 0:
        shutil.chown(data, "postgres", "postgres")
    run_logged("initdb", [postgres_program("initdb"), "-D", data, "-U", "postgres", "--auth=trust",
                          "--encoding=UTF8", "--locale=C.UTF-8"], cwd="/",
               env={**os.environ, **CLEAN}, **as_postgres())


def check_version(data):
    made_by = (data / "PG_VERSION").read_text().strip()
    program = postgres_program("postgres").parts[-3]
    if made_by != program:
        raise StackError(f"{data} was made by PostgreSQL {made_by}, installed is {program}: "
                         "docker/stack wipe begins anew")


def postgres_command():
    settings = {
        "listen_addresses": "127.0.0.1", "port": PORTS["postgres"], "unix_socket_directories": "",
        "shared_buffers": "256MB", "max_connections": 200, "max_wal_size": "2GB",
        "log_min_messages": "warning", "timezone": "UTC",
    }
    command = [postgres_program("postgres"), "-D", postgres_data()]
    for name, value in settings.items():
        command += ["-c", f"{name}={value}"]
    return command


def database_url(role, database="batchline"):
    return f"postgresql://{role}@127.0.0.1:{PORTS['postgres']}/{database}"


def psql(sql, database="postgres"):
    return subprocess.run(
        ["psql", "-XqAt", "-v", "ON_ERROR_STOP=1", "-c", sql,
         database_url("postgres", database) + "?connect_timeout=2"],
        capture_output=True, text=True, env={**os.environ, **CLEAN})


def migrate(database="batchline"):
    """Makes the database if it is missing, and brings its schema up to sql/sqitch.plan."""
    if not psql(f"select 1 from pg_database where datname = '{database}'").stdout.strip():
        made = psql(f'create database "{database}"')
        if made.returncode:
            raise StackError(f"database {database}: {made.stderr.strip()}")
    run_logged("sqitch", [ROOT / "sql/migrate"],
               env={**os.environ, **CLEAN, "DATABASE_URL": database_url("postgres", database)})


# ---- Kafka: one process, broker and controller ----

def kafka_java(*arguments):
    version = re.search("<kafka.version>(.*)</", (ROOT / "docker/kafka/pom.xml").read_text())[1]
    jars = ROOT / ".stack" / f"kafka-{os.environ.get('KAFKA_VERSION', version)}"
    if not (jars / "complete").exists():
        raise StackError(f"no Kafka in {jars}; docker/setup fetches it")
    if not shutil.which("java"):
        raise StackError("no java; docker/setup installs it")
    return ["java", "-Xmx512m", "-XX:+UseSerialGC",
            f"-Dlog4j2.configurationFile={ROOT}/docker/kafka/log4j2.properties",
            f"-Dlog4j.configuration=file:{ROOT}/docker/kafka/log4j.properties",
            "-cp", f"{jars}/*", *arguments]


def kafka_prepare():
    config, data = RUN / "kafka.properties", DIR / "kafka"
    text = (ROOT / "docker/kafka/server.properties").read_text()
    for name, value in (("DIR", data), ("PORT", PORTS["kafka"]),
                        ("CONTROLLER_PORT", PORTS["controller"])):
        text = text.replace(f"@{name}@", str(value))
    config.write_text(text)
    if (data / "meta.properties").exists():
        return
    cluster = subprocess.run(kafka_java("kafka.tools.StorageTool", "random-uuid"),
                             capture_output=True, text=True)
    if cluster.returncode:
        raise StackError(f"Kafka's storage tool failed: {cluster.stderr.strip()[-800:]}")
    run_logged("kafka-format", kafka_java("kafka.tools.StorageTool", "format", "-t",
                                          cluster.stdout.split()[-1], "-c", str(config)))


def kafka_command():
    return kafka_java("kafka.Kafka", str(RUN / "kafka.properties"))


def create_topics():
    run_logged("topics", [ROOT / "schemas" / "topics", "--replication", "1", "--wait", "60"],
               env={**os.environ, "KAFKA_BOOTSTRAP_SERVERS": BROKER,
                    "BATCHLINE_TOPIC_PREFIX": PREFIX})


# ---- the services ----

def environment():
    """Where the stack is, for any program; this is what DIR/env says."""
    return {
        "BATCHLINE_URL": GATEWAY,
        "KAFKA_BOOTSTRAP_SERVERS": BROKER,
        "BATCHLINE_TOPIC_PREFIX": PREFIX,
        "DATABASE_URL": database_url("batchline_reader"),
        "BLOB_URI": f"file://{BLOBS}",
        "SCHEMA_REGISTRY_URL": "",
    }


def health_port(service):
    """Where /healthz, /readyz and /metrics of a service are."""
    return PORTS.get(f"{service}_health", PORTS[service])


def service_environment(name):
    env = {**environment(), **CLEAN, "DATABASE_URL": database_url(f"batchline_{name}"),
           "BATCHLINE_HEALTH_LISTEN": f"127.0.0.1:{health_port(name)}",
           "BATCHLINE_INSTANCE": f"{name}-1"}
    if name == "gateway":
        env["BATCHLINE_LISTEN"] = f"127.0.0.1:{PORTS[name]}"
    if name in DOORS:                   # receivers on this machine are what a local stack is for
        env["BATCHLINE_SECRETS"] = str(secrets())
        env["BATCHLINE_ALLOWED_NETWORKS"] = "127.0.0.0/8,::1/128"
        env["BATCHLINE_PUBLIC_URL"] = GATEWAY
    if name == "renderer":		# it holds no key to the database
        del env["DATABASE_URL"]
        if (ROOT / "docker/commands.json").exists():
            env["BATCHLINE_COMMANDS"] = str(ROOT / "docker/commands.json")
    return env


def secrets():
    """The folder of the services that deliver, for nobody else's eyes."""
    folder = DIR / "secrets"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def service_program(name):
    return BIN / f"batchline-{name}"


def leftovers():
    """Services of this stack that no supervisor tends: what a killed run of tests started itself."""
    mark = f"BLOB_URI=file://{BLOBS}".encode()
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            program = Path(os.readlink(folder / "exe"))
            if program.parent == BIN.resolve() and mark in (folder / "environ").read_bytes().split(b"\0"):
                yield int(folder.name), program.name
        except OSError:
            continue                    # it has ended, or is not ours


def services_built():
    return [name for name in SERVICES if service_program(name).exists()]


# ---- questions ----

def check_ports():
    """A port that is none, is taken twice, or that a browser would not open is the person's to mend."""
    taken = {}
    for name, port in PORTS.items():
        mend = f"another STACK_PORT_SHIFT or STACK_{name.upper()}_PORT helps"
        if not 1024 <= port <= 65535:
            raise StackError(f"port {port} ({name}) is not from 1024 to 65535: {mend}")
        if name in SERVICES and port in BLOCKED:
            raise StackError(f"port {port} ({name}) is one that browsers refuse to open: {mend}")
        if port in taken:
            raise StackError(f"port {port} is that of {taken[port]} and of {name}: {mend}")
        taken[port] = name



def answers(port):
    with socket.socket() as s:
        s.settimeout(0.5)
        return s.connect_ex(("127.0.0.1", port)) == 0


def is_free(port):
    with socket.socket() as s:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            s.bind(("127.0.0.1", port))
            return True
        except OSError:
            return False


def is_ready(name):
    if name == "postgres":
        return psql("select 1").returncode == 0
    if name == "kafka":
        return answers(PORTS["kafka"])
    try:
        url = f"http://127.0.0.1:{health_port(name)}/readyz"
        with urllib.request.urlopen(url, timeout=2) as answer:
            return answer.status == 200
    except (urllib.error.URLError, OSError):
        return False
