"""The dealer's ten systems; each module writes what one of them exports, as that system would."""

from geleit.demo.systems import (
    app,
    crm,
    desk,
    feedback,
    logistics,
    newsletter,
    orders,
    phone,
    shop,
    till,
    website,
    workshop,
)

SYSTEMS = (
    website.write,
    shop.write_clicks,
    orders.write,
    till.write,
    crm.write,
    phone.write,
    desk.write,
    newsletter.write,
    logistics.write,
    workshop.write,
    feedback.write,
    app.write,
)
"""What writes every export, in any order."""
