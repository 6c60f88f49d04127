"""Run a command with real object stores beside it: python tools/with_stores.py COMMAND...

Starts Ceph's S3 gateway, Azurite and s3rver (which breaks its word, and has to be found out), names
them in the environment, runs the command, stops them, and exits as the command did. What cannot be
had here is said loudly and left out. A store that the environment names already is not started.

Ceph comes from Debian's packages, by the script at HEALTHSIM_START_CEPH: it is called with a
folder, a kind of disk and a port, prints "ready", and leaves process ids in the folder. The others
come from npm, into a folder that is removed afterwards.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

REPOSITORY = Path(__file__).parent.parent
START_CEPH = Path(
    os.environ.get("HEALTHSIM_START_CEPH", REPOSITORY.parent / "shared" / "tools" / "start-ceph.sh")
)
CEPH_PROGRAMS = ("radosgw", "ceph-mon", "ceph-osd", "ceph", "monmaptool", "curl")
CEPH_PACKAGES = ("radosgw", "ceph-mon", "ceph-osd", "ceph-mgr", "curl")
SECONDS = int(os.environ.get("HEALTHSIM_STORES_SECONDS", "150"))
"""How long one step of an installation may take."""

AZURITE_KEY = (
    "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
)
"""Azurite's only key, which its documentation tells everybody."""


class CannotStartError(Exception):
    """A store is not to be had here; says why."""


class Stores:
    """Stores that run until this is left.

    Args:
        folder: Where they may write.
        running: Stops them.
    """

    def __init__(self, folder: Path, running: ExitStack) -> None:
        self._folder, self._running, self._lock = folder, running, threading.Lock()

    def ceph(self) -> str:
        """Start Ceph's gateway; return its endpoint."""
        if not START_CEPH.is_file():
            raise CannotStartError(f"{START_CEPH} is not there; HEALTHSIM_START_CEPH names another")
        if not all(map(shutil.which, CEPH_PROGRAMS)):
            _install_ceph()
        place, port = self._folder / "ceph", _free_port()
        place.mkdir()
        self._stop_with(lambda: _stop_those_in(place))
        _run("bash", str(START_CEPH), str(place), "memstore", str(port))
        return f"http://127.0.0.1:{port}"

    def azurite(self) -> str:
        """Start Azurite; return a connection string."""
        port = _free_port()
        self._serve(
            port, "azurite@3.37.0", "azurite-blob", "--silent", "--inMemoryPersistence",
            "--blobHost", "127.0.0.1", "--blobPort", str(port), "--skipApiVersionCheck",
            "--disableTelemetry",
        )  # fmt: skip
        account = "devstoreaccount1"
        return (
            f"DefaultEndpointsProtocol=http;AccountName={account};AccountKey={AZURITE_KEY};"
            f"BlobEndpoint=http://127.0.0.1:{port}/{account};"
        )

    def s3rver(self) -> str:
        """Start s3rver; return its endpoint."""
        port = _free_port()
        place = str(self._folder / "s3rver-data")
        self._serve(
            port, "s3rver@3.7.1", "s3rver", "--silent", "-a", "127.0.0.1", "-p", str(port),
            "-d", place,
        )  # fmt: skip
        return f"http://127.0.0.1:{port}"

    def _serve(self, port: int, package: str, program: str, *arguments: str) -> None:
        """Install a package of npm and start a program of it that listens on `port`."""
        npm, place = shutil.which("npm"), self._folder / program
        if npm is None:
            raise CannotStartError("npm is not installed")
        place.mkdir()
        _run(npm, "install", "--silent", "--no-audit", "--no-fund", "--prefix", str(place), package)
        log = place / "log"
        with log.open("wb") as out:
            server = subprocess.Popen(  # noqa: S603  # a program that was installed just now
                [place / "node_modules" / ".bin" / program, *arguments],
                cwd=place,
                stdout=out,
                stderr=out,
            )
        self._stop_with(lambda: _stop(server))
        for _ in range(300):
            if server.poll() is not None:
                break
            with socket.socket() as knock:
                if knock.connect_ex(("127.0.0.1", port)) == 0:
                    return
            time.sleep(0.1)
        raise CannotStartError(f"{program} does not listen: {log.read_text()[-500:]}")

    def _stop_with(self, stop: Callable[[], None]) -> None:
        with self._lock:
            self._running.callback(stop)


STORES: dict[str, Callable[[Stores], str]] = {
    "HEALTHSIM_TEST_S3": Stores.ceph,
    "HEALTHSIM_TEST_AZURE": Stores.azurite,
    "HEALTHSIM_TEST_LYING_S3": Stores.s3rver,
}
"""Variables that name a store, and what starts one."""


def main(command: list[str]) -> int:
    """Start what can be had, run the command, and return its exit code."""
    if not command:
        print(__doc__)
        return 2
    environment = dict(os.environ)
    troubles = []
    with tempfile.TemporaryDirectory() as folder, ExitStack() as running:
        stores = Stores(Path(folder), running)
        with ThreadPoolExecutor(len(STORES)) as pool:
            started = {
                name: pool.submit(start, stores)
                for name, start in STORES.items()
                if name not in environment
            }
        for name, one in started.items():
            try:
                environment[name] = one.result()
            except CannotStartError as error:
                troubles.append(f"NOT TESTED ON {STORES[name].__name__.upper()}: {error}")
        _shout(troubles)
        code = subprocess.run(command, env=environment, check=False).returncode  # noqa: S603  # the purpose of this
    _shout(troubles)
    return code


def _shout(lines: list[str]) -> None:
    for line in lines:
        print(f"\n*** {line}\n", file=sys.stderr, flush=True)


def _install_ceph() -> None:
    if shutil.which("apt-get") is None or os.geteuid() != 0:
        raise CannotStartError("its Debian packages are missing, and cannot be installed from here")
    _run("apt-get", "update")
    _run("apt-get", "install", "-y", "--no-install-recommends", *CEPH_PACKAGES)


def _run(*command: str) -> None:
    """Run a program silently.

    Raises:
        CannotStartError: It failed, or took too long.
    """
    with tempfile.TemporaryFile() as out:  # no pipe: what it leaves running would keep that open
        try:
            done = subprocess.run(  # noqa: S603  # programs named above
                command,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                timeout=SECONDS,
                check=False,
                env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
            )
        except subprocess.TimeoutExpired as error:
            raise CannotStartError(f"{command[0]} took more than {SECONDS} s") from error
        out.seek(0)
        said = out.read().decode(errors="replace")
    if done.returncode:
        raise CannotStartError(f"{' '.join(command[:2])} failed: {said.strip()[-500:]}")


def _stop(server: subprocess.Popen[bytes]) -> None:
    server.terminate()
    try:
        server.wait(5)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()


def _stop_those_in(folder: Path) -> None:
    """End the processes whose ids stand in a folder, the gateway first."""
    ids = [int((folder / name).read_text()) for name in ("rgw.pid", "osd.0.pid", "mon.a.pid")
           if (folder / name).exists()]  # fmt: skip
    for one in ids:
        _signal(one, signal.SIGTERM)
    for _ in range(50):
        if not any(map(_runs, ids)):
            return
        time.sleep(0.1)
    for one in ids:
        _signal(one, signal.SIGKILL)


def _signal(process: int, number: int) -> bool:
    try:
        os.kill(process, number)
    except ProcessLookupError:
        return False
    return True


def _runs(process: int) -> bool:
    return _signal(process, 0)


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


def _leave(*_: object) -> None:
    """Stop the stores, too, when this is told to stop."""
    raise SystemExit(143)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, _leave)
    sys.exit(main(sys.argv[1:]))
