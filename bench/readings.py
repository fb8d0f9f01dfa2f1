"""Makes bot/data/readings.txt, the reading of every character, from pypinyin's tables.

Loading pypinyin takes a quarter of a second and all its phrases; the retriever needs one reading
without tone for each character and the short phrases where another reading holds.
"""

import unicodedata
from pathlib import Path

from pypinyin.phrases_dict import phrases_dict
from pypinyin.pinyin_dict import pinyin_dict

TARGET = Path(__file__).parents[1] / "bot" / "data" / "readings.txt"

# What people say daily and the tables lack, or read as in older books.
EVERYDAY = """
还款 huan kuan|还钱 huan qian|还债 huan zhai|还清 huan qing|还完 huan wan|归还 gui huan
退还 tui huan|返还 fan huan|偿还 chang huan|还本 huan ben|还信 huan xin|还给 huan gei
多长 duo chang|时长 shi chang|太长 tai chang|很长 hen chang|长时 chang shi|延长 yan chang
得了 de le|得办 dei ban|得交 dei jiao|得去 dei qu|银行 yin hang|行业 hang ye|同行 tong hang
行情 hang qing|重新 chong xin|重办 chong ban|重领 chong ling|重开 chong kai|重考 chong kao
大夫 dai fu|调岗 tiao gang|调休 tiao xiu|调解 tiao jie|调整 tiao zheng|单位 dan wei
着火 zhao huo|睡着 shui zhao|着落 zhuo luo|打的 da di|的士 di shi|了解 liao jie|不了 bu liao
得了病 de le bing|降薪 jiang xin|会计 kuai ji|差旅 chai lv|出差 chu chai|补差 bu cha
传记 zhuan ji|数数 shu shu|空闲 kong xian|薄弱 bo ruo|都市 du shi|成都 cheng du|首都 shou du
厦门 xia men|长沙 chang sha|长春 chang chun|重庆 chong qing|六安 lu an|蚌埠 beng bu|番禺 pan yu
"""


def without_tone(reading: str) -> str:
    """zhǎo → zhao, nǚ → nv."""
    letters = unicodedata.normalize("NFKD", reading.replace("ê", "e"))
    letters = letters.replace("u\u0308", "v")
    return "".join(c for c in letters if not unicodedata.combining(c)).replace("u\u0308", "v")


def lines() -> list[str]:
    """The file: a line for each syllable with its characters, then one for each phrase."""
    single = {
        chr(code): without_tone(readings.split(",")[0])
        for code, readings in pinyin_dict.items()
        if code < 0x10000 and without_tone(readings.split(",")[0]).isascii()
    }
    phrases = {
        phrase: [without_tone(options[0]) for options in readings]
        for phrase, readings in phrases_dict.items()
        if len(phrase) < 4 and all(c in single for c in phrase)
    }
    for line in EVERYDAY.replace("\n", "|").strip("|").split("|"):
        phrase, *readings = line.split()
        phrases[phrase] = readings
    by_syllable: dict[str, list[str]] = {}
    for character in sorted(single):
        by_syllable.setdefault(single[character], []).append(character)
    unlike = {p: r for p, r in phrases.items() if r != [single[c] for c in p]}
    return [f"{s} {''.join(by_syllable[s])}" for s in sorted(by_syllable) if s] + [
        f"{phrase} {' '.join(readings)}"
        for phrase, readings in sorted(unlike.items())
        if all(r.isascii() and r for r in readings)
    ]


if __name__ == "__main__":
    TARGET.write_text("\n".join(lines()) + "\n", "utf-8")
