"""An app at a free port of this machine, by the real server."""

import contextlib
import threading

from geleit.web.serve import listen, server_for

SECONDS = 120  # a busy machine is no error


@contextlib.contextmanager
def listening(app):
    """Serve the app in a thread; gives the port."""
    socket = listen("127.0.0.1", 0)
    server = server_for(app)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [socket]}, daemon=True)
    thread.start()
    try:
        yield socket.getsockname()[1]
    finally:
        server.should_exit = True
        thread.join(SECONDS)
        socket.close()
