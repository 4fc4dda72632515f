"""Names with the shape that names have: a few very common, many rare, some compound or with a middle dot."""

from __future__ import annotations

import numpy as np
import polars as pl

from safetynet.demo import chance
from safetynet.demo.chance import Bools, Ints

SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林罗高郑梁谢宋唐许韩冯邓曹彭曾肖田董潘袁蔡蒋余于杜叶程魏苏吕丁任卢"
    "姚沈钟姜崔谭陆范汪廖石金韦贾夏付方邹熊白孟秦邱侯江尹薛闫段雷龙黎史陶贺毛郝顾龚邵万覃武钱戴严欧莫孔向常"
)
COMPOUND_SURNAMES = ("欧阳", "上官", "司马", "诸葛", "夏侯", "皇甫", "尉迟", "令狐")
_TOP_WEIGHTS = (
    7.2,
    7.1,
    6.8,
    5.3,
    4.6,
    3.1,
    2.2,
    2.1,
    2.0,
    1.9,
    1.6,
    1.5,
    1.3,
    1.3,
    1.2,
    1.2,
    1.1,
    1.1,
    1.0,
    1.0,
)

# Whole given names that really are this common, then the characters that longer ones are made of.
_MALE_OLD = "伟 强 军 勇 刚 平 建国 建华 国强 志强 建军 明 德华 永福 国栋 文华 德明 志明 成 林"
_MALE_NEW = "伟 磊 浩 杰 涛 鹏 俊杰 浩然 子轩 宇轩 浩宇 梓豪 宇航 博文 子涵 俊 一鸣 天佑 超 帅"
_FEMALE_OLD = "芳 秀英 敏 桂英 秀兰 玉兰 丽 桂兰 秀珍 英 玉梅 凤英 红 霞 燕 玲 桂芳 春梅 翠花 萍"
_FEMALE_NEW = "静 娜 婷 丽 雪 欣怡 梓涵 诗涵 子涵 雨欣 思雨 佳怡 梦瑶 雨桐 可馨 欣妍 娟 莹 倩 悦"
_MALE_FIRST = "国建志德永文明忠正少世光天宇俊浩子泽博嘉家振海春林永兴宗成晓"
_MALE_LAST = "华军强明平林生福贵才荣龙峰辉斌涛宇轩豪阳航然杰文武山海东民祥"
_FEMALE_FIRST = "秀桂玉春凤翠淑美雪晓佳雨梦欣思诗梓丽海红小冬金兰彩月素亚静艳"
_FEMALE_LAST = "英兰芳珍梅花琴霞娟莲凤香云红玲怡涵桐瑶欣妍婷琳慧敏燕萍菊秀清"
_RARE = "喆堃淼翀䶮㛃𬱖𫖮𠮷赟"

_DOTTED_MALE = [
    "阿卜杜拉",
    "买买提",
    "吐尔逊",
    "艾力",
    "玉素甫",
    "阿不都热合曼",
    "肉孜",
    "亚森",
    "库尔班",
    "依明",
    "热合曼",
    "托合提",
    "阿迪力",
    "巴图",
    "麦麦提江",
]
_DOTTED_FEMALE = [
    "阿依古丽",
    "古丽娜尔",
    "阿孜古丽",
    "帕提古丽",
    "热依汗",
    "玛依拉",
    "努尔曼古丽",
    "阿米娜",
    "再努尔",
    "其曼古丽",
]

TOWN_SYLLABLES = tuple("伟芳石清龙白青柳云金银桃梅松竹兰杏桂枫杨泉玉双新大长平安和永福康太高南北东西丰")
TOWN_ENDINGS = ("溪", "河", "坪", "岭", "塘", "桥", "沟", "关")
VILLAGE_FAMILIES = tuple(SURNAMES[:60])
MINORITIES = ("苗族", "彝族", "土家族", "回族", "布依族", "侗族", "壮族", "白族")


def surnames(rng: np.random.Generator, size: int) -> pl.Series:
    """Surnames drawn by their real frequency: 王 the most, 欧阳 and its kind one in a thousand."""
    pool = [*SURNAMES, *COMPOUND_SURNAMES]
    tail = np.geomspace(0.95, 0.12, len(SURNAMES) - len(_TOP_WEIGHTS))
    weights = np.concatenate([_TOP_WEIGHTS, tail, np.geomspace(0.06, 0.004, len(COMPOUND_SURNAMES))])
    return chance.choose(rng, pool, list(weights), size)


def given_names(rng: np.random.Generator, male: Bools, is_young: Bools) -> pl.Series:
    """Given names by sex (male) and generation (is_young: born from 1985 on), one or two characters long."""
    out = np.empty(len(male), dtype=object)
    pools = {
        (True, False): (_MALE_OLD, _MALE_FIRST, _MALE_LAST),
        (True, True): (_MALE_NEW, _MALE_FIRST, _MALE_LAST),
        (False, False): (_FEMALE_OLD, _FEMALE_FIRST, _FEMALE_LAST),
        (False, True): (_FEMALE_NEW, _FEMALE_FIRST, _FEMALE_LAST),
    }
    for (is_male, young), (common, first, last) in pools.items():
        where = np.flatnonzero((male == is_male) & (is_young == young))
        pool, weights = _given_pool(common.split(), first, last)
        out[where] = np.array(pool, dtype=object)[chance.index(rng, weights, len(where))]
    return pl.Series(out.tolist(), dtype=pl.String)


def _given_pool(common: list[str], first: str, last: str) -> tuple[list[str], list[float]]:
    pool = list(common)
    weights = [3.0 / (rank + 2) for rank in range(len(common))]
    for i, one in enumerate(first):
        for j, two in enumerate(last):
            if one != two:
                pool.append(one + two)
                weights.append(0.35 / ((i + 3) ** 0.6 * (j + 3) ** 0.6))
    for i, one in enumerate(first[:12]):
        pool.append(one)
        weights.append(0.08)
        pool.append(_RARE[i % len(_RARE)])
        weights.append(0.002)
    return pool, weights


def dotted_names(rng: np.random.Generator, male: Bools, parent: Ints) -> pl.Series:
    """Names of one's own and, after a middle dot, of one's father (parent: a number that stands for him)."""
    own_male = np.array(_DOTTED_MALE, dtype=object)[rng.integers(0, len(_DOTTED_MALE), len(male))]
    own_female = np.array(_DOTTED_FEMALE, dtype=object)[rng.integers(0, len(_DOTTED_FEMALE), len(male))]
    father = np.array(_DOTTED_MALE, dtype=object)[parent % len(_DOTTED_MALE)]
    return pl.Series((np.where(male, own_male, own_female) + "·" + father).tolist(), dtype=pl.String)
