"""Make the demonstration where it is due: in a process of its own, that nothing is forked from."""

from server.clock import utc_now
from server.demonstration import making
from server.settings import load_settings
from server.web.resources import make_resources


def main() -> None:
    """Make the demonstration where it is due."""
    settings = load_settings()
    known = make_resources(settings, utc_now)
    if making.is_due(settings, known):
        making.make(known)
    known.linking.close()
    known.serving.close()
    known.conversations.close()
    known.database.release()


if __name__ == "__main__":
    main()
