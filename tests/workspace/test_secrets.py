import pytest

from geleit.errors import GeleitError
from geleit.secrets import Secret, redact


def test_the_environment_is_asked_first(monkeypatch, tmp_path):
    monkeypatch.setenv("LEDGER_URL", "sqlite:///x")
    assert Secret(secret="LEDGER_URL").reveal(tmp_path) == "sqlite:///x"


def test_a_file_that_others_may_read_is_refused(tmp_path):
    (tmp_path / "secrets").mkdir()
    path = tmp_path / "secrets" / "KEY_NAME"
    path.write_text("value\n")
    path.chmod(0o644)
    with pytest.raises(GeleitError, match="read by others"):
        Secret(secret="KEY_NAME").reveal(tmp_path)
    path.chmod(0o600)
    assert Secret(secret="KEY_NAME").reveal(tmp_path) == "value"


def test_a_missing_secret_says_where_to_put_it(tmp_path):
    with pytest.raises(GeleitError) as caught:
        Secret(secret="NOWHERE").reveal(tmp_path)
    assert "secrets/NOWHERE" in caught.value.hint


def test_messages_never_show_a_password():
    assert redact("postgresql://geleit:hunter2@db/x") == "postgresql://geleit:***@db/x"
