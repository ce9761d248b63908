"""Write the generated pages: workspace, vocabulary, commands, ready sources. ``make docs`` runs it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import typer.main

import model_reference
import ready_reference
from geleit.cli.app import app
from geleit.events.kinds import CHANNELS, ICOS
from geleit.events.vocabulary import COMMERCE, MESSAGES, RESERVED, Vocable
from geleit.workspace.scaffold import MODELS

REFERENCE = Path(__file__).resolve().parent.parent / "docs" / "reference"
EXAMPLE = REFERENCE / "example"
MADE = "<!-- written by scripts/write_docs.py (make docs); change the code, not this page -->\n\n"

ABOUT = {
    "geleit.yaml": "Its folder is the workspace. Commands take `--workspace DIR`; without it they look for the nearest "
    "folder upwards with a geleit.yaml.",
    "sources/*.yaml": "One file per source; its name is the source's name. How expressions work, and what they may call: "
    "[sources](../sources.md).",
    "kinds.yaml": "May be left out: then stages are ICOS, and kinds and channels are those of the "
    "[vocabulary](vocabulary.md). It is applied when events are read, so a change holds for the whole past.",
    "identity.yaml": "May be left out. How customers are made of identifiers: [identity](../identity.md).",
    "needs.yaml": "May be left out: then every step opens or continues one need, and 90 days of silence end it.",
    "segments/*.yaml": "May be left out. One file per segment; its name is the segment's name. What each condition means "
    "exactly: [segments](../segments.md).",
    "journeys/*.yaml": "May be left out. A designed journey is laid beside the actual ones on the map.",
}

WORKSPACE = """\
# The workspace folder

Definitions are YAML files, checked by strict models: an unknown field is an error that names file, line, value and remedy.
`geleit check` validates them all; `geleit schemas` writes JSON Schemas, so that editors complete and check while you type.
The examples below are one workspace, [example/](example/), that you may copy.

Keep `data/` (what was read) and `secrets/` out of version control; `geleit init` writes a `.gitignore` that does. A secret is
never written into a definition: write `{secret: NAME}` and set NAME in the environment, or in the file `secrets/NAME` with mode
0600.

"""

VOCABULARY_PAGE = """\
{made}# The vocabulary of events

Any source may deliver any kind. The kinds on this page are known: they have a stage, words in English and German, and properties
without which they make no sense (an event that lacks one waits in quarantine). Kinds of your own are described in `kinds.yaml`;
`same_as` makes a source's own word mean one of these.

*Contact* is drawn as a circle, *action* as a square. An *annotation* is no step of its own but belongs to one: to the event named by
`about`, else to the one of the same record, else to the one before it. *By us* marks what the company begins. Where a wording
holds `{{name}}`, that property of the event is filled in.

## Reserved kinds

{reserved}
## Messages

One set of kinds for e-mail, SMS, push and messages inside an app; the channel is the event's place. Unsubscribing is
`consent_withdrawn`, an answer is `contact_made`.

{messages}
## Shop kinds

Names follow the Segment e-commerce specification, in snake_case; `cart_updated` is ours, for shops that report the whole cart.
Spelling is forgiven: `Order Completed`, `orderCompleted` and `order_completed` are one kind.

{commerce}
## Properties that geleit reads

| property | on | meaning |
|---|---|---|
| `topic` | any step | topic of the need that the event belongs to or opens |
| `need_id` | any step | the very need, where the system knows it |
| `words` | any | what the person said, as said; one text or one per language |
| `text` | any | what happened, in words; one text or one per language |
| `staff` | any | name of the colleague who was there |
| `about` | annotations | key of the event it speaks of: `KEY` in the same source, or `SOURCE:KEY` |
| `evidence_note` | any | what the evidence is, in words |
| `step` | `step_told` | the kind that is told of |
| `supposed` | `step_told`, `criterion_stated` | true: a gap or a criterion that staff only suppose |
| `judged`, `facet`, `estimated` | `judgement_given` | from -2 to +2; functional, social or personal; true if estimated from text |
| `criterion` | `criterion_stated` | what the person judges by |
| `promise_id`, `due_at`, `by` | `promise_made`, `promise_kept` | which promise, due when, given by whom |
| `order_id`, `products`, `total`, `currency`, `state` | order kinds | money as decimal numbers (`total: 749.0`); `products` is a list with `product_id`, `name`, `quantity`, `price`, `serial` |
| `serial`, `product_id`, `warranty_until`, `version` | `product_registered` | what the person owns |
| `purpose`, `channel`, `wording` | consent kinds | consent to what, on which channel (empty: all), in which words |
| `score`, `scale`, `question` | `judgement_given`, `feedback_given` | what was ticked, on which scale (`0-10`), asked how |
| `message_id`, `campaign`, `subject`, `url`, `reason` | message kinds | which message of which campaign; what was clicked; why it did not arrive |
| `account_id`, `account_name`, `role` | account kinds | which company or household, and what the person is there |

## Stages

The default stage model is ICOS with both ends added; `kinds.yaml` may define any other.

{stages}
## Channels

Add your own, or change these, in `kinds.yaml`.

{channels}"""

COMMANDS = """\
# Commands

Every command explains itself with `--help`. With `--json` it prints JSON for programs, errors included. The exit code is 0 when all
is well and 1 when something is not. Errors are sentences: what happened, what is safe, and a hint.

"""


def workspace_page() -> str:
    """Every file of a workspace: fields, and an example that the tests load."""
    parts = [MADE, WORKSPACE]
    for place, model in MODELS.items():
        parts += [f"## {place}\n\n", ABOUT[place], "\n\n", model_reference.tables(model), "\n", *examples(place)]
    return "".join(parts).rstrip() + "\n"


def examples(place: str) -> list[str]:
    """The files of the example workspace for one place, as marked YAML blocks."""
    blocks = []
    for path in sorted(EXAMPLE.glob(place)):
        name = path.relative_to(EXAMPLE).as_posix()
        blocks.append(f"Example:\n\n```yaml\n# {name}\n{path.read_text(encoding='utf-8')}```\n\n")
    return blocks


def vocabulary_page() -> str:
    """Known kinds, the properties that are read, stages and channels."""
    stages = [(f"`{s.id}`", s.label["en"], s.label["de"]) for s in ICOS]
    channels = [
        (f"`{n}`", c.label["en"], c.label["de"], c.medium or "", c.ownership or "") for n, c in CHANNELS.items()
    ]
    return VOCABULARY_PAGE.format(
        made=MADE,
        reserved=kinds(RESERVED),
        messages=kinds(MESSAGES),
        commerce=kinds(COMMERCE),
        stages=rows(("stage", "English", "German"), stages),
        channels=rows(("channel", "English", "German", "medium", "ownership"), channels),
    )


def kinds(vocables: tuple[Vocable, ...]) -> str:
    """A table of kinds."""
    heads = ("kind", "English", "German", "stage", "on the map", "required properties")
    return rows(heads, [(f"`{v.kind}`", v.en, v.de, v.stage, drawn(v), required(v)) for v in vocables])


def drawn(vocable: Vocable) -> str:
    """What a map makes of it."""
    if not vocable.step:
        return "annotation"
    return ("contact" if vocable.contact else "action") + (", by us" if vocable.initiator == "company" else "")


def required(vocable: Vocable) -> str:
    """Its required properties; alternatives joined by "or"."""
    return ", ".join(" or ".join(f"`{name}`" for name in need.split("|")) for need in vocable.requires)


def commands_page() -> str:
    """Every command with its arguments and options."""
    return "".join([MADE, COMMANDS, *commands(typer.main.get_command(app), "geleit")]).rstrip() + "\n"


def commands(command: Any, name: str) -> list[str]:
    """One command, or a group with all its commands."""
    inner = getattr(command, "commands", None)
    if inner:
        return [text for word in inner for text in commands(inner[word], f"{name} {word}")]
    arguments = [p for p in command.params if p.param_type_name == "argument"]
    options = [p for p in command.params if p.param_type_name == "option" and p.help]
    usage = " ".join([name, *map(in_usage, arguments), "[options]"])
    parts = [f"## {name}\n\n{command.help}\n\n```text\n{usage}\n```\n\n"]
    if described := [(f"`{called(a)}`", a.help or "") for a in arguments if a.help]:
        parts.append(rows(("argument", "meaning"), described) + "\n")
    table = [(", ".join(f"`{o}`" for o in (*p.opts, *p.secondary_opts)), shown(p), p.help) for p in options]
    return [*parts, rows(("option", "default", "meaning"), table), "\n"]


def called(argument: Any) -> str:
    """An argument's name in the usage line."""
    return str(argument.metavar or argument.name.upper())


def in_usage(argument: Any) -> str:
    """An argument as the usage line shows it."""
    name = called(argument) + (" ..." if argument.nargs != 1 else "")
    return name if argument.required else f"[{name}]"


def shown(option: Any) -> str:
    """An option's default, empty for switches that are off and for what is found at run time."""
    if option.required:
        return "**required**"
    if option.is_flag:
        return f"`{option.opts[0]}`" if option.default and option.secondary_opts else ""
    plain = isinstance(option.default, str | int) and option.default != ""
    return f"`{option.default}`" if plain else ""


def rows(heads: tuple[str, ...], lines: Sequence[tuple[str, ...]]) -> str:
    """A Markdown table."""
    found = ["| " + " | ".join(heads) + " |", "|" + "---|" * len(heads)]
    found += ["| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines]
    return "\n".join(found) + "\n"


def ready_page() -> str:
    """The definitions that come with geleit."""
    return ready_reference.page(MADE)


PAGES = {
    "workspace.md": workspace_page,
    "vocabulary.md": vocabulary_page,
    "commands.md": commands_page,
    "../sources/ready.md": ready_page,
}


def main() -> None:
    """Write the pages."""
    for name, page in PAGES.items():
        (REFERENCE / name).write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
