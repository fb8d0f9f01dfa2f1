"""How the service logs: what happened and where in the code, never the values at hand."""

import sys

import structlog


def keep_journal() -> None:
    """Set up logging for this process, to stderr.

    structlog's own choice shows the variables of every frame where a library for it happens to be
    installed: secrets and people's words would stand in the log.
    """
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.dev.ConsoleRenderer(
                colors=False, exception_formatter=structlog.dev.plain_traceback
            ),
        ],
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),
        cache_logger_on_first_use=False,
    )
