"""Real servers for tests that read from them: PostgreSQL, MariaDB and an S3-compatible store, one each per worker."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import boto3
import pytest
import requests
import sqlalchemy as sa

SECONDS = 120
HELD = []  # sockets that are bound to the ports given out, and do not listen
PASSWORD = "wörd:p@ss/7%"  # noqa: S105 (of servers that live a minute: what a password may hold and a URL may not)
os.environ["PATH"] += os.pathsep + "/usr/sbin"


@dataclass(frozen=True)
class Server:
    """A running database: the URL of a source, and an engine for what the other program does there."""

    url: str
    engine: sa.Engine
    port: int

    def run(self, *statements):
        """Write, as the program does that owns the database."""
        with self.engine.begin() as connection:
            for statement in statements:
                connection.exec_driver_sql(statement)


def free_port() -> int:
    """A port of this machine that nobody listens at, and that no other program is given while this one lives."""
    held = socket.socket()
    held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # whoever is told the port can listen there all the same
    held.bind(("127.0.0.1", 0))
    HELD.append(held)
    return int(held.getsockname()[1])


def program(name: str) -> str:
    """Where a server program lies; without it the test is skipped, and where it must be there, fails."""
    found = shutil.which(name) or next(
        (str(path) for path in sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), reverse=True)), None
    )
    if found is None:
        say = pytest.fail if os.environ.get("GELEIT_REQUIRE_SERVERS") else pytest.skip
        say(f"{name} is missing: sh scripts/ensure_servers.sh")
    return found


def as_nobody() -> dict:
    """Database servers refuse to run as root."""
    return {"user": "nobody", "group": "nogroup", "extra_groups": []} if os.geteuid() == 0 else {}


@contextlib.contextmanager
def running(prepare: list, serve: list, folder: Path):
    """Prepare a server's folder, start it, and stop it at the end."""
    if os.geteuid() == 0:
        shutil.chown(folder, "nobody", "nogroup")
    with (folder / "log").open("wb") as log:
        who = as_nobody()
        subprocess.run(prepare, check=True, stdout=log, stderr=log, cwd=folder, **who)
        process = subprocess.Popen(serve, stdout=log, stderr=log, stdin=subprocess.DEVNULL, cwd=folder, **who)
    try:
        yield process
    finally:
        process.send_signal(signal.SIGINT if "postgres" in serve[0] else signal.SIGTERM)
        try:
            process.wait(SECONDS)
        finally:
            process.kill()
            process.wait()


def engine_of(url: sa.URL, process: subprocess.Popen) -> sa.Engine:
    """An engine once the server answers."""
    mysql = url.get_backend_name() == "mysql"
    secret = {"password": (url.password or "").encode()} if mysql else {}  # PyMySQL would write text as Latin-1
    engine = sa.create_engine(url, poolclass=sa.NullPool, connect_args=secret)
    until = time.monotonic() + SECONDS
    while True:
        try:
            engine.connect().close()
        except sa.exc.OperationalError:
            if time.monotonic() > until or process.poll() is not None:
                raise
            time.sleep(0.05)
        else:
            return engine


@pytest.fixture(scope="session")
def postgres():
    """PostgreSQL with the database ``shop`` of the user ``geleit``; its password is in PASSWORD."""
    initdb, serve = program("initdb"), program("postgres")
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="geleit-postgres-") as name:
        folder, password = Path(name), Path(name) / "password"
        password.write_text(PASSWORD, encoding="utf-8")
        password.chmod(0o644)
        data = str(folder / "data")
        prepare = [initdb, "-D", data, "-U", "geleit", "-A", "scram-sha-256", "--pwfile", str(password)]
        prepare += ["--no-sync", "-E", "UTF8", "--locale", "C.UTF-8"]
        command = [serve, "-D", data, "-p", str(port), "-c", "listen_addresses=127.0.0.1", "-c", "fsync=off"]
        with running(prepare, [*command, "-c", f"unix_socket_directories={folder}"], folder) as process:
            url = sa.URL.create("postgresql+psycopg", "geleit", PASSWORD, "127.0.0.1", port, "postgres")
            engine = engine_of(url, process)
            with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                connection.exec_driver_sql("CREATE DATABASE shop")
            shop = engine_of(url.set(database="shop"), process)
            yield Server(f"postgresql://geleit@127.0.0.1:{port}/shop", shop, port)


@pytest.fixture(scope="session")
def mariadb():
    """MariaDB with the database ``shop`` and its user ``geleit``; its password is in PASSWORD."""
    install, serve = program("mariadb-install-db"), program("mariadbd")
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="geleit-mariadb-") as name:
        folder = Path(name)
        data = f"--datadir={folder / 'data'}"
        prepare = [install, "--no-defaults", data, "--auth-root-authentication-method=normal", "--skip-test-db"]
        files = [f"--socket={folder / 'socket'}", f"--pid-file={folder / 'pid'}", f"--tmpdir={folder}"]
        command = [serve, "--no-defaults", data, *files, f"--port={port}", "--bind-address=127.0.0.1"]
        with running(prepare, [*command, "--innodb-flush-log-at-trx-commit=0"], folder) as process:
            root = sa.URL.create("mysql+pymysql", "root", host="127.0.0.1", port=port)
            engine_of(root, process)
            with engine_of(root, process).begin() as connection:
                connection.exec_driver_sql("CREATE DATABASE shop CHARACTER SET utf8mb4")
                connection.exec_driver_sql("CREATE USER geleit@'127.0.0.1' IDENTIFIED BY %s", (PASSWORD,))
                connection.exec_driver_sql("GRANT ALL ON shop.* TO geleit@'127.0.0.1'")
            url = sa.URL.create("mysql+pymysql", "geleit", PASSWORD, "127.0.0.1", port, "shop")
            yield Server(f"mysql://geleit@127.0.0.1:{port}/shop", engine_of(url, process), port)


@dataclass(frozen=True)
class Store:
    """A running S3-compatible store with the bucket ``exports``, and a client that has every right."""

    endpoint: str
    client: object
    key: str
    secret: str

    def put(self, name, content, **more):
        """Write a file, as the program does that delivers it."""
        self.client.put_object(Bucket="exports", Key=name, Body=content, **more)

    def let_in(self, *, everybody):
        """Whether requests without keys are answered."""
        requests.post(f"{self.endpoint}/moto-api/reset-auth", data=b"1000000" if everybody else b"0", timeout=SECONDS)


@pytest.fixture(scope="session")
def store():
    """An S3-compatible store; whoever comes without its keys is refused."""

    from moto.server import ThreadedMotoServer  # noqa: PLC0415

    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    endpoint = "http://{}:{}".format(*server.get_host_and_port())
    keys = {"aws_access_key_id": "first", "aws_secret_access_key": "first", "region_name": "eu-central-1"}
    try:
        iam = boto3.client("iam", endpoint_url=endpoint, **keys)
        iam.create_user(UserName="geleit")
        policy = '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}'
        iam.put_user_policy(UserName="geleit", PolicyName="all", PolicyDocument=policy)
        made = iam.create_access_key(UserName="geleit")["AccessKey"]
        keys |= {"aws_access_key_id": made["AccessKeyId"], "aws_secret_access_key": made["SecretAccessKey"]}
        client = boto3.client("s3", endpoint_url=endpoint, **keys)
        client.create_bucket(Bucket="exports", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
        opened = Store(endpoint, client, made["AccessKeyId"], made["SecretAccessKey"])
        opened.let_in(everybody=False)
        yield opened
    finally:
        server.stop()
        server._server.server_close()
