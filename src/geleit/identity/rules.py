"""identity.yaml: which identifiers point at a person, how strongly, how many of a type one customer may have."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from geleit.clock import DAY, moment
from geleit.definitions import Definition
from geleit.events.event import Identifier

IdentifierClass = Literal[
    "user_id", "loyalty_card", "email", "phone", "device_id", "anonymous_id", "other_id", "order_id"
]
Window = Literal["ever", "year", "month", "week"]


def _compiles(pattern: str) -> str:
    try:
        re.compile(pattern)
    except re.error as error:
        raise ValueError(f"'{pattern}' is no regular expression: {error}") from None
    return pattern


def _names_types(name: str) -> str:
    system, dot, rest = name.partition(".")
    starred = "*" in name
    if starred and not (dot and "*" not in rest and system == "*") and not ("*" not in system and rest == "*"):
        raise ValueError(f"'{name}' is no type: write email, shop.user_id, shop.* or *.user_id")
    return name


def _names_one(text: str) -> str:
    type_, colon, value = text.partition(":")
    if not (colon and type_.strip() and value.strip()):
        raise ValueError("write an identifier as type:value, such as email:office@example.org")
    return text


USUAL_STRENGTH = 50  # of a source of which nothing is said

Pattern = Annotated[str, AfterValidator(_compiles)]
TypeName = Annotated[str, AfterValidator(_names_types)]
Named = Annotated[str, AfterValidator(_names_one)]


class ClassRule(Definition):
    """How many of a kind one customer may have, how strongly they join, and when they are shared."""

    priority: int | None = Field(None, ge=0, description="smaller links first and names the customer of an event")
    limit: int | Literal["none"] | None = Field(
        None, description="how many of this exact type one customer may have in each window; none: any number"
    )
    per: Window | None = Field(
        None, description="window of the limit, by when an identifier was first seen (UTC): ever, year, month, week"
    )
    unique: bool | None = Field(None, description="true: one customer never has two (limit 1, ever)")
    links: bool | None = Field(None, description="false: belongs to one customer, but never joins two")
    shared_by: int | None = Field(
        None, ge=2, description="a value seen with this many user ids of one system is shared and joins nobody"
    )
    blocked: tuple[Pattern, ...] = Field(
        (), description="values of these types that point at nobody: regular expressions, case-insensitive"
    )

    @model_validator(mode="after")
    def _is_one_limit(self) -> Self:
        if self.unique is not None and (self.limit is not None or self.per is not None):
            raise ValueError("unique says limit 1 ever: leave out 'limit' and 'per', or 'unique'")
        if isinstance(self.limit, int) and self.limit < 1:
            raise ValueError("a limit is at least 1; links: false keeps a type from joining anybody")
        return self


class IdentifierRule(ClassRule):
    """How identifiers of one type are read; what is left out follows from more general names, then from the class."""

    class_: IdentifierClass | None = Field(
        None, alias="class", description="what kind of identifier it is; by default read from the last part of its name"
    )


class SourceRule(Definition):
    """How far one source is trusted where it shows identifiers together."""

    strength: int = Field(USUAL_STRENGTH, ge=0, description="among links of equal types, smaller comes first")
    links: bool = Field(True, description="false: what this source shows together joins nobody")
    ignore: tuple[TypeName, ...] = Field((), description="types that join nobody where this source shows them")
    blocked: tuple[Pattern, ...] = Field(
        (), description="values that join nobody where this source shows them: regular expressions, case-insensitive"
    )


class Hub(Definition):
    """When a value is shared by so many that it links nobody."""

    user_ids: int = Field(5, ge=1, description="more user ids of one system than this, and the value links nobody")
    degree: int = Field(50, ge=2, description="more other identifiers than this, and the value links nobody")


class ProbableLinks(Definition):
    """Whether likeness alone may join: links that geleit identity link found, behind all evidence."""

    join: bool = Field(False, description="true: what is probable enough joins, until somebody answers otherwise")
    above: float = Field(10.0, gt=0, description="bits from which a link joins; 10 is about a thousand to one")


class Identity(Definition):
    """identity.yaml: rules for identifiers; customers are a pure function of evidence, these rules and decisions."""

    identifiers: dict[TypeName, IdentifierRule] = Field(
        default_factory=dict, description="by type, such as email or shop.user_id; shop.* and *.user_id name several"
    )
    classes: dict[IdentifierClass, ClassRule] = Field(
        default_factory=dict, description="by class, for all types of it that say nothing else"
    )
    sources: dict[str, SourceRule] = Field(default_factory=dict, description="by name of the source")
    blocked: tuple[Pattern, ...] = Field(
        (), description="values that point at nobody: regular expressions, case-insensitive, added to the built-in ones"
    )
    include: tuple[Named, ...] = Field(
        (), description="identifiers (type:value) that join even if they look blocked or shared"
    )
    exclude: tuple[Named, ...] = Field((), description="identifiers (type:value) that join nobody")
    hub: Hub = Field(default_factory=Hub, description="when a shared value links nobody")
    probable_links: ProbableLinks = Field(
        default_factory=ProbableLinks, description="whether probable links join, and from how many bits on"
    )

    @model_validator(mode="after")
    def _is_one_way(self) -> Self:
        for both in sorted(set(self.include) & set(self.exclude)):
            raise ValueError(f"'{both}' stands in include and in exclude; leave it out of one")
        return self


@dataclass(frozen=True, slots=True)
class TypeRule:
    """What holds for one type: class, priority (smaller first), how many per customer and window, whether it joins.

    ``shared_by``: seen with so many user ids of one system, a value joins nobody.
    """

    class_: IdentifierClass
    priority: int
    limit: int | None
    per: Window
    links: bool = True
    shared_by: int | None = None
    blocked: tuple[re.Pattern[str], ...] = ()

    def slot(self, first_t: int) -> int:
        """The window (its number) in which an identifier first seen at ``first_t`` counts."""
        if self.per == "ever":
            return 0
        if self.per == "week":
            return (first_t // DAY + 3) // 7  # 1970-01-01 was a Thursday; weeks begin on Monday
        at = moment(first_t)
        return at.year if self.per == "year" else at.year * 12 + at.month


CLASSES: dict[IdentifierClass, TypeRule] = {
    "user_id": TypeRule("user_id", 10, 1, "ever"),
    "loyalty_card": TypeRule("loyalty_card", 20, 5, "ever"),
    "email": TypeRule("email", 30, 5, "year"),
    "phone": TypeRule("phone", 40, 5, "year", shared_by=2),  # families have one
    "device_id": TypeRule("device_id", 50, 5, "year", shared_by=2),
    "anonymous_id": TypeRule("anonymous_id", 60, 5, "month", shared_by=2),
    "other_id": TypeRule("other_id", 70, 5, "year"),
    "order_id": TypeRule("order_id", 80, None, "ever", links=False),
}

_NAMED: dict[IdentifierClass, str] = {
    "user_id": "user_id userid user customer_no customer_id customer_number customer contact_id contact member_id "
    "member_no account_no requester requester_id subscriber_id person_id client_no profile_id",
    "loyalty_card": "loyalty_card loyalty_id loyalty_no card_no bonus_card",
    "email": "email e_mail mail",
    "phone": "phone phone_no mobile telephone msisdn",
    "device_id": "device_id device idfa idfv gaid advertising_id",
    "anonymous_id": "anonymous_id anonymousid cookie cookie_id visitor_id client_id session_id session ga_id "
    "cart_token cart_id checkout_token checkout_id",  # a cart lives in one browser until it is ordered
    "order_id": "order_id order_no order_number invoice_no receipt_no ticket_id case_id tracking_no shipment_id",
}
NAMES: dict[str, IdentifierClass] = {name: class_ for class_, names in _NAMED.items() for name in names.split()}

# What lives for a visit or two: a person has many of them, and they say no less for it.
SHORT_LIVED = frozenset(("session_id", "session", "cart_token", "cart_id", "checkout_token", "checkout_id"))
SHORT_LIVED_LIMIT = 300

# The values that systems write when they know nobody.
BLOCKED = (
    r"[0-]*|-1|null|none|nil|undefined|nan|true|false|anonymous|guest|test|unknown|not_authenticated"
    r"|distinct_id|id|email|\[object object\]"
    r"|n/?a|k\.? ?a\.?|keine?|gast|anonym|unbekannt"
)
QUOTES = "\"'`´‘’‚“”„«»‹› "  # noqa: RUF001 (these are the quotes that junk comes in)


class Rules:
    """identity.yaml compiled: what holds for a type, a source, a value."""

    def __init__(self, definition: Identity | None = None) -> None:
        self.definition = definition or Identity()
        self.hub = self.definition.hub
        likely = self.definition.probable_links
        self.probable = likely.above if likely.join else None  # bits from which a probable link joins; None: never
        self.include = frozenset(map(_identifier, self.definition.include))
        self.exclude = frozenset(map(_identifier, self.definition.exclude))
        self.blocks = lru_cache(maxsize=65_536)(self._blocks)
        self._types: dict[str, TypeRule] = {}
        self._built_in = re.compile(BLOCKED, re.IGNORECASE)
        self._added = _compiled(self.definition.blocked)
        self._sources = {name: (rule, _compiled(rule.blocked)) for name, rule in self.definition.sources.items()}

    def of(self, type_: str) -> TypeRule:
        """The rule of a type: its class's defaults, overridden by identity.yaml, the most exact name last.

        >>> Rules().of("shop.user_id").limit, Rules().of("till.order_id").links
        (1, False)
        """
        rule = self._types.get(type_)
        if rule is None:
            rule = self._types[type_] = self._read(type_)
        return rule

    def slot(self, identifier: Identifier, first_t: int) -> tuple[str, int] | None:
        """Where an identifier counts against its limit: its type and window; None without a limit."""
        return self.slot_of(identifier.type, first_t)

    def slot_of(self, type_: str, first_t: int) -> tuple[str, int] | None:
        """The same, of any identifier of a type."""
        rule = self.of(type_)
        if rule.limit is None:
            return None
        return type_, 0 if rule.per == "ever" else rule.slot(first_t)

    @property
    def by_source(self) -> bool:
        """Whether it matters which source showed something."""
        return bool(self._sources)

    def strength(self, source: str) -> int:
        """The place of a source's evidence among links of equal types; smaller comes first."""
        return self.definition.sources[source].strength if source in self._sources else USUAL_STRENGTH

    def heeds(self, source: str, identifier: Identifier) -> bool:
        """Whether what a source shows of an identifier may join it to others."""
        if source not in self._sources or identifier in self.include:
            return True
        rule, blocked = self._sources[source]
        return (
            rule.links
            and not any(name in rule.ignore for name in names(identifier.type))
            and not _matches(blocked, identifier.value)
        )

    def _read(self, type_: str) -> TypeRule:
        named = [self.definition.identifiers[name] for name in names(type_) if name in self.definition.identifiers]
        class_ = next((rule.class_ for rule in named if rule.class_), None) or class_of(type_)
        found = CLASSES[class_]
        if type_.rsplit(".", 1)[-1] in SHORT_LIVED:
            found = replace(found, limit=SHORT_LIVED_LIMIT)
        of_class = [self.definition.classes[class_]] if class_ in self.definition.classes else []
        for own in (*of_class, *reversed(named)):
            found = _with(found, own)
        return found

    def blocked_by(self, identifier: Identifier) -> str:
        """The rule by which a value points at nobody: ``built-in``, or a pattern of identity.yaml; empty if none does.

        >>> Rules().blocked_by(Identifier("email", "'NULL'")), Rules().blocked_by(Identifier("email", "ada@example.org"))
        ('built-in', '')
        """
        value = identifier.value
        if identifier in self.include:
            return ""
        if self._built_in.fullmatch(value.strip(QUOTES)) is not None:
            return "built-in"
        own = (*self._added, *self.of(identifier.type).blocked)
        return next((f"blocked: {pattern.pattern}" for pattern in own if _matches((pattern,), value)), "")

    def _blocks(self, identifier: Identifier) -> bool:
        """Whether a value points at nobody (junk such as ``null``, ``'0'``, ``[object Object]``, plain or quoted)."""
        return bool(self.blocked_by(identifier))


def _with(rule: TypeRule, own: ClassRule) -> TypeRule:
    """A rule with what another says more exactly."""
    said: dict[str, Any] = {
        name: value
        for name in ("priority", "limit", "per", "links", "shared_by")
        if (value := getattr(own, name)) is not None
    }
    if said.get("limit") == "none":
        said["limit"] = None
    if own.unique:
        said |= {"limit": 1, "per": "ever"}
    return replace(rule, **said, blocked=(*rule.blocked, *_compiled(own.blocked)))


def _identifier(text: str) -> Identifier:
    type_, _, value = text.partition(":")
    return Identifier(type_.strip(), value.strip())


def _compiled(patterns: Iterable[str]) -> tuple[re.Pattern[str], ...]:
    return tuple(re.compile(pattern, re.IGNORECASE) for pattern in patterns)


def _matches(patterns: Iterable[re.Pattern[str]], value: str) -> bool:
    """Whether a value, plain or without its quotes, matches one of the patterns."""
    bare = value.strip(QUOTES)
    return any(pattern.search(value) or pattern.search(bare) for pattern in patterns)


def names(type_: str) -> tuple[str, ...]:
    """The names that rules for a type may have, the most exact first.

    >>> names("shop.user_id")
    ('shop.user_id', '*.user_id', 'shop.*')
    """
    system, dot, _ = type_.partition(".")
    return (type_, f"*.{type_.rsplit('.', 1)[-1]}", f"{system}.*") if dot else (type_,)


def class_of(type_: str) -> IdentifierClass:
    """A type's class by the last part of its name; an unknown one of a system is that system's own user number.

    >>> class_of("crm.contact_id"), class_of("till.kunde"), class_of("kiosk")
    ('user_id', 'user_id', 'other_id')
    """
    last = type_.rsplit(".", 1)[-1]
    return NAMES.get(last) or ("user_id" if "." in type_ else "other_id")
