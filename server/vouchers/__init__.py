"""Cards and vouchers: what people can use at shops and clinics, and what these are owed for it.

An issue is one kind of voucher with its sum, its number of uses, its days and its place; a voucher
is one person's of it. A card shows codes that change; a merchant redeems a voucher by a code, once.
What is redeemed is settled with each merchant out of the fund that the issue stands on.
"""
