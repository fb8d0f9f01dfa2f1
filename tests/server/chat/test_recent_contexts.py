"""The shared memory of recent contexts: the newest is found, or nothing, never a wrong one."""

import multiprocessing
import os

from hypothesis import given
from hypothesis import strategies as st

from server.chat.recent_contexts import _PAGE as PAGE
from server.chat.recent_contexts import KEY, ROOM, RecentContexts

KEYS = [f"{number:0{KEY}}".encode() for number in range(12)]


def test_the_newest_context_is_found() -> None:
    recent = RecentContexts(slots=64)
    assert recent.get(KEYS[0]) is None
    assert recent.put(KEYS[0], 1.0, b"one") and recent.put(KEYS[0], 2.0, b"two")
    assert recent.get(KEYS[0]) == (2.0, b"two")
    assert recent.get(KEYS[1]) is None


def test_a_fresh_entry_is_never_pushed_out_and_an_older_one_is() -> None:
    recent = RecentContexts(slots=8, fresh_for=0.5)
    kept = [key for key in KEYS if recent.put(key, 10.0, key)]
    assert 0 < len(kept) < len(KEYS)
    assert all(recent.get(key) == (10.0, key) for key in kept)
    late = next(key for key in KEYS if key not in kept)
    assert recent.put(late, 10.6, b"late")
    assert recent.get(late) == (10.6, b"late")


def test_a_context_too_long_for_a_slot_is_refused() -> None:
    recent = RecentContexts(slots=8)
    assert recent.put(KEYS[0], 1.0, os.urandom(ROOM))
    assert recent.get(KEYS[0]) is not None
    assert not recent.put(KEYS[0], 2.0, os.urandom(ROOM + 1))
    assert recent.get(KEYS[0]) is None, "the one before is no longer the newest"


def test_a_long_context_that_repeats_itself_fits() -> None:
    recent = RecentContexts(slots=8)
    payload = "一句话".encode() * ROOM
    assert recent.put(KEYS[0], 1.0, payload)
    assert recent.get(KEYS[0]) == (1.0, payload)


def test_another_process_finds_it_at_once() -> None:
    recent = RecentContexts(slots=64)
    other = multiprocessing.get_context("fork").Process(
        target=lambda: recent.put(KEYS[0], 1.0, b"from there")
    )
    other.start()
    other.join(30)
    assert recent.get(KEYS[0]) == (1.0, b"from there")


@given(st.binary(max_size=64), st.integers(0, PAGE - 1))
def test_a_torn_entry_is_no_entry(garbage: bytes, place: int) -> None:
    recent = RecentContexts(slots=8)
    recent.put(KEYS[0], 1.0, b"whole")
    recent._memory[place : place + len(garbage)] = garbage[: PAGE - place]
    assert recent.get(KEYS[0]) in (None, (1.0, b"whole"))


@given(st.lists(st.tuples(st.sampled_from(KEYS), st.binary(max_size=20)), max_size=60))
def test_what_was_taken_is_what_is_found(puts: list[tuple[bytes, bytes]]) -> None:
    recent = RecentContexts(slots=16, fresh_for=1e9)
    taken: dict[bytes, tuple[float, bytes]] = {}
    for at, (key, payload) in enumerate(puts, start=1):
        if recent.put(key, float(at), payload):
            taken[key] = (float(at), payload)
    assert {key: recent.get(key) for key in taken} == taken
