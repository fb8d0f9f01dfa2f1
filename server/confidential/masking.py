"""Names and numbers as everybody may see them, who does not need the whole."""

_STARS = "*" * 10


def mask_name(name: str) -> str:
    """`张*`, however long the name is."""
    return f"{name[:1]}*"


def mask_identity_number(number: str) -> str:
    """`4402**********1234`."""
    return f"{number[:4]}{_STARS}{number[-4:]}"


def mask_phone(number: str) -> str:
    """`138****5678`."""
    return f"{number[:3]}****{number[-4:]}"


def mask_card(number: str) -> str:
    """`****1234`: what a bank shows, too."""
    return f"****{number[-4:]}"
