"""What is wrong between here and a store is told apart: no answer, no trust, wrong keys, wrong region, no right, no time."""

import datetime as dt
import ipaddress
import socket
import threading
from contextlib import ExitStack, contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import boto3
import pytest
from botocore.exceptions import ClientError, HTTPClientError
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server

from geleit.errors import GeleitError, Retryable
from geleit.sources import reading, storage
from geleit.sources.definition import SourceDefinition
from geleit.sources.storage import Storage, open_store
from geleit.sources.store_troubles import Asked, shown_address, trouble
from geleit.workspace.scaffold import init
from servers import free_port

KEYS = {"key": {"secret": "STORE_KEY"}, "secret": {"secret": "STORE_SECRET"}, "region": "eu-central-1"}
FORMS = ("s3://exports/*.csv", "s3://exports/till.csv", "s3://exports/**/*.csv")


@pytest.fixture(autouse=True)
def secrets(store, monkeypatch):
    monkeypatch.setenv("STORE_KEY", store.key)
    monkeypatch.setenv("STORE_SECRET", store.secret)
    store.put("till.csv", b"mail;at\na@example.com;2026-01-01\n")


def told(root, file, **given):
    """The error of looking for a file of a store."""
    with pytest.raises(GeleitError) as caught:
        open_store("till", file, Storage.model_validate(KEYS | given), root).find(file)
    return caught.value


@contextmanager
def serving(server):
    """Let a server answer in a thread of its own until the end of the block."""
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def answering(status, body=b"", **headers):
    """A server that answers everything alike; what it was asked counts up in the list."""
    asked = []

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name.replace("_", "-"), value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body if self.command == "GET" else b"")

        do_HEAD = do_GET  # noqa: N815 (the name that http.server looks for)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    with serving(server):
        yield f"http://127.0.0.1:{server.server_address[1]}", asked


@pytest.mark.parametrize("file", [*FORMS, "s3://nosuchbucket/forbidden/access denied.csv"])
def test_an_endpoint_that_refuses_the_connection_is_no_missing_bucket(tmp_path, file):
    port = free_port()
    error = told(tmp_path, file, endpoint=f"http://127.0.0.1:{port}")
    assert isinstance(error, Retryable)
    assert f"the endpoint http://127.0.0.1:{port} does not answer: it refuses the connection" in error.message
    assert "bucket" not in error.message.replace(file, "")
    assert "host and port of the storage's 'endpoint'" in error.hint


def test_every_command_says_that_the_endpoint_does_not_answer(tmp_path, command):
    root, endpoint = tmp_path / "acme", f"http://127.0.0.1:{free_port()}"
    init(root, name="Acme")
    keys = ["--storage", "key=STORE_KEY", "--storage", "secret=STORE_SECRET", "--storage", f"endpoint={endpoint}"]
    (root / "sources" / "till.yaml").write_text(
        f"file: s3://exports/till.csv\nstorage: {{endpoint: '{endpoint}', anonymous: true}}\n"
        "events: [{kind: contact_made, time: at, identifiers: {email: mail}}]\n"
    )
    asked = (
        ("import", "till"),
        ("source", "preview", "till"),
        ("source", "guess", "s3://exports/till.csv", *keys),
        ("source", "guess", "s3://exports/", *keys),
    )
    for words in asked:
        code, out, err = command(*words, "-w", root)
        assert code == 1, words
        assert f"the endpoint {endpoint} does not answer: it refuses the connection" in " ".join((out + err).split())
    assert f"the endpoint {endpoint} does not answer" in " ".join(command("source", "list", "-w", root)[1].split())
    assert not (root / "sources" / "exports.yaml").exists()


@pytest.fixture(scope="module")
def stranger(store):
    """The keys of a user who may read nothing."""
    store.let_in(everybody=True)
    try:
        own = {"aws_access_key_id": store.key, "aws_secret_access_key": store.secret, "region_name": "eu-central-1"}
        iam = boto3.client("iam", endpoint_url=store.endpoint, **own)
        iam.create_user(UserName="nobody")
        return iam.create_access_key(UserName="nobody")["AccessKey"]
    finally:
        store.let_in(everybody=False)


@pytest.mark.parametrize("file", FORMS)
def test_wrong_keys_and_missing_rights_are_told_apart(store, stranger, tmp_path, monkeypatch, file):
    monkeypatch.setenv("STORE_KEY", stranger["AccessKeyId"])
    monkeypatch.setenv("STORE_SECRET", stranger["SecretAccessKey"])
    denied = told(tmp_path, file, endpoint=store.endpoint)
    assert "the store does not let this key read there" in denied.message
    monkeypatch.setenv("STORE_SECRET", "not-this-one")
    refused = told(tmp_path, file, endpoint=store.endpoint)
    assert "the store refuses these keys: one of them is wrong" in refused.message
    assert "not-this-one" not in str(refused)
    monkeypatch.setenv("STORE_KEY", "AKIANOBODY")
    assert "the store refuses these keys" in told(tmp_path, file, endpoint=store.endpoint).message


def test_a_public_address_that_is_closed_asks_for_keys(tmp_path):
    body = b"<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>"
    with answering(403, body) as (endpoint, _):
        public = Storage(endpoint=endpoint, anonymous=True)
        with pytest.raises(GeleitError, match="lets nobody read there without keys") as caught:
            open_store("till", "s3://exports/*.csv", public, tmp_path).find("s3://exports/*.csv")
    assert "instead of 'anonymous: true'" in caught.value.hint


WRONG_REGION = (
    "<Error><Code>AuthorizationHeaderMalformed</Code><Message>The authorization header is malformed; the region "
    "'eu-central-1' is wrong; expecting 'eu-west-3'</Message>{region}</Error>"
)


@pytest.mark.parametrize(("region", "file"), [("<Region>eu-west-3</Region>", FORMS[0]), ("", FORMS[1])])
def test_a_wrong_region_names_the_right_one(tmp_path, region, file):
    """As S3's documentation of its error responses writes it; the store of the other tests has all regions."""
    body = WRONG_REGION.format(region=region).encode()
    with answering(400, body, Content_Type="application/xml") as (endpoint, _):
        error = told(tmp_path, file, endpoint=endpoint)
    assert "does not lie in the region 'eu-central-1' but in 'eu-west-3'" in error.message
    assert "write 'region: eu-west-3'" in error.hint


def test_a_bucket_of_another_region_redirects():
    response = {
        "Error": {"Code": "301", "Message": "Moved Permanently"},
        "ResponseMetadata": {"HTTPStatusCode": 301, "HTTPHeaders": {"x-amz-bucket-region": "eu-west-3"}},
    }
    found = trouble(ClientError(response, "HeadBucket"), Asked("till", "s3://exports/a.csv"))
    assert found.said == "the bucket does not lie in the region that was asked, for none is named, but in 'eu-west-3'"


def test_a_bucket_that_redirects_to_itself():
    """Such a store cannot be run here: each of its thousand answers would be left open."""
    endless = HTTPClientError(error=RecursionError("maximum recursion depth exceeded"))
    endless.__cause__ = RecursionError("maximum recursion depth exceeded")
    found = trouble(endless, Asked("till", "s3://exports/a.csv", region="eu-west-3"))
    assert found.said == "the bucket does not lie in the region 'eu-west-3'"


def test_what_can_be_no_region_or_address_is_said_at_once(tmp_path, command):
    assert "no region can be called 'not one'" in told(tmp_path, FORMS[0], region="not one").message
    init(tmp_path / "acme", name="Acme")
    for given in ("127.0.0.1:9000", "ftp://store", "https://me:S3cr3t@store"):
        code, _, err = command("source", "guess", FORMS[0], "--storage", f"endpoint={given}", "-w", tmp_path / "acme")
        assert code == 1
        assert "the store cannot be reached: endpoint" in " ".join(err.split())
        assert "S3cr3t" not in err
    assert shown_address("https://me:S3cr3t@store:9000/path?token=x") == "https://store:9000"


def test_a_store_that_is_out_of_order_or_none(tmp_path):
    for status, body in ((503, b""), (500, b""), (200, b"<html><p>welcome")):
        with answering(status, body) as (endpoint, _):
            error = told(tmp_path, FORMS[0], endpoint=endpoint)
        assert isinstance(error, Retryable)
        assert f"the endpoint {endpoint} is out of order, or no store" in error.message


@pytest.mark.parametrize(
    ("body", "file"),
    [(b"", FORMS[0]), (b"", FORMS[1]), (b"<html><body>Not Found</body></html>", FORMS[2])],
)
def test_a_proxy_or_web_server_that_finds_nothing_is_no_missing_bucket(tmp_path, body, file):
    with answering(404, body) as (endpoint, _):
        error = told(tmp_path, file, endpoint=endpoint)
    assert isinstance(error, Retryable)
    assert f"the endpoint {endpoint} answers, but not as a store of S3 does (404)" in error.message
    assert "bucket" not in error.message


def test_a_bucket_that_is_not_there(store, tmp_path):
    for name in ("s3://nope/*.csv", "s3://nope/a.csv", "s3://nope/**/a*.csv"):
        assert "there is no bucket or folder 'nope'" in told(tmp_path, name, endpoint=store.endpoint).message


def test_a_silent_endpoint_is_told_after_few_tries(tmp_path, monkeypatch):
    monkeypatch.setattr(storage, "READ_SECONDS", 0.3)
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen(50)
        endpoint = f"http://127.0.0.1:{silent.getsockname()[1]}"
        error = told(tmp_path, FORMS[0], endpoint=endpoint)
        silent.setblocking(False)
        tries = 0
        with suppress(BlockingIOError):
            while True:
                silent.accept()[0].close()
                tries += 1
    assert isinstance(error, Retryable)
    assert f"the endpoint {endpoint} does not answer in time" in error.message
    assert tries == 4


def test_an_endpoint_of_no_known_name(tmp_path):
    error = told(tmp_path, FORMS[0], endpoint="http://store.invalid")
    assert "the endpoint http://store.invalid has a name that the network does not know" in error.message


def test_a_certificate_that_nobody_vouches_for_and_how_to_vouch_for_it(tmp_path, monkeypatch):
    certificate, key = _certificate(tmp_path)
    backend = DomainDispatcherApplication(create_backend_app)
    server = make_server("127.0.0.1", 0, backend, threaded=True, ssl_context=(str(certificate), str(key)))
    endpoint = f"https://127.0.0.1:{server.server_port}"
    with serving(server):
        error = told(tmp_path, FORMS[0], endpoint=endpoint)
        assert f"the certificate of the endpoint {endpoint} is not trusted (self-signed certificate)" in error.message
        assert "AWS_CA_BUNDLE" in error.hint
        plain = told(tmp_path, FORMS[0], endpoint=endpoint.replace("https", "http"))
        assert "ended the connection before it had answered" in plain.message
        assert "write https:// if the store speaks TLS" in plain.hint
        monkeypatch.setenv("AWS_CA_BUNDLE", str(certificate))
        known = Storage.model_validate(KEYS | {"endpoint": endpoint, "region": "eu-west-1"})  # a client of its own
        found = open_store("till", FORMS[0], known, tmp_path).find(FORMS[0])
        assert "s3://exports/till.csv" in [one.name for one in found]
    with answering(200) as (address, _):
        error = told(tmp_path, FORMS[0], endpoint=address.replace("http", "https"))
    assert "does not speak TLS as https:// needs it" in error.message


def _certificate(folder):
    """A certificate for 127.0.0.1 that is its own authority, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "store of a test")])
    now = dt.datetime.now(dt.UTC)
    host = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(host, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    (folder / "certificate.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    plain, form = serialization.NoEncryption(), serialization.PrivateFormat.PKCS8
    (folder / "key.pem").write_bytes(key.private_bytes(serialization.Encoding.PEM, form, plain))
    return folder / "certificate.pem", folder / "key.pem"


def test_a_store_that_goes_away_while_a_file_is_read(store, tmp_path):
    """What was read stays, and the file waits with the reason until it is read again."""
    row = b"a@example.com;2026-01-01\n"
    store.put("long.csv", b"mail;at\n" + row * 800_000)  # 20 MB: several blocks
    backend = DomainDispatcherApplication(create_backend_app)
    server = make_server("127.0.0.1", free_port(), backend, threaded=True)  # nobody else gets its port afterwards
    endpoint = f"http://127.0.0.1:{server.server_port}"
    given = {"file": "s3://exports/long.csv", "storage": KEYS | {"endpoint": endpoint}}
    events = [{"kind": "contact_made", "time": "at", "identifiers": {"email": "mail"}}]
    definition = SourceDefinition.model_validate(given | {"events": events}).named("till")
    chunks = []
    with ExitStack() as running:
        running.enter_context(serving(server))
        for chunk in reading.read(definition, tmp_path, frozenset(("mail",)), {}):
            running.close()  # with the first chunk
            chunks.append(chunk)
    assert sum(len(chunk.raw) for chunk in chunks) > 0
    (left,) = [one.message for chunk in chunks for one in chunk.rejected]
    assert f"the endpoint {endpoint} does not answer: it refuses the connection" in left
    assert not any(chunk.position for chunk in chunks)
