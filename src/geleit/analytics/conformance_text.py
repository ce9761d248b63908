"""Composes the reference SQL of conformance: one chain of named queries, each step of the design a few links."""

from __future__ import annotations

from collections.abc import Mapping

from geleit.needs.alignment import REQUIRED
from geleit.needs.designed import DesignedJourney

NEVER = 2**62  # microseconds: a limit that nothing exceeds
NO = "1 = 0"


def cells(texts: Mapping[str, str], designed: DesignedJourney) -> str:
    """The query of who is in which cell."""
    last = len(designed.steps)
    numbers = range(1, last + 1)
    flags = ",\n".join(_body(texts["can_be"]).format(step=step) for step in numbers)
    values = {
        f"{of}s": ", ".join(_body(texts["of_step"]).format(step=step, of=of) for step in numbers)
        for of in ("kind", "channel", "stage")
    }
    chain = [
        ("flagged", texts["flagged"]),
        (f"rest_of_{last + 1}", texts["matched"].format(flags=flags, after=last + 1, **values)),
    ]
    for step in reversed(numbers):
        asked = {"step": step, "after": step + 1}
        begun = texts["repeating" if _repeats(designed, step) else "once"]
        begun = begun.format(**asked, worth=_worth(designed, step), before=chain[-1][0])
        chain.append((f"rest_of_{step}", texts["resting"].format(**asked, begun=begun)))
    chain.append(("took_0", texts["start"]))
    chain += [(f"took_{step}", _took(texts, designed, step)) for step in numbers]
    cases = [_body(texts["is_step" if _repeats(designed, step) else "is_step_once"]) for step in numbers]
    said = " ".join(case.format(step=step) for step, case in zip(numbers, cases, strict=True))
    chain.append(("apart_0", texts["given"].format(cases=said, before=f"took_{last}")))
    for step in numbers:
        unused = " AND ".join(f"(other_{one} IS NULL OR place <> other_{one})" for one in range(1, step)) or "1 = 1"
        chain.append((f"apart_{step}", texts["apart"].format(step=step, unused=unused, before=f"apart_{step - 1}")))
    queries = ",\n".join(f"{name} AS ({text})" for name, text in chain)
    return f"WITH {queries}\n{_judged(texts, designed)}"


def _body(text: str) -> str:
    """A text without its line of purpose."""
    return text.split("\n", 1)[1]


def _repeats(designed: DesignedJourney, step: int) -> bool:
    return designed.steps[step - 1].repeats


def _worth(designed: DesignedJourney, step: int) -> int:
    return 0 if designed.steps[step - 1].optional else REQUIRED


def _took(texts: Mapping[str, str], designed: DesignedJourney, step: int) -> str:
    asked = {"step": step, "last": step - 1, "worth": _worth(designed, step), "before": f"took_{step - 1}"}
    taken = texts["took_repeating" if _repeats(designed, step) else "took_once"].format(**asked)
    since = "began_t" if designed.steps[step - 1].since == "start" else f"until_{step - 1}"
    return texts["took"].format(step=step, after=step + 1, last=step - 1, since=since, taken=taken)


def _judged(texts: Mapping[str, str], designed: DesignedJourney) -> str:
    last = len(designed.steps)
    numbers = range(1, last + 1)
    limits = [NEVER if step.within is None else step.within for step in designed.steps]
    wrong, missing, verdicts, events, counted = [], [], [], [], []
    for step, limit in zip(numbers, limits, strict=True):
        further = " OR ".join(f"begin_{one} IS NOT NULL" for one in range(step + 1, last + 1)) or NO
        absent = f"begin_{step} IS NULL AND other_{step} IS NULL"
        wrong += [f"delay_{step} > {limit}", f"other_{step} IS NOT NULL"]
        if not designed.steps[step - 1].optional:
            wrong.append(f"({absent} AND ({further}))")
            missing.append(f"({absent})")
        verdicts.append(_body(texts["verdict"]).format(step=step, within=limit, further=further))
        one = f"CASE WHEN begin_{step} IS NULL AND other_{step} IS NULL THEN 0 ELSE 1 END"
        if _repeats(designed, step):
            events.append(_body(texts["events"]).format(step=step))
            one = f"CASE WHEN other_{step} IS NOT NULL THEN 1 ELSE events_{step} END"
        counted.append(f"WHEN {step} THEN {one}")
    judged = texts["judged"].format(
        wrong=" OR ".join(wrong),
        missing=" OR ".join(missing) or NO,
        others=" ".join(f"WHEN place = other_{step} THEN {step}" for step in numbers),
        befores=" ".join(f"WHEN begin_{step} <= place THEN {step}" for step in reversed(numbers)),
        events="".join(events),
        before=f"apart_{last}",
    )
    delays = " ".join(f"WHEN {step} THEN delay_{step}" for step in numbers)
    return texts["cells"].format(verdicts=" ".join(verdicts), events=" ".join(counted), delays=delays, judged=judged)
