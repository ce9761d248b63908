"""The page of ready source definitions, from their headers and one example that the tests run."""

from __future__ import annotations

from geleit.sources.ready_made import Ready, ready_sources

PAGE = """\
{made}# Ready sources

For these exports a source definition comes with geleit. Each is an ordinary [definition](../sources.md): take it over, read its
header, change what your system does differently. Every one has a sample in its form, and a test that says which events the sample
gives.

`geleit source ready` lists them, `geleit source add NAME` writes one into the workspace. Nothing is ever overwritten; `--as` gives
it a name of your own, `--file` the path or pattern of your files.

{table}
## Example

A Shopify shop exports its orders: a line per article, the order's own columns on its first line only.

```console
$ geleit init acme --language en
...
$ cd acme
$ geleit source add shopify_orders --as web_shop --file "exports/orders*.csv"
Written to sources/web_shop.yaml.
...
Put it here: exports/orders*.csv
Then: geleit source preview web_shop; geleit import web_shop
```

The export lies in `exports/orders-2026-11.csv` (this one has only the columns that are read):

<!-- file: acme/exports/orders-2026-11.csv -->
```csv
Name,Email,Financial Status,Paid at,Fulfilled at,Accepts Marketing,Currency,Total,Created at,Lineitem quantity,Lineitem name,Lineitem price,Lineitem sku,Billing Name,Billing Company,Billing City,Billing Zip,Billing Country,Billing Phone,Notes,Cancelled at,Refunded Amount,Source,Phone
#1001,ada@example.org,paid,2026-11-20 10:05:11 +0100,,yes,EUR,788.80,2026-11-20 10:04:58 +0100,1,Washing machine,749.00,WM-7,Ada Berg,,Coburg,'96450,DE,,,,0.00,web,
#1001,ada@example.org,,,,,,,2026-11-20 10:04:58 +0100,2,Inlet hose,19.90,HOSE-2,,,,,,,,,,,
```

```console
$ geleit source preview web_shop
when ...
20 Nov 2026, 10:04  order_completed  #1001            email:ada@example.org shopify.order_no:#1001 ...
20 Nov 2026, 10:05  order_progress   #1001:paid       shopify.order_no:#1001 ...
20 Nov 2026, 10:04  consent_given    #1001:marketing  email:ada@example.org shopify.order_no:#1001 ...
Looked at 2 of 2 records.
$ geleit import web_shop
...
$ geleit find ada@example.org
...
```

Next month's export may hold the same orders again: what is known stays one event, what is new (paid, shipped, cancelled) is added.

## What each one reads

{each}"""


SENDS = {"": "", "key": "with a key"}


def page(made: str) -> str:
    """The whole page; ``made`` is the remark that it is generated."""
    found = ready_sources()
    return PAGE.format(made=made, table=table(found), each="\n".join(map(described, found))).rstrip() + "\n"


def table(found: list[Ready]) -> str:
    """All ready sources as a Markdown table."""
    lines = ["| name | English | German | system | format | form verified | webhook |", "|---|---|---|---|---|---|---|"]
    for one in found:
        verified = "yes" if one.verified else "**no**"
        name = f"[`{one.name}`](#{one.name})"
        words = [one.label["en"], one.label["de"], one.system, one.format, verified, SENDS.get(one.hook, "signed")]
        lines.append(f"| {' | '.join([name, *words])} |")
    return "\n".join(lines) + "\n"


def described(one: Ready) -> str:
    """One ready source in words."""
    parts = [
        one.what,
        f"**Get it:** {one.get_it}",
        f"**Form verified from:** {one.verified}" if one.verified else f"**Form not verified:** {one.doubt}",
        f"**Set first:** {one.adapt}" if one.adapt else "",
        f"**Left out:** {one.left_out}",
        f"**File:** {', '.join(f'`{file}`' for file in one.file)}{''.join(f', beside it `{file}`' for file in one.attached)}",
        f"**Live:** `/hooks/{one.name}`, see [webhooks](webhooks.md)." if one.hook else "",
    ]
    return f"### {one.name}\n\n" + "\n\n".join(part for part in parts if part) + "\n"
