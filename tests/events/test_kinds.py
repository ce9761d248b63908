import pytest
from pydantic import ValidationError

from geleit.events.event import Event, event_id, total_order
from geleit.events.kinds import CHANNELS, Catalogue, Kinds, snake
from geleit.events.vocabulary import VOCABULARY


def event(kind, **properties):
    return Event("shop", "1", kind, 0, properties=properties)


def catalogue(**definition):
    return Catalogue(Kinds.model_validate(definition))


def test_every_known_kind_has_words_in_both_languages_and_a_stage_of_icos():
    stages = set(Catalogue().stage_index) | {""}
    for vocable in VOCABULARY.values():
        assert vocable.en
        assert vocable.de
        assert vocable.stage in stages


def test_every_channel_has_words_in_both_languages():
    assert all({"en", "de"} <= set(channel.label) for channel in CHANNELS.values())


def test_a_sources_own_word_is_read_as_the_kind_it_means():
    read = catalogue(kinds={"add_to_cart": {"same_as": "product_added", "channel": "app"}})
    touchpoint = read.touchpoint(event("add_to_cart"))
    assert (touchpoint.kind, touchpoint.stage, touchpoint.channel, touchpoint.medium) == (
        "product_added",
        "configure",
        "app",
        "online",
    )
    assert read.label("add_to_cart", "de") == "legt in den Warenkorb"
    assert read.missing(event("add_to_cart")) == ["product_id|sku|name"]


def test_the_event_itself_says_best_where_it_happened():
    read = catalogue(kinds={"contact_made": {"channel": "phone"}})
    place = {"channel": "store", "ownership": "other"}
    touchpoint = read.touchpoint(Event("crm", "1", "contact_made", 0, place=place))
    assert (touchpoint.channel, touchpoint.medium, touchpoint.ownership) == ("store", "offline", "other")


def test_a_told_step_is_read_as_the_step_it_tells_of():
    read = catalogue(kinds={"market_visited": {"stage": "configure", "channel": "store", "ownership": "other"}})
    told = read.touchpoint(event("step_told", step="market_visited"))
    assert (told.stage, told.ownership, told.evidence) == ("configure", "other", "told")
    assert read.touchpoint(event("step_told", step="market_visited", supposed=True)).evidence == "gap"


def test_labels_take_properties_and_leave_out_what_is_missing():
    read = catalogue(kinds={"searched": {"label": {"en": "keeps {count} models in mind", "de": "merkt sich {count}"}}})
    assert read.text(event("searched", count=4), "en") == "keeps 4 models in mind"
    assert read.text(event("searched"), "de") == "merkt sich"


def test_a_text_of_the_event_comes_in_the_readers_language():
    said = event("contact_made", text={"en": "asks", "de": "fragt"})
    assert Catalogue().text(said, "de") == "fragt"


def test_another_stage_model_wears_the_colors_from_first_to_last():
    stages = [{"id": name, "label": name} for name in ("aware", "consider", "buy", "return")]
    read = catalogue(stages=stages, kinds={"order_completed": {"stage": "buy"}})
    assert [read.tone(stage["id"]) for stage in stages] == [0, 2, 3, 5]
    assert read.touchpoint(event("order_completed", order_id="1")).stage == "buy"
    assert read.touchpoint(event("page_viewed")).stage == ""


@pytest.mark.parametrize(
    "wrong",
    [
        {"kinds": {"x": {"stage": "nowhere"}}},
        {"kinds": {"x": {"channel": "nowhere"}}},
        {"kinds": {"x": {"same_as": "nothing"}}},
        {"stages": [{"id": "one", "label": "One"}]},
    ],
)
def test_what_does_not_exist_is_refused(wrong):
    with pytest.raises(ValidationError):
        Kinds.model_validate(wrong)


def test_kinds_that_mean_each_other_end():
    read = catalogue(kinds={"a": {"same_as": "b"}, "b": {"same_as": "a"}})
    assert read.canonical("a") in {"a", "b"}


@pytest.mark.parametrize(
    ("name", "kind"), [("Order Completed", "order_completed"), ("checkoutStarted", "checkout_started")]
)
def test_names_become_kinds(name, kind):
    assert snake(name) == kind


def test_the_total_order_fits_a_bigint_and_puts_rank_first():
    low, high = total_order(0, event_id("a", "1")), total_order(32_767, event_id("a", "2"))
    assert 0 <= low < high < 2**63
    assert total_order(5, event_id("z", "z")) < total_order(6, event_id("a", "a"))
