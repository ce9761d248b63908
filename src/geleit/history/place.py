"""A place for an export: a folder of this machine, or one of a store that fsspec reaches (``s3://bucket/journal``)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

from pyarrow import fs

from geleit.errors import GeleitError, Retryable
from geleit.files import make_folder, sync_file, sync_folder

EXTRAS = {"s3": "s3", "s3a": "s3"}


class Place:
    """Files under one folder; ``put`` shows a file under its name only when it is whole.

    Errors: GeleitError if no driver is installed for the kind of store; Retryable if it cannot be read or written.
    """

    def __init__(self, uri: str) -> None:
        self.local = "://" not in uri or uri.startswith("file://")
        if self.local:
            self.root = str(Path(uri.removeprefix("file://")).expanduser().resolve())
            self.uri = f"file://{self.root}"
            self.system = fs.LocalFileSystem()
            self.driver: Any = None
        else:
            self.uri = uri.rstrip("/")
            self.driver, self.root = _driver(self.uri)
            self.system = fs.PyFileSystem(fs.FSSpecHandler(self.driver))

    def find(self, folder: str = "") -> dict[str, int]:
        """Size by name of all files under a folder, as seen from here."""
        with self.telling():
            found = self.system.get_file_info(fs.FileSelector(self._path(folder), recursive=True, allow_not_found=True))
        start = len(self.root) + 1
        return {one.path[start:]: one.size for one in found if one.type == fs.FileType.File}

    def folders(self) -> list[str]:
        """The folders directly under it."""
        return sorted({name.partition("/")[0] for name in self.find() if "/" in name})

    def read(self, name: str) -> bytes:
        """A file's content; b'' if there is none."""
        with self.telling():
            if self.system.get_file_info(self._path(name)).type != fs.FileType.File:
                return b""
            with self.system.open_input_stream(self._path(name)) as stream:
                return bytes(stream.read())

    def open(self, name: str) -> Any:
        """A file to read from anywhere in it."""
        return self.system.open_input_file(self._path(name))

    @contextmanager
    def put(self, name: str) -> Iterator[Any]:
        """A stream to write a file to; it is there when the block ends without an error. Stores show no half-written object."""
        path = self._path(name)
        half = f"{path}.half" if self.local else path
        if self.local:
            make_folder(Path(path).parent)
        with self.telling():
            with self.system.open_output_stream(half) as stream:
                yield stream
            if self.local:
                Path(half).chmod(0o600)
                sync_file(Path(half))
                Path(half).replace(path)
                sync_folder(Path(path).parent)

    def remove(self, folder: str) -> None:
        """Remove a folder with all in it."""
        with self.telling():
            self.system.delete_dir(self._path(folder))

    def _path(self, name: str) -> str:
        return f"{self.root}/{name}" if name else self.root

    @contextmanager
    def telling(self) -> Iterator[None]:
        """Trouble with the store, as an error of ours."""
        try:
            yield
        except GeleitError:
            raise
        except OSError as error:
            raise Retryable(
                f"{self.uri} cannot be read or written ({error.strerror or str(error).splitlines()[0]}); "
                "ledger, archive and journal are as they were",
                hint="check the place, its rights and the free room, then run the same command again",
            ) from None


def _driver(uri: str) -> tuple[Any, str]:
    kind = uri.partition("://")[0]
    try:
        system, root = import_module("fsspec.core").url_to_fs(uri)
    except (ImportError, ValueError) as error:
        extra = f"pip install 'geleit[{EXTRAS[kind]}]'" if kind in EXTRAS else f"install fsspec's driver for {kind}://"
        reason = str(error).splitlines()[0]
        raise GeleitError(f"this machine reaches no store of the kind {kind}:// ({reason})", hint=extra) from None
    return system, str(root).rstrip("/")
