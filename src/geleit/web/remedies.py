"""Why a record waits in quarantine, and what helps, in words for people who know their system but not geleit."""

from __future__ import annotations

from geleit.sources.csv_records import wide
from geleit.web.reader import Reader


def reason_name(reason: str, reader: Reader) -> str:
    """A reason as a person would say it; one that is not known here is called as the sources room calls it."""
    say = reader.say
    known = {
        "unreadable_file": say("The file is damaged or of another format"),
        "undecodable": say("Letters that cannot be read"),
        "bad_csv": say("Quotation marks that do not close"),
        "wrong_field_count": say("More or fewer fields than the header"),
        "bad_json": say("Not valid JSON"),
        "not_an_object": say("JSON without names and values"),
        "too_large": say("The record is too large"),
        "no_group": say("Nothing to group the record by"),
        "expression": say("An expression cannot be computed"),
        "too_expensive": say("An expression takes too long"),
        "no_kind": say("It does not say what happened"),
        "no_time": say("The time is empty"),
        "bad_time": say("The time cannot be read"),
        "time_out_of_range": say("The time cannot be right"),
        "no_identifier": say("Nothing points at a person"),
        "missing_property": say("Something required is empty"),
        "bad_place": say("An unknown stage or touchpoint"),
        "duplicate_key": say("Two events with one key"),
        "incomplete": say("A row that belongs to it cannot be read"),
        "changed_content": say("It was taken in before and now says something else"),
    }
    return known.get(reason, reason.replace("_", " "))


def remedy(reason: str, reader: Reader, encoding: str = "") -> str:
    """What helps against a reason; empty if only the record itself can be mended.

    ``encoding``: the one that the source names, if any.
    """
    say = reader.say
    if reason == "undecodable" and encoding and wide(encoding):
        return say(
            "These lines are not in {encoding}, as the source says. Those in UTF-8 are taken in by geleit quarantine replay; "
            "if all are in another encoding, name that one.",
            encoding=encoding,
        )
    csv = say("Check delimiter and quotation mark under csv in the source.")
    expression = say("Check the expression in the source; the message names it.")
    known = {
        "unreadable_file": say("Export the file anew and import again."),
        "undecodable": say("Name the file's encoding under csv in the source, such as cp1252."),
        "bad_csv": csv,
        "wrong_field_count": csv,
        "bad_json": say("Export the file anew and import again."),
        "not_an_object": say("Name the list with the records under records in the source."),
        "no_group": say("Check group in the source, or leave such records out with skip."),
        "expression": expression,
        "too_expensive": expression,
        "no_kind": say("Check kind_from in the source, or leave such records out with skip."),
        "no_time": say("Map another column to time, or leave such records out with skip."),
        "bad_time": say("Name its form with time_format in the source, or mend the record."),
        "time_out_of_range": say("Mend the record: before 1900 and far ahead nothing is taken in."),
        "no_identifier": say("Map another column to an identifier, or leave such records out with skip."),
        "missing_property": say("Map the property in the source, or mend the record."),
        "bad_place": say("Name stages and touchpoints as kinds.yaml does."),
        "duplicate_key": say("Give every event of the record a key of its own."),
        "incomplete": say("Mend the row that the message names, in its file, and import again: then the record comes."),
        "changed_content": say(
            "The earlier one stands. If both happened, put the day into the key; if the source was corrected: geleit import --anew."
        ),
    }
    return known.get(reason, "")
