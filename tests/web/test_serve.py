import contextlib

import pytest

from geleit.errors import GeleitError
from geleit.web.serve import listen


def test_the_next_free_port_is_taken():
    with contextlib.closing(listen("127.0.0.1", 0)) as first:
        port = first.getsockname()[1]
        with contextlib.closing(listen("127.0.0.1", port)) as second:
            assert port < second.getsockname()[1] < port + 20


def test_an_address_of_another_machine_is_told():
    with pytest.raises(GeleitError, match="cannot listen on 192"):
        listen("192.0.2.1", 8420)
