import pytest

from geleit.errors import DefinitionError, GeleitError, NotFoundError
from geleit.workspace.definitions import find_workspace, load_checked, load_definitions
from geleit.workspace.scaffold import MODELS, init, schema_name


@pytest.fixture
def root(tmp_path):
    init(tmp_path / "acme", name="Acme")
    return tmp_path / "acme"


def problem(root, name, text):
    (root / name).parent.mkdir(exist_ok=True)
    (root / name).write_text(text)
    with pytest.raises(DefinitionError) as caught:
        load_definitions(root)
    return caught.value


def test_a_new_workspace_loads_and_has_schemas(root):
    definitions = load_definitions(root)
    assert definitions.company.company == "Acme"
    assert {p.name for p in (root / ".schemas").iterdir()} == {schema_name(place) for place in MODELS}


def test_a_workspace_is_never_made_twice(root):
    before = (root / "geleit.yaml").read_text()
    with pytest.raises(GeleitError, match="already"):
        init(root, name="Other")
    assert (root / "geleit.yaml").read_text() == before


def test_unknown_key_names_line_and_the_word_that_was_meant(root):
    error = problem(root, "geleit.yaml", "company: Acme\nzone: Europe/Berlin\ncurency: EUR\n")
    assert (error.file, error.line) == ("geleit.yaml", 3)
    assert "did you mean 'currency'" in error.hint


def test_a_wrong_value_is_quoted(root):
    error = problem(root, "geleit.yaml", "company: Acme\nzone: Europe/Berln\n")
    assert error.line == 2
    assert "Europe/Berln" in str(error)


def test_missing_key_says_what_to_add(root):
    error = problem(root, "geleit.yaml", "zone: Europe/Berlin\n")
    assert "company" in str(error)
    assert "add 'company:'" in error.hint


def test_broken_yaml_names_the_line(root):
    error = problem(root, "kinds.yaml", "kinds:\n  a: {stage: order\n  b: x\n")
    assert error.file == "kinds.yaml"
    assert error.line >= 2


def test_a_kind_with_an_unknown_stage_is_refused(root):
    error = problem(root, "kinds.yaml", "kinds:\n  talk: {stage: chatting}\n")
    assert "chatting" in str(error)
    assert "inform" in str(error)


def test_wrong_span_says_how_to_write_one(root):
    text = "needs:\n  - topic: x\n    label: x\n    opens: [{kind: a}]\n    lookback: soon\n"
    error = problem(root, "needs.yaml", text)
    assert error.line == 5
    assert "14 days" in str(error)


def test_a_secret_in_plain_text_is_refused_and_not_repeated(root):
    error = problem(root, "geleit.yaml", "company: Acme\nledger: postgresql://geleit:hunter2@db/geleit\n")
    assert error.line == 2
    assert "hunter2" not in str(error)
    assert "secret: NAME" in error.hint


def test_all_problems_are_gathered_not_only_the_first(root):
    (root / "kinds.yaml").write_text("kind: 1\n")
    (root / "needs.yaml").write_text("need: 1\n")
    found, problems = load_checked(root)
    assert found is None
    assert {p.file for p in problems} == {"kinds.yaml", "needs.yaml"}


def test_a_yml_file_is_not_overlooked(root):
    error = problem(root, "sources/till.yml", "file: x.csv\n")
    assert "rename it to till.yaml" in error.hint


def test_the_workspace_is_found_from_below(root):
    assert find_workspace(root / "sources") == root
    with pytest.raises(NotFoundError, match=r"no geleit\.yaml"):
        find_workspace(root.parent)


def test_a_column_called_token_is_no_secret(root):
    (root / "sources").mkdir(exist_ok=True)
    (root / "sources" / "shop.yaml").write_text(
        "file: x.csv\nevents:\n  - kind: cart_viewed\n    time: t\n    identifiers: {shop.cart_token: cart_token}\n"
    )
    assert "shop" in load_definitions(root).sources
