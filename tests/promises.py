"""What the service promises, by name, with the tests that keep it to that and their controls.

`make verify` runs them all at whole size and prints figure, target and outcome of each; `make
verify PROMISE=crash` one of them, `PROFILE=short` the sizes that the tests have anyway. A control
is the same run without the protection: it passes where the run is then found to fail. A promise
without a control that ran counts as broken: its tests might be unable to fail.
"""

import argparse
import os
import platform
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).parents[1]
FIGURE, CONTROL = "figure", "control"
"""Under these names `tell` and `control` leave what they print with the outcome of a test."""
SHOWN = "  · "
"""So begins what a run shows while it's under way: figures as they come, and how far it is."""


@dataclass(frozen=True)
class Promise:
    """One promise; `tests` and `controls` are `path::function` below tests/."""

    name: str
    says: str
    tests: tuple[str, ...]
    controls: tuple[str, ...] = ()
    """Tests that are nothing but a control; others have theirs inside and tell it."""


PROMISES = (
    Promise(
        "crash",
        "kill -9 at any moment: what was acknowledged is there, once and whole",
        (
            "server/casework/test_faults.py::test_every_acknowledged_case_survives_the_death_of_all_processes",
            "server/casework/test_uploading.py::test_what_was_acknowledged_is_there_after_a_kill",
            "server/chat/test_conversations.py::test_a_killed_worker_loses_at_most_the_last_second",
            "server/test_gunicorn.py::test_a_killed_worker_is_replaced_and_the_conversation_goes_on",
            "server/register/test_importing.py::test_killed_anywhere_it_resumes_or_is_undone_as_if_it_had_never_come",
        ),
        ("server/casework/test_faults.py::test_a_server_that_acknowledges_too_early_is_found_out",),
    ),
    Promise(
        "power",
        "the power goes at any write: what was acknowledged is on the disk",
        (
            "server/casework/test_power_loss.py::test_nothing_acknowledged_is_lost_whichever_writes_reach_the_disk",
        ),
        ("server/casework/test_power_loss.py::test_with_less_syncing_acknowledged_cases_are_lost",),
    ),
    Promise(
        "disk",
        "on a full disk reading goes on, writing is refused in words, nothing acknowledged is lost",
        (
            "server/test_full_disk.py::test_on_a_full_disk_reading_goes_on_and_nothing_acknowledged_is_lost",
        ),
        ("server/test_full_disk.py::test_a_hasty_server_loses_what_a_full_disk_takes_no_more",),
    ),
    Promise(
        "duplicates",
        "a double tap, a lost reply, fifty at once: done once",
        (
            "server/web/test_idempotency.py::test_fifty_at_once_with_one_key_do_it_once",
            "server/casework/test_faults.py::test_of_fifty_at_once_with_one_key_there_is_one_case",
            "server/casework/test_faults.py::test_over_a_line_that_loses_every_fifth_reply_there_is_one_case_for_each_intent",
            "server/casework/test_uploading.py::test_the_same_pieces_sent_by_many_at_once_make_one_material",
            "server/personal/test_profiles.py::test_of_many_first_saves_at_once_one_wins",
            "server/database/test_db.py::test_processes_that_count_at_once_lose_no_count",
            "server/h5/test_bad_line.py::test_a_newcomer_on_a_bad_line_gets_one_case_complete",
        ),
        (
            "server/casework/test_faults.py::test_without_the_same_key_what_is_sent_again_is_done_again",
            "server/web/test_idempotency.py::test_without_a_key_each_of_them_does_it",
        ),
    ),
    Promise(
        "decisions",
        "of two who decide at once one wins, and the other sees it",
        (
            "server/casework/test_deciding.py::test_of_two_who_decide_at_once_one_wins_and_the_other_sees_it",
        ),
        (
            "server/casework/test_deciding.py::test_without_the_version_both_would_believe_they_had_decided",
        ),
    ),
    Promise(
        "money",
        "the sum paid is the sum approved, to the fen; no fund is overdrawn",
        (
            "server/casework/test_payment_faults.py::test_kills_during_export_and_import_lose_and_double_nothing",
            "server/casework/test_payment_races.py::test_who_collects_at_once_collects_each_case_once",
            "server/casework/test_payment_races.py::test_the_banks_word_taken_at_once_pays_once",
            "server/casework/test_payment_races.py::test_what_the_bank_takes_back_told_at_once_comes_back_once",
            "server/casework/test_payment_races.py::test_an_instalment_taken_back_while_the_next_is_collected_is_one_of_both",
            "server/casework/test_payment_races.py::test_a_grant_looked_at_again_while_it_is_collected_is_one_of_both",
            "server/casework/test_payment_races.py::test_a_grant_looked_at_again_while_its_instalment_is_paid_loses_no_fen",
            "server/casework/test_payment_races.py::test_a_batch_released_and_cancelled_at_once_is_one_of_both",
            "server/casework/test_payment_races.py::test_a_register_run_twice_at_once_makes_each_case_once",
            "server/casework/test_funds.py::test_one_wins_the_last_of_a_fund",
            "server/casework/test_funds.py::test_two_who_approve_one_case_reserve_once",
        ),
        (
            "server/casework/test_payment_faults.py::test_noting_the_payment_apart_from_the_fund_is_found_out",
            "server/casework/test_funds.py::test_looking_first_and_writing_later_promises_too_much",
        ),
    ),
    Promise(
        "vouchers",
        "fifty merchants at once, repeated, copied, late: every voucher once, the sum to the fen;"
        " nobody is told twice that one ends",
        (
            "server/vouchers/test_at_once.py::test_what_many_merchants_take_at_once_is_exact_and_nothing_is_taken_twice",
            "server/vouchers/test_at_once.py::test_two_who_give_at_once_give_each_person_one_and_promise_each_sum_once",
            "server/vouchers/test_notices.py::test_killed_anywhere_and_run_again_the_job_tells_nobody_twice_and_leaves_nobody_out",
            "server/vouchers/test_notices.py::test_two_jobs_at_once_tell_each_person_once",
            "server/vouchers/test_rounds.py::test_killed_anywhere_a_round_goes_on_and_gives_each_one_and_promises_each_sum_once",
            "server/vouchers/test_rounds.py::test_two_who_go_on_with_a_round_at_once_give_each_person_one",
            "server/vouchers/test_rounds.py::test_of_two_rounds_that_the_fund_has_not_enough_for_one_is_confirmed",
        ),
        (
            "server/vouchers/test_at_once.py::test_looking_first_and_writing_later_takes_vouchers_twice",
            "server/vouchers/test_notices.py::test_telling_first_and_marking_later_tells_people_twice",
        ),
    ),
    Promise(
        "pairing",
        "however many are proposed at once, nobody helps more people than they said they can",
        (
            "server/pairing/test_keeping.py::test_however_many_propose_at_once_nobody_helps_more_than_they_can",
        ),
        (
            "server/pairing/test_keeping.py::test_counting_first_and_writing_later_gives_a_helper_too_many",
        ),
    ),
    Promise(
        "load",
        "two hundred people at once: no error, and nobody waits for more than a second",
        (
            "server/casework/test_faults.py::test_two_hundred_at_once_are_all_served",
            "server/personal/test_exporting.py::test_somebody_who_wrote_for_years_waits_ten_seconds_at_most",
            "server/test_gunicorn.py::test_workers_share_connections_evenly_and_none_waits_for_one_that_hangs",
            "server/test_gunicorn.py::test_the_successor_of_a_dead_worker_gets_its_connections",
            "server/test_gunicorn.py::test_one_worker_alone_takes_all",
        ),
    ),
    Promise(
        "chat",
        "a conversation goes on, on whichever worker and after a restart",
        (
            "server/test_gunicorn.py::test_every_turn_counts_on_whichever_worker_and_after_a_restart",
            "server/chat/test_conversations.py::test_the_second_turn_finds_its_context_on_another_worker_at_once",
            "bot/test_stored_questions.py::test_no_reply_states_a_figure_its_sources_do_not",
        ),
        ("bot/test_stored_questions.py::test_a_control_with_a_changed_sum_is_noticed",),
    ),
    Promise(
        "accuracy",
        "a release answers no kind of the stored questions less well than the one before",
        (
            "bot/test_stored_questions.py::test_no_kind_of_question_is_answered_less_well_than_recorded",
        ),
        (
            "bot/test_stored_questions.py::test_a_release_in_which_two_measures_lost_their_words_is_found",
        ),
    ),
    Promise(
        "pinyin",
        "nine in ten questions are answered from the same measure when they come in pinyin",
        (
            "bot/words/test_input_method.py::test_nine_in_ten_questions_get_the_same_measure_in_pinyin",
        ),
        ("bot/words/test_input_method.py::test_by_sound_alone_they_would_not",),
    ),
    Promise(
        "slow",
        "a thousand slow clients keep nobody waiting, a restart drops no request",
        (
            "deploy/test_nginx.py::test_slow_clients_keep_nobody_waiting",
            "deploy/test_nginx.py::test_a_restart_drops_no_request",
        ),
        ("deploy/test_nginx.py::test_without_nginx_slow_clients_take_every_thread",),
    ),
    Promise(
        "servers",
        "two servers on one database are one service",
        ("journeys/test_two_servers.py::test_two_servers_are_one_service",),
        ("journeys/test_two_servers.py::test_two_servers_apart_are_two",),
    ),
    Promise(
        "fuzz",
        "whatever is sent to the API, it never fails",
        ("mini_app_api/test_fuzz.py::test_whatever_is_sent_is_answered",),
        ("mini_app_api/test_fuzz.py::test_a_route_that_fails_is_found",),
    ),
    Promise(
        "injection",
        "sqlmap finds no route whose statements can be changed by what is sent",
        (
            "server/console/test_injection.py::test_sqlmap_finds_nothing_but_what_is_broken_on_purpose",
        ),
    ),
    Promise(
        "accessibility",
        "every screen of the phone and every page of the desk can be read, reached and heard",
        (
            "server/h5/test_screens.py::test_every_screen_can_be_read_reached_and_heard",
            "server/console/test_pages.py::test_every_page_is_accessible_and_small_and_loads_nothing_foreign",
        ),
        (
            "server/h5/test_screens.py::test_what_is_hard_to_read_or_to_reach_is_found",
            "server/console/test_pages.py::test_the_check_finds_what_is_wrong",
        ),
    ),
    Promise(
        "callback",
        "a message that WeChat delivers four times has one effect and one reply",
        (
            "server/wechat/test_two_workers.py::test_each_message_has_one_effect_and_one_reply_though_a_worker_is_killed",
        ),
        (
            "server/wechat/test_two_workers.py::test_deliveries_that_nothing_tells_to_be_one_message_have_several_effects",
        ),
    ),
    Promise(
        "forgery",
        "a forged, flipped or hostile request to the callback is refused at once",
        (
            "server/wechat/test_forgery.py::test_no_forged_request_is_accepted",
            "server/wechat/test_forgery.py::test_what_is_no_message_is_refused_at_once",
        ),
        ("server/wechat/test_forgery.py::test_the_library_alone_would_let_them_in",),
    ),
    Promise(
        "outage",
        "WeChat slow, failing, down: no notice is lost, none repeated that could be avoided",
        (
            "server/platform/test_delivering.py::test_no_notice_is_lost_and_none_is_sent_twice",
            "server/platform/test_delivering.py::test_a_killed_sender_leaves_no_notice_unseen_and_repeats_none",
        ),
        (
            "server/platform/test_delivering.py::test_a_message_that_arrives_twice_would_be_seen",
            "server/platform/test_delivering.py::test_a_blind_repetition_would_be_seen",
        ),
    ),
    Promise(
        "tokens",
        "a hundred processes whose token is over fetch one",
        (
            "server/platform/test_interface.py::test_a_hundred_expiries_in_several_processes_make_one_refresh",
            "server/platform/test_interface.py::test_many_expiries_at_once_make_one_refresh",
        ),
        ("server/platform/test_access_tokens.py::test_without_the_lease_each_would_fetch",),
    ),
    Promise(
        "authorization",
        "every route lets in whom its table says, and nobody else",
        (
            "architecture/test_admission.py::test_every_route_says_whom_it_lets_in",
            "architecture/test_admission.py::test_nobody_gets_in_without_a_token_that_holds",
            "architecture/test_admission.py::test_another_worker_finds_nothing_and_changes_nothing",
            "server/console/test_admission.py::test_a_role_that_a_page_does_not_name_is_kept_out",
            "server/console/test_admission.py::test_a_role_that_a_page_names_is_answered_by_region",
            "server/console/test_admission.py::test_nobody_gets_in_without_signing_in",
        ),
        (
            "architecture/test_admission.py::test_a_route_that_does_not_say_it_is_found_and_closed",
            "architecture/test_admission.py::test_the_worker_finds_all_of_it",
            "server/console/test_admission.py::test_whoever_may_is_let_in",
        ),
    ),
    Promise(
        "uploads",
        "of a hostile file nothing is kept as it came, in little time and memory",
        (
            "server/casework/test_recoding.py::test_hostile_files_are_refused_or_come_out_clean_in_little_time_and_memory",
            "server/casework/test_uploading.py::test_nothing_of_a_hostile_file_is_stored_raw",
        ),
        ("server/casework/test_recoding.py::test_a_reader_without_limits_does_fail_on_them",),
    ),
    Promise(
        "canaries",
        "no personal value stands in clear in a log, database, backup or error",
        ("journeys/test_canaries.py::test_no_value_can_be_read_anywhere",),
    ),
    Promise(
        "secrets",
        "no secret of WeChat stands in a log, an error or a database",
        (
            "server/platform/test_interface.py::test_no_secret_shows_in_an_error_or_a_log",
            "server/platform/test_interface.py::test_the_token_is_stored_sealed",
        ),
        ("server/platform/test_interface.py::test_the_search_for_canaries_finds_one_that_sings",),
    ),
    Promise(
        "privacy",
        "who is erased is erased in the backups, too",
        (
            "journeys/test_canaries.py::test_nothing_of_the_person_opens_with_all_keys_once_they_are_erased",
        ),
    ),
    Promise(
        "audit",
        "any tampering with the log of looks and changes is located",
        (
            "server/records/test_audit.py::test_every_single_tampering_is_located",
            "server/records/test_audit.py::test_many_writers_and_linkers_at_once_end_at_one_chain_without_a_gap",
        ),
        ("server/records/test_audit.py::test_only_an_anchor_shows_that_the_end_was_cut_off",),
    ),
    Promise(
        "restore",
        "a backup made while people write comes back whole, within a minute, only with its keys",
        (
            "server/backups/test_service_copies.py::test_many_cases_are_back_within_a_minute",
            "server/backups/test_service_copies.py::test_a_backup_made_while_people_write_is_of_one_moment",
            "server/backups/test_service_copies.py::test_with_another_key_or_secret_it_fails_loudly",
            "server/backups/test_key_copies.py::test_backups_that_overlap_leave_whole_keys_behind",
        ),
        (
            "server/backups/test_service_copies.py::test_a_file_that_is_copied_while_people_write_is_torn",
        ),
    ),
    Promise(
        "rotation",
        "keys change while the service runs, and nothing is lost",
        (
            "server/personal/test_rotating.py::test_the_service_goes_on_meanwhile_and_loses_nothing",
            "server/personal/test_rotating.py::test_it_can_be_broken_off_after_any_step_and_repeated",
        ),
        ("server/personal/test_rotating.py::test_what_no_key_opens_is_named_and_the_rest_goes_on",),
    ),
    Promise(
        "swap",
        "a release that is published takes the place of the last one whole, or not at all",
        (
            "server/published/test_releases.py::test_a_publication_that_is_killed_leaves_the_release_in_force",
        ),
        ("server/published/test_releases.py::test_a_publication_in_two_steps_is_found_half",),
    ),
    Promise(
        "publishing",
        "while eight ask, every reply is whole and of one release, and all workers follow at once",
        (
            "server/editing/test_swapping.py::test_while_eight_ask_every_reply_is_of_one_release_and_all_workers_follow",
        ),
        ("server/editing/test_swapping.py::test_a_release_that_comes_in_two_steps_is_found_out",),
    ),
    Promise(
        "migration",
        "a start that brings the tables up to date leaves the old or the new ones",
        (
            "server/test_migrations.py::test_two_first_starts_at_once_both_find_a_ready_database",
            "server/test_migrations.py::test_killed_at_any_statement_the_tables_are_the_old_or_the_new_ones",
            "server/test_migrations.py::test_the_version_before_can_go_on_serving",
        ),
        (
            "server/test_migrations.py::test_a_missing_column_is_noticed",
            "server/test_migrations.py::test_statement_by_statement_a_kill_would_leave_half_of_it",
            "server/test_migrations.py::test_a_column_that_is_taken_away_or_demanded_is_found",
        ),
    ),
)


@dataclass(frozen=True)
class Figure:
    """What a test measured, and what it had to reach."""

    what: str
    figure: str
    target: str
    kind: str
    """FIGURE or CONTROL."""

    @classmethod
    def of(cls, kind: str, told: str, test: str) -> "Figure":
        """What a fixture leaves with the outcome of a test like `test_it[sqlite]`."""
        what, figure, target = told.split("\t")
        variant = test.partition("[")[2]
        return cls(f"{what} [{variant}" if variant else what, figure, target, kind)

    @property
    def title(self) -> str:
        """What was measured, and whether without the protection."""
        return f"control: {self.what}" if self.kind == CONTROL else self.what

    def __str__(self) -> str:
        return f"{self.title}: {self.figure} (target: {self.target})"


@dataclass
class Outcome:
    """What came of one promise."""

    promise: Promise
    figures: list[Figure]
    passed: int
    failed: list[str]
    controls: int
    seconds: float

    @property
    def word(self) -> str:
        """`pass`, or what is wrong."""
        if self.failed:
            return "FAIL"
        return "pass" if self.controls else "FAIL (no control ran)"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run promises and print what came of each; 0 where all were kept."""
    parser = argparse.ArgumentParser(prog="make verify", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="PROMISE")
    parser.add_argument("--profile", choices=("whole", "short"), default="whole")
    parser.add_argument("--write", type=Path, metavar="FILE", help="note the run in a page")
    parsed = parser.parse_args(arguments)
    known = {promise.name: promise for promise in PROMISES}
    if unknown := [name for name in parsed.names if name not in known]:
        parser.error(f"no promise {', '.join(unknown)}; there are {', '.join(known)}")
    chosen = [known[name] for name in parsed.names] or list(PROMISES)
    outcomes = []
    for promise in chosen:
        print(f"\n{promise.name}: {promise.says}", flush=True)
        outcomes.append(run(promise, parsed.profile))
        print("\n".join(_lines(outcomes[-1])), flush=True)
    print("\n" + "\n".join(_summary(outcomes)), flush=True)
    if parsed.write is not None:
        parsed.write.write_text(_page(outcomes, parsed.profile), encoding="utf-8")
    return int(any(outcome.word != "pass" for outcome in outcomes))


def run(promise: Promise, profile: str) -> Outcome:
    """Run one promise in a process of its own."""
    ids = [f"tests/{id}" for id in promise.tests + promise.controls]
    began = time.monotonic()
    said = []
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        with subprocess.Popen(
            [sys.executable, "-m", "pytest", "-q", "--no-header", "--tb=short",
             "-p", "no:cacheprovider", "-o", "junit_family=xunit1",
             f"--junitxml={report}", *ids],
            cwd=ROOT,
            env=os.environ | {"VERIFY": profile},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as running:  # fmt: skip
            for line in running.stdout or ():
                said.append(line)
                if line.startswith(SHOWN):
                    print(line, end="", flush=True)
        if not report.exists():
            return Outcome(promise, [], 0, ["".join(said)], 0, 0)
        outcome = read(promise, report.read_bytes(), time.monotonic() - began)
    if running.returncode and not outcome.failed:
        outcome.failed.append("".join(said)[-2000:])
    return outcome


def read(promise: Promise, report: bytes, seconds: float) -> Outcome:
    """What pytest reports (JUnit's XML) of the tests of a promise."""
    outcome = Outcome(promise, [], 0, [], 0, seconds)
    only_controls = {id.rpartition("::")[2] for id in promise.controls}
    for case in ElementTree.fromstring(report).iter("testcase"):
        test = case.get("name", "")
        broken = [part for part in case if part.tag in ("failure", "error", "skipped")]
        if broken:
            outcome.failed.append(f"{test}: {(broken[0].text or '')[-1500:]}")
            continue
        outcome.passed += 1
        told = [
            Figure.of(each.get("name", ""), each.get("value", ""), test)
            for each in case.iter("property")
        ]
        outcome.controls += test.partition("[")[0] in only_controls or any(
            each.kind == CONTROL for each in told
        )
        outcome.figures += told
    return outcome


def _lines(outcome: Outcome) -> Iterable[str]:
    yield f"  tests passed: {outcome.passed}; controls that failed as they must: {outcome.controls}"
    yield from (f"  FAILED {told}" for told in outcome.failed)
    yield f"  {outcome.word}, {outcome.seconds:.0f} s"


def _summary(outcomes: Iterable[Outcome]) -> Iterable[str]:
    for outcome in outcomes:
        yield f"{outcome.promise.name:14} {outcome.word:22} {outcome.promise.says}"


def _page(outcomes: Iterable[Outcome], profile: str) -> str:
    """The run as a page for the repository."""
    day = datetime.now(UTC).date()
    machine = f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}"
    lines = [
        "# The promises, as they were last verified",
        "",
        f"`make verify` in the {profile} profile on {day}, {machine}. Written by the command.",
        "",
        "| promise | figure | target | outcome |",
        "| --- | --- | --- | --- |",
    ]
    for outcome in outcomes:
        name = outcome.promise.name
        lines.append(f"| **{name}**: {outcome.promise.says} | {outcome.passed} tests, "
                     f"{outcome.controls} controls | all pass | {outcome.word} |")  # fmt: skip
        lines += [f"| {each.title} | {each.figure} | {each.target} | |" for each in outcome.figures]
    return "\n".join(lines).replace("\t", " ") + "\n"


if __name__ == "__main__":
    sys.exit(main())
