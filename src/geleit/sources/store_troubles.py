"""What went wrong between here and a store: told apart by the kind of the error, never by a name that stands in its text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from geleit.errors import GeleitError, Retryable

CONNECT_SECONDS, READ_SECONDS = 10, 30
KEYS = "check the secrets that the storage names as 'key' and 'secret' (or in 'options')"
ELSEWHERE = (
    "authorizationheadermalformed",
    "permanentredirect",
    "temporaryredirect",
    "redirect",
    "illegallocationconstraintexception",
    "301",
    "307",
)
WRONG_KEYS = ("signaturedoesnotmatch", "invalidaccesskeyid", "invalidtoken", "invalidsecurity", "401")
DENIED = ("accessdenied", "allaccessdisabled", "accountproblem", "403")
BROKEN = ("internalerror", "serviceunavailable", "500", "502", "503", "504")


@dataclass(frozen=True, slots=True)
class Asked:
    """What a source asked of which store; ``endpoint`` is '' where the driver knows it alone."""

    source: str
    name: str
    endpoint: str = ""
    region: str = ""
    anonymous: bool = False


@dataclass(frozen=True, slots=True)
class Trouble:
    """What is wrong and what helps; ``passing``: the same may succeed later."""

    said: str
    hint: str
    passing: bool = False

    def of(self, asked: Asked) -> GeleitError:
        """As an error of a source, before anything was read."""
        hint = f"{self.hint}, then run the same command again" if self.passing else self.hint
        kind = Retryable if self.passing else GeleitError
        return kind(f"sources/{asked.source}: {asked.name}: {self.said}; nothing was changed", hint=hint)


@dataclass(frozen=True, slots=True)
class Signs:
    """What an error and its causes say: the names of their classes, the store's codes and region, and their words.

    ``foreign``: it was answered in a form that no store of S3 knows, such as a page for people.
    """

    kinds: frozenset[str]
    codes: frozenset[str]
    region: str
    text: str
    endpoint: str
    foreign: bool

    def of_kind(self, *names: str) -> bool:
        """Whether a class of the error is called so."""
        return not self.kinds.isdisjoint(names)

    def coded(self, *codes: str) -> bool:
        """Whether the store gave one of these codes (S3's in small letters, or a status of HTTP)."""
        return not self.codes.isdisjoint(codes)

    def says(self, *words: str) -> bool:
        """Whether the error has one of these words (in small letters)."""
        return any(word in self.text for word in words)


def trouble(error: BaseException, asked: Asked) -> Trouble:
    """What a driver's error means for a person; its own words only where nothing better is known."""
    signs = read(error, asked.name)
    for explain in (_untrusted, _unreached, _foreign, _elsewhere, _unknown, _refused, _out_of_order):
        if found := explain(signs, asked):
            return found
    first = next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)
    return Trouble(first, "check 'file' and the fields of the storage")


def of_no_store(error: BaseException, asked: Asked) -> Trouble | None:
    """What it means that nothing was found, if it was no store of S3 that said so: a proxy, a web server; else None.

    A store says what is missing: the bucket, the key.
    """
    signs = read(error, asked.name)
    named = signs.coded("nosuchbucket", "nosuchkey")
    return _no_store(signs, asked) if signs.coded("404") and not named else None


def read(error: BaseException, name: str) -> Signs:
    """The signs of an error; addresses and paths are taken out of its words, for they hold names that people chose."""
    kinds, codes, words = set[str](), set[str](), list[str]()
    region = address = ""
    foreign = False
    for one in _chain(error):
        kinds |= {kind.__name__ for kind in type(one).__mro__}
        codes.add(str(getattr(one, "status", "")))
        told = getattr(one, "response", None)
        if isinstance(told, dict):
            said, meta = told.get("Error", {}), told.get("ResponseMetadata", {})
            foreign = foreign or said.get("Code") == ""
            codes |= {str(said.get("Code", "")).lower(), str(meta.get("HTTPStatusCode", ""))}
            region = region or str(said.get("Region") or meta.get("HTTPHeaders", {}).get("x-amz-bucket-region", ""))
            words.append(str(said.get("Message", "")))
        else:
            words.append(str(one))
        given = getattr(one, "kwargs", None)
        address = address or (str(given.get("endpoint_url", "")) if isinstance(given, dict) else "")
    text = re.sub(r"\S+://\S+", "", " ".join(words).replace(name.partition("://")[2] or name, ""))
    return Signs(frozenset(kinds), frozenset(codes - {""}), region, text.lower(), shown_address(address), foreign)


def shown_address(url: str) -> str:
    """An address without what may be secret in it: scheme, host and port."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}" if parts.scheme and parts.netloc else ""


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    seen = set[int]()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__


def _endpoint(signs: Signs, asked: Asked) -> str:
    address = asked.endpoint or signs.endpoint
    return f"the endpoint {address}" if address else "the store"


def _untrusted(signs: Signs, asked: Asked) -> Trouble | None:
    """A connection that is not encrypted as it should be."""
    if not signs.of_kind("SSLError", "CertificateError", "ClientSSLError"):
        return None
    endpoint = _endpoint(signs, asked)
    reason = re.search(r"certificate verify failed:? ?(.*?)\.? ?(?:\(_ssl|\]|$)", signs.text)
    if reason:
        return Trouble(
            f"the certificate of {endpoint} is not trusted ({reason[1] or 'it cannot be verified'})",
            "correct the host, or name the certificate of your own authority in the environment variable "
            "AWS_CA_BUNDLE (stores that are not S3: SSL_CERT_FILE)",
        )
    return Trouble(
        f"{endpoint} does not speak TLS as https:// needs it",
        "write http:// if the store is to be reached without encryption, or correct host and port",
    )


def _unreached(signs: Signs, asked: Asked) -> Trouble | None:
    """No answer came."""
    endpoint = _endpoint(signs, asked)
    if signs.of_kind("gaierror", "ClientConnectorDNSError") or signs.says("name or service not known", "nodename nor"):
        said, hint = "has a name that the network does not know", "correct the host of the storage's 'endpoint'"
    elif signs.of_kind("ConnectionRefusedError") or signs.says("connection refused", "connect call failed"):
        said = "does not answer: it refuses the connection"
        hint = "check that the store runs, and host and port of the storage's 'endpoint'"
    elif signs.of_kind("TimeoutError", "ReadTimeoutError", "ConnectTimeoutError") or signs.says("timed out"):
        said = f"does not answer in time ({CONNECT_SECONDS} s to connect, {READ_SECONDS} s for each answer)"
        hint = "check the storage's 'endpoint', the network and a firewall between"
    elif signs.of_kind(
        "ConnectionClosedError", "ServerDisconnectedError", "ConnectionResetError", "ClientPayloadError"
    ):
        said = "ended the connection before it had answered"
        hint = "write https:// if the store speaks TLS, check a proxy or firewall between"
    elif signs.of_kind("ConnectionError", "ClientConnectionError") or signs.says("cannot connect", "could not connect"):
        said, hint = "cannot be reached", "check the network and the storage's 'endpoint'"
    else:
        return None
    return Trouble(f"{endpoint} {said}", hint, passing=True)


def _no_store(signs: Signs, asked: Asked) -> Trouble:
    status = next((one for one in sorted(signs.codes) if one.isdecimal()), "")
    return Trouble(
        f"{_endpoint(signs, asked)} answers, but not as a store of S3 does" + (f" ({status})" if status else ""),
        "correct host and port of the storage's 'endpoint', check a proxy between and whether the store runs",
        passing=True,
    )


def _foreign(signs: Signs, asked: Asked) -> Trouble | None:
    """Something answered that is no store."""
    return _no_store(signs, asked) if signs.foreign or signs.of_kind("ResponseParserError") else None


def _elsewhere(signs: Signs, asked: Asked) -> Trouble | None:
    """The store answered, but what was asked for does not lie there."""
    if signs.of_kind("InvalidRegionError"):
        return Trouble(f"no region can be called '{asked.region}'", "correct the storage's 'region'")
    if signs.coded(*ELSEWHERE) or signs.of_kind("RecursionError"):  # a bucket that redirects to itself, for ever
        expected = signs.region or next(iter(re.findall(r"expecting '([^']+)'", signs.text)), "")
        asked_in = f"the region '{asked.region}'" if asked.region else "the region that was asked, for none is named,"
        hint = f"write 'region: {expected}'" if expected else "name the region of the bucket as 'region'"
        return Trouble(
            f"the bucket does not lie in {asked_in}" + (f" but in '{expected}'" if expected else ""),
            f"{hint} in the storage; 'endpoint' must be of the same region",
        )
    if signs.coded("nosuchbucket"):
        return Trouble("there is no such bucket", "correct the name behind s3://")
    if signs.coded("invalidbucketname") or signs.says("invalid bucket name"):
        return Trouble("no bucket can be called so", "correct the name behind s3://")
    return None


def _unknown(signs: Signs, _asked: Asked) -> Trouble | None:
    """The store does not know who asks."""
    if signs.of_kind("NoCredentialsError", "PartialCredentialsError"):
        return Trouble(
            "the store asks for keys and none are given",
            "name the secrets 'key' and 'secret' of the storage, or say 'anonymous: true'",
        )
    if signs.coded("requesttimetooskewed"):
        return Trouble(
            "the store refuses these keys, for its clock and that of this machine differ", "set this machine's clock"
        )
    if signs.coded("expiredtoken", "tokenrefreshrequired"):
        return Trouble("the store refuses these keys: they have expired", KEYS)
    if signs.coded(*WRONG_KEYS) or signs.of_kind("AuthenticationException") or signs.says("authentication"):
        return Trouble("the store refuses these keys: one of them is wrong", KEYS)
    return None


def _refused(signs: Signs, asked: Asked) -> Trouble | None:
    """The store knows who asks, and does not let them."""
    if not (signs.coded(*DENIED) or signs.of_kind("PermissionError") or signs.says("access denied", "forbidden")):
        return None
    if asked.anonymous:
        return Trouble(
            "the store lets nobody read there without keys",
            "name the secrets 'key' and 'secret' of the storage instead of 'anonymous: true'",
        )
    return Trouble(
        "the store does not let this key read there", "let its owner grant listing and reading, or correct the path"
    )


def _out_of_order(signs: Signs, asked: Asked) -> Trouble | None:
    """The store answered that it cannot answer."""
    if signs.coded("slowdown", "429") or signs.says("reduce your request rate"):
        said = "asks for fewer requests"
    elif signs.coded(*BROKEN):
        said = f"is out of order, or no store ({min(signs.codes)})"
    else:
        return None
    hint = "check that the storage's 'endpoint' is that of the store, ask who runs it"
    return Trouble(f"{_endpoint(signs, asked)} {said}", hint, passing=True)
