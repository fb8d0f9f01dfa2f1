"""How a call to WeChat fails: each fault tells whether what was asked for may have been done.

A module of its own, so that whoever handles them needs none of the platform's libraries.
"""


class PlatformFault(Exception):
    """A call that gave no result; `code` is the platform's or the HTTP status, None without."""

    def __init__(self, code: int | None = None) -> None:
        super().__init__(code)
        self.code = code


class PlatformRefused(PlatformFault):
    """The platform did not do it and never will."""


class PlatformBusy(PlatformFault):
    """It was surely not done, and may be tried again later."""


class OutcomeUnknown(PlatformFault):
    """It may have been done or not."""
