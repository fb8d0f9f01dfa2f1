"""The bot's own resource: the knowledge that comes with the program, ready to be asked."""

import pytest

from bot.retrieval.indexing import IndexedLibrary
from knowledge.library import Library


@pytest.fixture(scope="session")
def indexed(library: Library) -> IndexedLibrary:
    """The indexed library; indexing takes a second."""
    return IndexedLibrary(library)
