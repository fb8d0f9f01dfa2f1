"""Every table of the database: importing this makes them all known, wherever they are defined."""

from server.arrears import tables as arrears_tables
from server.casework import fund_tables, request_tables
from server.casework import tables as casework_tables
from server.database import tables
from server.editing import tables as editing_tables
from server.offers import tables as offer_tables
from server.outreach import tables as outreach_tables
from server.pairing import tables as pairing_tables
from server.register import tables as register_tables
from server.staff import tables as staff_tables
from server.vouchers import tables as voucher_tables

__all__ = [
    "arrears_tables",
    "casework_tables",
    "editing_tables",
    "fund_tables",
    "offer_tables",
    "outreach_tables",
    "pairing_tables",
    "register_tables",
    "request_tables",
    "staff_tables",
    "tables",
    "voucher_tables",
]
