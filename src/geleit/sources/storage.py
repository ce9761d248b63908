"""Files that lie elsewhere: in S3-compatible stores, and wherever fsspec and its plug-ins reach."""

from __future__ import annotations

import difflib
import errno
import importlib
import posixpath
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import IO, Any, cast
from urllib.parse import urlsplit

from pydantic import Field, field_validator

from geleit.clock import micros
from geleit.definitions import SECRET_NAMES, Definition
from geleit.errors import GeleitError
from geleit.secrets import Secret
from geleit.sources.located import Located
from geleit.sources.store_troubles import CONNECT_SECONDS, READ_SECONDS, Asked, of_no_store, shown_address, trouble

BLOCK = 8 << 20  # bytes fetched at a time
TRIES = 2
S3 = ("s3", "s3a")
# Protocols of fsspec that read this machine, wrap another protocol, or hold nothing that lasts.
NOT_REMOTE = frozenset(
    "file local asynclocal dir root memory data zip tar libarchive reference generic simplecache filecache blockcache "  # noqa: SIM905 (as words they can be read)
    "cached async_wrapper asyncwrapper dask git dvc jlab jupyter pyscript arrow_hdfs".split()
)


class Storage(Definition):
    """How a store is reached in which files lie: ``file: s3://bucket/exports/till-*.csv.gz``."""

    endpoint: str = Field("", description="s3 only: address of the store, such as https://s3.example.com; default: AWS")
    region: str = Field("", description="s3 only: the store's region")
    key: Secret | None = Field(None, description="s3 only: the access key's id: {secret: NAME}")
    secret: Secret | None = Field(None, description="s3 only: the secret access key: {secret: NAME}")
    anonymous: bool = Field(False, description="s3 only: read a public bucket without keys")
    options: dict[str, str | int | bool | Secret] = Field(
        default_factory=dict,
        description="what the store's fsspec driver takes, such as host, username and password: {secret: NAME} of sftp",
    )

    @field_validator("endpoint")
    @classmethod
    def _address_without_secrets(cls, endpoint: str) -> str:
        parts = urlsplit(endpoint)
        if endpoint and (parts.scheme not in ("http", "https") or not parts.hostname):
            raise ValueError("is no address of a store; write https://HOST or http://HOST:PORT")
        if "@" in parts.netloc:
            raise ValueError("holds a password; write 'key: {secret: NAME}' and 'secret: {secret: NAME}'")
        return endpoint

    @field_validator("options")
    @classmethod
    def _no_secret_in_plain_text(cls, options: dict[str, Any]) -> dict[str, Any]:
        for name, value in options.items():
            if isinstance(value, str) and SECRET_NAMES.search(name):
                raise ValueError(f"'{name}' is a secret; write '{name}: {{secret: NAME}}'")
        return options


@dataclass(frozen=True, slots=True)
class Store:
    """An opened store of one source."""

    source: str
    protocol: str
    storage: Storage
    system: Any

    def find(self, pattern: str) -> list[Located]:
        """The files that a pattern names, sorted.

        Errors: GeleitError if none matches; GeleitError and Retryable if the store cannot be reached or read.
        """
        path = self._path(pattern)
        found = self._listed(path, pattern)
        if not found:
            raise self._missing(pattern, path)
        return found

    def _path(self, pattern: str) -> str:
        try:
            return str(self.system._strip_protocol(pattern))  # noqa: SLF001 (fsspec offers no other way)
        except Exception as error:  # noqa: BLE001 (each driver has its own errors; all are told)
            raise self.explained(error, pattern) from None

    def _listed(self, path: str, shown: str) -> list[Located]:
        """The files that a path or pattern as the driver writes it names, sorted; none if there are none."""
        try:
            found = self.system.glob(path, detail=True) if _is_pattern(path) else {path: self.system.info(path)}
        except FileNotFoundError:
            return []
        except OSError as error:
            bare = isinstance(error, PermissionError) or error.errno == errno.EINVAL
            raise self.explained((bare and self._told_by_listing(path)) or error, shown) from None
        except Exception as error:  # noqa: BLE001 (each driver has its own errors; all are told)
            raise self.explained(error, shown) from None
        files = [(name, info) for name, info in sorted(found.items()) if info.get("type") == "file"]
        return [self._located(name, info) for name, info in files]

    def _told_by_listing(self, path: str) -> Exception | None:
        """Why a store refuses: S3 says of a single file only that it does, of a folder's list also why (403, 400)."""
        try:
            self.system.ls(path.rpartition("/")[0])
        except Exception as error:  # noqa: BLE001 (each driver has its own errors; all are told)
            return error
        return None

    def _near(self, path: str, pattern: str) -> list[Located]:
        """Other files by a pattern that begins in the folder of one; its path is as the driver writes it.

        Errors: GeleitError and Retryable if the store cannot be reached or read.
        """
        before, sign, behind = path.rpartition("://")
        wanted = before + sign + posixpath.normpath(posixpath.join(posixpath.dirname(behind), pattern))
        return self._listed(wanted, wanted)

    def _located(self, path: str, info: Mapping[str, Any]) -> Located:
        version = str(info.get("ETag") or info.get("etag") or info.get("md5Hash") or info.get("content_settings") or "")
        name = path if path.startswith(f"{self.protocol}:") else f"{self.protocol}://{path.lstrip('/')}"
        return Located(
            name,
            int(info.get("size") or 0),
            _modified(info) * 1000,
            lambda: self._open(path, name),
            version=version,
            again=lambda: self._again(path, name),
            near=lambda pattern: self._near(path, pattern),
        )

    def _open(self, path: str, name: str) -> IO[bytes]:
        """The file, fetched block by block as it is read.

        Errors: OSError.
        """
        try:
            more = {"block_size": BLOCK} if self.protocol not in ("http", "https", "sftp", "ssh") else {}
            cache = {"cache_type": "bytes"} if more else {}
            handle = cast("IO[bytes]", self.system.open(path, "rb", **more, **cache))
        except Exception as error:  # noqa: BLE001 (each driver has its own errors; all are told)
            raise self._broken(error, name) from None
        if (blocks := getattr(handle, "cache", None)) is not None:
            blocks.fetcher = self._telling(blocks.fetcher, name)
        return handle

    def _telling(self, fetch: Callable[..., bytes], name: str) -> Callable[..., bytes]:
        """Fetch blocks of a file; a driver's error, which need not be one of reading files, says what is wrong."""

        def fetched(start: int, end: int) -> bytes:
            try:
                return fetch(start, end)
            except Exception as error:  # noqa: BLE001 (each driver has its own errors; all are told)
                raise self._broken(error, name) from None

        return fetched

    def _again(self, path: str, name: str) -> Located:
        self.system.invalidate_cache()
        try:
            return self._located(path, self.system.info(path))
        except OSError:
            raise
        except Exception as error:  # noqa: BLE001 (each driver has its own errors)
            raise self._broken(error, name) from None

    def _missing(self, pattern: str, path: str) -> GeleitError:
        folder, _, last = path.rpartition("/")
        while _is_pattern(folder):
            folder, _, last = folder.rpartition("/")
        try:
            names = sorted(str(one["name"]).rpartition("/")[2] for one in self.system.ls(folder, detail=True))
        except FileNotFoundError as error:
            asked = self._asked(pattern)
            if self.protocol in S3 and (found := of_no_store(error, asked)):
                return found.of(asked)
            place = "bucket or folder" if self.protocol in S3 else "folder"
            return GeleitError(
                f"sources/{self.source}: there is no {place} '{folder}' in this store; nothing was imported",
                hint="correct 'file:', or the endpoint under 'storage:'",
            )
        except Exception as error:  # noqa: BLE001 (each driver has its own errors)
            return self.explained(error, pattern)
        close = difflib.get_close_matches(last, names, n=3, cutoff=0.5) or names[:3]
        hint = f"in {folder}/ there is: {', '.join(close)}" if close else "the folder is empty"
        return GeleitError(f"sources/{self.source}: no file matches '{pattern}'; nothing was imported", hint=hint)

    def explained(self, error: Exception, name: str) -> GeleitError:
        """What a driver's error means for a person."""
        asked = self._asked(name)
        return trouble(error, asked).of(asked)

    def _broken(self, error: Exception, name: str) -> OSError:
        """The same of a file that was found and cannot be read, or no further."""
        return OSError(trouble(error, self._asked(name)).said)

    def _asked(self, name: str) -> Asked:
        storage = self.storage
        return Asked(self.source, name, self._address(name), storage.region, anonymous=storage.anonymous)

    def _address(self, name: str) -> str:
        """Where the store is, as far as the definition says it."""
        return shown_address(name if self.protocol in ("http", "https") else self.storage.endpoint)


def is_remote(file: str) -> bool:
    """Whether a path of ``file:`` names a store."""
    return "://" in file


def problem_of(file: str) -> str:
    """Why a remote path cannot be read, '' if it can."""
    protocol = file.partition("://")[0]
    if "::" in file:
        return "paths through several stores (::) are not read"
    if protocol in NOT_REMOTE:
        return f"{protocol}:// is no store; write the path inside the workspace"
    return ""


def open_store(source: str, file: str, storage: Storage, root: Path) -> Store:
    """The store of a remote path; nothing is connected yet, except by some drivers.

    Errors: GeleitError for a missing driver or secret; GeleitError and Retryable if the store cannot be reached.
    """
    protocol = file.partition("://")[0]
    if problem := problem_of(file):
        raise GeleitError(f"sources/{source}: {file}: {problem}", hint="s3://bucket/folder/*.csv is the usual form")
    kind = _driver(source, protocol)
    options = {name: _revealed(value, root) for name, value in storage.options.items()}
    given = kind._get_kwargs_from_urls(file)  # noqa: SLF001 (host and user stand in some URLs)
    unopened = Store(source, protocol, storage, None)
    try:
        opened = kind(**given, **_s3(storage, root), **options) if protocol in S3 else kind(**given, **options)
    except Exception as error:  # noqa: BLE001 (each driver has its own errors)
        raise unopened.explained(error, file) from None
    if protocol in S3:
        opened.retries = TRIES  # each of them asks twice, so that a time-out is told after two minutes
    opened.invalidate_cache()  # drivers are shared within a process and remember listings
    return Store(source, protocol, storage, opened)


def _driver(source: str, protocol: str) -> Any:
    """The class of fsspec for a protocol; loaded only now, for few sources need it.

    Errors: GeleitError if it is not installed or not known.
    """
    try:
        return importlib.import_module("fsspec").get_filesystem_class(protocol)
    except ValueError:
        raise GeleitError(
            f"sources/{source}: {protocol}:// is not known", hint="s3://bucket/folder/*.csv is the usual form"
        ) from None
    except ImportError as error:
        hint = "pip install 'geleit[s3]'"
        if protocol not in S3 and error.name != "fsspec":
            hint = str(error)
        raise GeleitError(f"sources/{source}: {protocol}:// needs a driver that is not installed", hint=hint) from None


def _s3(storage: Storage, root: Path) -> dict[str, Any]:
    config = {"connect_timeout": CONNECT_SECONDS, "read_timeout": READ_SECONDS, "retries": {"max_attempts": 1}}
    options: dict[str, Any] = {"anon": storage.anonymous, "config_kwargs": config, "use_listings_cache": False}
    if storage.endpoint:
        options["endpoint_url"] = storage.endpoint
    if storage.region:
        options["client_kwargs"] = {"region_name": storage.region}
    for name, value in (("key", storage.key), ("secret", storage.secret)):
        options |= {name: value.reveal(root)} if value else {}
    return options


def _revealed(value: str | int | Secret, root: Path) -> str | int:
    return value.reveal(root) if isinstance(value, Secret) else value


def _is_pattern(path: str) -> bool:
    return any(sign in path for sign in "*?[")


def _modified(info: Mapping[str, Any]) -> int:
    """When a file was changed, in microseconds; 0 where the store does not say."""
    for name in ("LastModified", "last_modified", "mtime", "modified", "updated", "timeModified"):
        value = info.get(name)
        if isinstance(value, datetime):
            return micros(value if value.tzinfo else value.replace(tzinfo=UTC))
        if isinstance(value, int | float):
            return int(value * 1_000_000)
        if isinstance(value, str):
            return _read_time(value)
    return 0


def _read_time(text: str) -> int:
    for read in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            found = read(text)
        except ValueError:
            continue
        return micros(found if found.tzinfo else found.replace(tzinfo=UTC))
    return 0
