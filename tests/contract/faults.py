"""A proxy between a client and the server that fails as it is told: request by request, each POST takes the next fault.

``pass``        the request goes through, and so do all after the last fault
``busy``        429 with Retry-After: 1, the server sees nothing
``broken``      500, the server sees nothing
``unavailable`` 503, the server sees nothing
``unread``      the connection is cut before the request is read
``unanswered``  the server takes the request and answers; the client gets a cut connection instead
``half``        the same, after half of the answer
"""

import contextlib
import socket
import struct
import threading
import time
from dataclasses import dataclass, field

SECONDS = 300
RESET = struct.pack("ii", 1, 0)  # linger for no time: closing tears the connection down
REPLIES = {
    "busy": b"HTTP/1.1 429 Too Many Requests\r\nRetry-After: 1\r\n",
    "broken": b"HTTP/1.1 500 Internal Server Error\r\n",
    "unavailable": b"HTTP/1.1 503 Service Unavailable\r\n",
}
CORS = b"Access-Control-Allow-Origin: *\r\nAccess-Control-Expose-Headers: Retry-After\r\n"
BODY = b'{"success":false,"message":"try again"}'


@dataclass(frozen=True)
class Seen:
    """One POST as it came; ``status``: what the client was answered, 0 for a cut connection."""

    at: float
    line: str
    headers: dict
    body: bytes
    fault: str
    status: int


@dataclass
class Faults:
    """Listens on ``port`` for requests that go to ``target``; ``script``: the faults still to come."""

    target: int
    script: list = field(default_factory=list)
    seen: list = field(default_factory=list)
    port: int = 0

    def __post_init__(self):
        self.planned = tuple(self.script)
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._lock = threading.Lock()
        self.port = self._listening.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def address(self):
        return f"http://127.0.0.1:{self.port}"

    @property
    def met(self):
        """Whether every planned fault has been met; in which order is the client's matter, which may send two at once."""
        return sorted(one.fault for one in self.seen if one.fault != "pass") == sorted(self.planned)

    def close(self):
        with contextlib.suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)  # ends the waiting for clients
        self._listening.close()

    def _accept(self):
        with contextlib.suppress(OSError):  # closed
            while True:
                client, _ = self._listening.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client):
        """One connection of a client, request by request."""
        client.settimeout(SECONDS)
        with contextlib.suppress(OSError), client:
            while start := client.recv(4, socket.MSG_PEEK):
                fault = self._next() if start == b"POST" else "pass"
                if fault == "unread":
                    self._note(b"", {}, b"", fault, 0)
                    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
                    return
                if not self._pass(client, fault):
                    return

    def _next(self):
        with self._lock:
            return self.script.pop(0) if self.script else "pass"

    def _pass(self, client, fault):
        """One request and its answer; False if the connection ends. The server may end its own after each request."""
        head, headers, body = message(client)
        if fault in REPLIES:
            answer = REPLIES[fault] + CORS + b"Content-Length: %d\r\n\r\n" % len(BODY) + BODY
            status = int(answer[9:12])
        else:
            with socket.create_connection(("127.0.0.1", self.target), SECONDS) as server:
                server.sendall(head + body)
                started, _, rest = message(server, bodiless=head.startswith(b"HEAD"))
            answer, status = started + rest, int(started[9:12])
        cut = fault in ("unanswered", "half")
        if head.startswith(b"POST"):
            self._note(head, headers, body, fault, 0 if cut else status)
        if cut:
            client.sendall(answer[: len(answer) // 2] if fault == "half" else b"")
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            return False
        client.sendall(answer)
        return headers.get("connection", "").lower() != "close"

    def _note(self, head, headers, body, fault, status):
        line = head.partition(b"\r\n")[0].decode("latin-1")
        self.seen.append(Seen(time.monotonic(), line, headers, body, fault, status))


def message(peer, *, bodiless=False):
    """One HTTP message: its head as it came, its headers by small names, its body as it came (chunks stay chunks)."""
    data = b""
    while b"\r\n\r\n" not in data:
        data += some(peer)
    head, _, body = data.partition(b"\r\n\r\n")
    lines = head.decode("latin-1").split("\r\n")
    headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
    if not bodiless and headers.get("transfer-encoding", "").lower() == "chunked":
        while not body.endswith(b"0\r\n\r\n"):
            body += some(peer)
    length = 0 if bodiless else int(headers.get("content-length", 0))
    while len(body) < length:
        body += some(peer)
    return head + b"\r\n\r\n", headers, body


def some(peer):
    part = peer.recv(65536)
    if not part:
        raise ConnectionResetError
    return part
