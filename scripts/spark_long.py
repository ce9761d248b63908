"""Run the tests of engines against a real cluster: a Spark master, two workers and a Connect server on this machine."""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ENVIRONMENT = ROOT / ".venv-spark"  # apart: the client in .venv and Spark's own package would get in each other's way
SPARK = "pyspark==4.2.0"
PATIENCE = 240  # seconds until a server listens
TESTS = ("-n", "0", "-q", "-p", "no:randomly", "tests/analytics/test_engines.py")


def home(environment: Path) -> Path:
    """Spark's folder in an environment of its own, which is made where it is missing."""
    found = next(environment.glob("lib/python*/site-packages/pyspark"), None)
    if found is None:
        venv.create(environment, with_pip=True)
        pip = [
            str(environment / "bin" / "python"),
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            SPARK,
        ]
        subprocess.run(pip, check=True)
        found = next(environment.glob("lib/python*/site-packages/pyspark"))
    return found


@contextmanager
def running(name: str, command: Sequence[str], folder: Path, port: int) -> Iterator[None]:
    """A server that listens on its port, stopped with all its children at the end."""
    local = {"SPARK_LOCAL_IP": "127.0.0.1", "SPARK_LOCAL_DIRS": str(folder), "SPARK_WORKER_DIR": str(folder / name)}
    with (folder / f"{name}.log").open("wb") as log:
        process = subprocess.Popen(
            command, env=os.environ | local, cwd=folder, stdout=log, stderr=subprocess.STDOUT, start_new_session=True
        )
    try:
        until = time.monotonic() + PATIENCE
        while not listens(port):
            if process.poll() is not None or time.monotonic() > until:
                raise SystemExit(f"{name} did not start:\n{(folder / f'{name}.log').read_text()[-3000:]}")
            time.sleep(0.5)
        yield
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(20)


@contextmanager
def cluster(spark: Path, folder: Path) -> Iterator[str]:
    """The address of a Connect server in front of a master and two workers."""
    ports = free_ports(7)
    master, connect = f"spark://127.0.0.1:{ports[0]}", ports[6]
    start = [str(spark / "bin" / "spark-class")]
    deploy = "org.apache.spark.deploy"
    with ExitStack() as stack:
        address = ["--host", "127.0.0.1", "--port", str(ports[0]), "--webui-port", str(ports[1])]
        stack.enter_context(running("master", [*start, f"{deploy}.master.Master", *address], folder, ports[0]))
        for number, (port, page) in enumerate([ports[2:4], ports[4:6]], 1):
            shares = ["--host", "127.0.0.1", "--port", str(port), "--webui-port", str(page), "-c", "1", "-m", "1536m"]
            command = [*start, f"{deploy}.worker.Worker", *shares, master]
            stack.enter_context(running(f"worker-{number}", command, folder, port))
        settings = {
            "spark.connect.grpc.binding.port": connect,
            "spark.ui.enabled": "false",
            "spark.executor.memory": "1g",
            "spark.sql.shuffle.partitions": 2,
            "spark.sql.warehouse.dir": folder / "warehouse",
        }
        options = [part for name, value in settings.items() for part in ("--conf", f"{name}={value}")]
        service = ["--class", "org.apache.spark.sql.connect.service.SparkConnectServer", "spark-internal"]
        command = [str(spark / "bin" / "spark-submit"), "--master", master, *options, *service]
        stack.enter_context(running("connect", command, folder, connect))
        yield f"sc://127.0.0.1:{connect}"


def listens(port: int) -> bool:
    """Whether somebody answers on this machine."""
    with socket.socket() as trial:
        return trial.connect_ex(("127.0.0.1", port)) == 0


def free_ports(count: int) -> list[int]:
    """Ports that nobody has at this moment."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [int(one.getsockname()[1]) for one in sockets]


def main() -> int:
    """Run a command (by default the tests) with the cluster's address in GELEIT_SPARK."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--environment", type=Path, default=ENVIRONMENT, help="where Spark is installed, or will be")
    parser.add_argument("command", nargs=argparse.REMAINDER, help="another command than the tests")
    asked = parser.parse_args()
    if shutil.which("java") is None and "JAVA_HOME" not in os.environ:
        print("skipped: there is no Java here, so no Spark; 'make test' asks Sail. Debian: apt install openjdk-17-jre")
        return 0
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # whoever is stopped stops his servers, too
    command = asked.command or [sys.executable, "-m", "pytest", *TESTS]
    spark = home(asked.environment)
    with tempfile.TemporaryDirectory() as name, cluster(spark, Path(name)) as address:
        print(f"Spark with two workers answers at {address}", flush=True)
        return subprocess.run(command, env=os.environ | {"GELEIT_SPARK": address}, cwd=ROOT, check=False).returncode


if __name__ == "__main__":
    raise SystemExit(main())
