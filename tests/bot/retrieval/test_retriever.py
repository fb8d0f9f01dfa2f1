import os
import random
import subprocess
import sys
from pathlib import Path

import jieba
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.faq_data import entries, queries
from bench.readings import TARGET, lines
from bot.retrieval.retriever import Hit, Index
from bot.words import wording
from bot.words.pinyin import readings, segmented, sounds

QUESTIONS = {
    "lost-card": "信用卡丢了怎么挂失",
    "limit": "信用卡额度怎么提高",
    "pension": "养老保险要交多少年",
    "jobless": "失业金可以领几个月",
    "jobless-sum": "失业金每个月发多少钱",
    "id-lost": "身份证丢了怎么补办",
    "id-expired": "身份证过期了还能坐飞机吗",
    "training": "新员工培训每人补贴500元怎么申请",
    "training-more": "新员工培训每人补贴5000元怎么申请",
    "heating": "暖气不热找谁",
    "bank": "银行几点开门",
    "repay": "房贷可以提前还款吗",
    "school": "外来务工子女怎么入学",
    "wifi": "wifi连不上怎么办",
}


@pytest.fixture(scope="module")
def index() -> Index:
    return Index(QUESTIONS.items())


def found(index: Index, text: str) -> str | None:
    hits = index.search(text, 1)
    return hits[0].key if hits else None


@pytest.mark.parametrize("key", QUESTIONS)
def test_the_same_text_comes_first_with_score_one(index: Index, key: str) -> None:
    first = index.search(QUESTIONS[key], 3)[0]
    assert first == Hit(key, 1.0, QUESTIONS[key])


@pytest.mark.parametrize(
    ("asked", "key"),
    [
        ("我的信用卡不见了，如何报失挂失", "lost-card"),
        ("挂失 信用卡", "lost-card"),
        ("失业金能领多久，几个月啊", "jobless"),
        ("一个月的失业金有多少钱", "jobless-sum"),
        ("咋补办身份证", "id-lost"),
        ("娃在这里入学咋弄，我是外来务工的", "school"),
    ],
)
def test_another_wording_finds_the_entry(index: Index, asked: str, key: str) -> None:
    assert found(index, asked) == key


@pytest.mark.parametrize(
    ("asked", "key"),
    [
        ("信用咔丢了怎么卦失", "lost-card"),
        ("失叶金可以零几个月", "jobless"),
        ("洋老保险要叫多少年", "pension"),
        ("银航几点开门", "bank"),
        ("房带可以提前环款吗", "repay"),
        ("新用卡饿度怎么提高", "limit"),
        ("暖气不乐找谁", "heating"),
    ],
)
def test_characters_mistaken_by_sound_still_find_the_entry(
    index: Index, asked: str, key: str
) -> None:
    assert found(index, asked) == key


@pytest.mark.parametrize(
    ("asked", "key"),
    [
        ("xin yong ka diu le zen me gua shi", "lost-card"),
        ("xinyongkadiulezenmeguashi", "lost-card"),
        ("XìnYòngKǎ diū le", "lost-card"),
        ("shiyejin mei ge yue fa duo shao qian", "jobless-sum"),
        ("fang dai ke yi ti qian huan kuan ma", "repay"),
        ("yin hang ji dian kai men", "bank"),
        ("sengfenzeng diu le", "id-lost"),
    ],
)
def test_typed_pinyin_finds_the_entry(index: Index, asked: str, key: str) -> None:
    assert found(index, asked) == key


@pytest.mark.parametrize(
    ("asked", "key"),
    [
        ("信用丢卡了怎么挂失", "lost-card"),
        ("信卡丢了怎么失", "lost-card"),
        ("身份证丢丢了了怎么补办", "id-lost"),
        ("身份正过斯了还能坐飞机吗", "id-expired"),
        ("信用卡額度怎麼提高", "limit"),
        ("身 份 证 丢 了", "id-lost"),
        ("WIFI連不上", "wifi"),
        ("补办身份证我那个身份证它丢了嘛就是想问一下怎么弄", "id-lost"),
    ],
)
def test_slips_traditional_characters_and_speech_still_find_the_entry(
    index: Index, asked: str, key: str
) -> None:
    assert found(index, asked) == key


@pytest.mark.parametrize(
    ("asked", "key"),
    [
        ("培训补贴500元", "training"),
        ("培训补贴5000元", "training-more"),
        ("培训补贴5,000元", "training-more"),
        ("新员工培训补五百元", "training"),
        ("培训一个人补五千元", "training-more"),
    ],
)
def test_numbers_count_whole(index: Index, asked: str, key: str) -> None:
    assert found(index, asked) == key


def test_a_long_story_finds_what_it_asks_and_scores_it_well(index: Index) -> None:
    story = (
        "我叫老张今年四十五岁老家在四川出来打工十几年了前几天坐车的时候包让人偷了里面有好些东西还有几百"
        "块钱我老婆在老家带两个孩子也指望不上我厂里又不给请假我就想问一下身份证丢了要怎么补办啊我人在外地"
        "没有办法回去听人讲要等很长时间真的很着急希望有好心人能帮帮我谢谢了另外昨天下雨路上堵得不行"
    ) * 3
    first = index.search(story[:500], 1)[0]
    assert first.key == "id-lost"
    assert first.score > 0.5


def test_what_shares_nothing_finds_nothing(index: Index) -> None:
    assert index.search("qwrtp") == []
    assert index.search("") == []
    assert index.search("？！…") == []


def test_an_off_topic_question_scores_below_a_real_one(index: Index) -> None:
    off_topic = max(hit.score for hit in index.search("今天红烧肉怎么做才好吃"))
    assert off_topic < 0.4 < index.search("信用卡丢了咋办", 1)[0].score


def test_a_key_on_several_texts_is_found_once_by_its_best_text() -> None:
    index = Index([("a", "怎么退票"), ("a", "火车票不要了"), ("b", "怎么改签"), ("a", "退掉车票")])
    hits = index.search("火车票不要了怎么退", 5)
    assert hits[0].text == "火车票不要了"
    assert [hit.key for hit in hits].count("a") == 1


def test_equal_entries_keep_their_order() -> None:
    index = Index([(str(n), "怎么退票") for n in range(8)])
    assert [hit.key for hit in index.search("怎么退票", 8)] == [str(n) for n in range(8)]
    assert [hit.key for hit in index.search("如何退票啊", 8)] == [str(n) for n in range(8)]


def test_an_index_without_entries_or_words_answers_too() -> None:
    assert Index([]).search("退票") == []
    silent = Index([("x", "???"), ("y", "")])
    assert silent.search("退票") == []
    assert silent.search("?")[0].key == "x"
    assert len(silent) == 2


def test_the_weight_of_sounds_can_be_set(index: Index) -> None:
    asked = "银航"
    by_letter, usual, spoken = (index.search(asked, 1, weight) for weight in (0.0, 1.0, 1.4))
    assert usual[0].key == spoken[0].key == "bank"
    assert spoken[0].score > usual[0].score
    assert usual[0].score > max((hit.score for hit in by_letter), default=0)


short_text = st.text(st.characters(), max_size=40)
chinese = st.text("信用卡丢了怎么挂失身份证补办50一万百 ，abzhi？", max_size=30)


@settings(deadline=None)
@given(st.lists(st.one_of(short_text, chinese), max_size=6), st.one_of(short_text, chinese))
def test_no_text_raises_and_scores_lie_between_zero_and_one(texts: list[str], asked: str) -> None:
    index = Index((str(n), text) for n, text in enumerate(texts))
    hits = index.search(asked, 5)
    assert all(0 <= hit.score <= 1 for hit in hits)
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
    for text in texts:
        assert index.search(text, 1)[0].score == 1.0


def test_huge_and_hostile_texts_are_answered(index: Index) -> None:
    for text in ("我" * 1_000_000, "a" * 1_000_000, "\ud800\x00\u202e", "1" * 10_000, "zhi" * 5000):
        assert all(0 <= hit.score <= 1 for hit in index.search(text))


def test_the_order_does_not_depend_on_the_process() -> None:
    code = (
        "from bot.retrieval.retriever import Index\n"
        "from bench.faq_data import entries\n"
        "i = Index((e.key, e.text) for e in entries(300))\n"
        "print([(h.key, round(h.score, 6)) for h in i.search('信用卡的额度怎么挂失', 10)])\n"
    )
    printed = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(printed) == 1
    assert printed != {"[]\n"}


def test_most_questions_of_a_general_list_are_found_in_any_style() -> None:
    listed = entries(1000)
    index = Index((entry.key, entry.text) for entry in listed)
    least = {"clean": 0.8, "typo": 0.75, "homophone": 0.75, "reordered": 0.8, "mixed": 0.75}
    for style, share in least.items():
        asked = queries(listed, style, 100)
        right = sum(found(index, query.text) == query.key for query in asked)
        assert right >= share * len(asked), style


def test_the_compiled_cutter_cuts_as_jieba_does(tmp_path: Path) -> None:
    jieba.dt.tmp_dir = str(tmp_path)
    chance = random.Random(3)
    texts = [entry.text for entry in chance.sample(entries(2000), 150)] + list(QUESTIONS.values())
    assert [wording.words(text) for text in texts] == [jieba.lcut(text) for text in texts]


def test_jieba_itself_stands_in_with_a_private_cache(tmp_path: Path) -> None:
    code = (
        "import sys, pathlib\n"
        "sys.modules['rjieba'] = None\n"
        "from bot.retrieval.retriever import Index\n"
        "from bot.words.wording import load\n"
        "load(pathlib.Path(sys.argv[1]))\n"
        "print(Index([('a', '失业金怎么领')]).search('失业金', 1)[0].key)\n"
    )
    cache = tmp_path / "jieba"
    run = subprocess.run(
        [sys.executable, "-c", code, str(cache)], capture_output=True, text=True, check=True
    )
    assert run.stdout == "a\n"
    assert cache.stat().st_mode & 0o777 == 0o700
    assert [file.name for file in cache.iterdir()] == ["jieba.cache"]


def test_the_reading_table_is_the_one_made_from_pypinyin() -> None:
    assert TARGET.read_text("utf-8").splitlines() == lines()


def test_readings_follow_the_word() -> None:
    code_of = readings().code_of
    assert sounds("银行卡") == tuple(code_of[s] for s in ("yin", "hang", "ka"))
    assert sounds("还款") == tuple(code_of[s] for s in ("huan", "kuan"))


@pytest.mark.parametrize(
    ("run", "syllables"),
    [
        ("zhaobudaohuo", ["zhao", "bu", "dao", "huo"]),
        ("xian", ["xian"]),
        ("shishi", ["shi", "shi"]),
        ("wifi", []),
        ("subsidy", []),
    ],
)
def test_a_run_of_letters_is_read_as_pinyin_only_if_all_of_it_is(
    run: str, syllables: list[str]
) -> None:
    assert segmented(run) == tuple(readings().code_of[s] for s in syllables)
