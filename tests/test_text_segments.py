"""Segments of a text as carriers count them, against counts worked out by hand and a slower way to count."""

import unicodedata
from decimal import Decimal
from functools import cache

import pytest
from hypothesis import strategies as st

from core.domain.grapheme import graphemes
from core.domain.text_segments import GSM_7, GSM_7_CHARACTERS, UCS_2, Segments, estimate, plain, replacements, segments
from tests.drawn import drawn

FAMILY, DOCTOR, THUMB, FLAG, HEART = "👨‍👩‍👧", "👩🏾‍⚕️", "👍🏽", "🇺🇸", "❤️"  # 8, 7, 4, 4 and 2 units

COUNTS = [
    # what                                                 text                       encoding count units
    ("nothing", "", GSM_7, 1, 0),
    ("one letter", "a", GSM_7, 1, 1),
    ("the longest single one", "a" * 160, GSM_7, 1, 160),
    ("one more", "a" * 161, GSM_7, 2, 161),
    ("two full parts: 2 x 153", "a" * 306, GSM_7, 2, 306),
    ("one more than two full parts", "a" * 307, GSM_7, 3, 307),
    ("three full parts", "a" * 459, GSM_7, 3, 459),
    ("one more than three full parts", "a" * 460, GSM_7, 4, 460),
    ("the letters of other languages in GSM-7", "ñüàèéìòùÄÖÅØßÑ¿¡Δ", GSM_7, 1, 17),
    ("an escaped character takes two", "[", GSM_7, 1, 2),
    ("80 of them fill one", "€" * 80, GSM_7, 1, 160),
    ("81 of them: 76 + 5", "€" * 81, GSM_7, 2, 162),
    ("153 of them: 76 + 76 + 1, though 306 units are 2 x 153", "]" * 153, GSM_7, 3, 306),
    ("an escape does not end a part: 152 + 2 moves on", "a" * 152 + "{" + "a" * 152, GSM_7, 3, 306),
    ("an escape that just fits", "a" * 151 + "{" + "a" * 153, GSM_7, 2, 306),
    ("form feed is escaped", "\f", GSM_7, 1, 2),
    ("a line feed is one", "a\nb", GSM_7, 1, 3),
    ("CR LF are two", "a\r\nb", GSM_7, 1, 4),
    ("a tab is not in GSM-7", "a\tb", UCS_2, 1, 3),
    ("a backtick is not in GSM-7", "`", UCS_2, 1, 1),
    ("Spanish vowels with accents are not in GSM-7", "está", UCS_2, 1, 4),
    ("small c with cedilla is not, the capital is", "ç", UCS_2, 1, 1),
    ("the longest single one in UCS-2", "中" * 70, UCS_2, 1, 70),
    ("one more in UCS-2", "中" * 71, UCS_2, 2, 71),
    ("two full parts: 2 x 67", "中" * 134, UCS_2, 2, 134),
    ("one more than two full parts in UCS-2", "中" * 135, UCS_2, 3, 135),
    ("in UCS-2 nothing is escaped", "[" * 69 + "中", UCS_2, 1, 70),
    ("an emoji is a pair", "😀", UCS_2, 1, 2),
    ("35 pairs fill one", "😀" * 35, UCS_2, 1, 70),
    ("a pair is not divided: 33 + 33 + 1", "😀" * 67, UCS_2, 3, 134),
    ("a flag is not divided: 66 + 4", "a" * 66 + FLAG, UCS_2, 1, 70),
    ("nor at the end of a part", "a" * 66 + FLAG + "a" * 64, UCS_2, 3, 134),
    ("a family moves on as a whole: 60, then 8 + 59, then 7", "a" * 60 + FAMILY + "a" * 66, UCS_2, 3, 134),
    ("a letter with an accent of its own: 33 + 33 + 4", "e\u0301" * 70, UCS_2, 3, 140),
    ("more marks than a part holds are divided", "e" + "\u0301" * 80, UCS_2, 2, 81),
]  # fmt: skip


@pytest.mark.parametrize(("what", "text", "encoding", "count", "units"), COUNTS, ids=[row[0] for row in COUNTS])
def test_segments_are_counted_as_carriers_do(what: str, text: str, encoding: str, count: int, units: int) -> None:
    found = segments(text)

    assert (found.encoding, found.count, found.units) == (encoding, count, units)


# Texts that the makers of Twilio's calculator sent, and for how many segments Twilio charged (with release 1.3.0).
CHARGED = [
    ("a" * 80 + "\r\n" + "a" * 79, 2),
    ("a" * 80 + "\n" + "a" * 79, 1),
    ("a" * 200 + "\r\n" + "a" * 105, 3),
    ("é" * 70, 1),
    ("e\u0301" * 70, 3),
    ("e\u0301", 1),
    ("a" * 160, 1),
    ("a" * 161, 2),
    ("中" * 70, 1),
    ("中" * 71, 2),
    ("|", 1),
]


@pytest.mark.parametrize(("text", "charged"), CHARGED)
def test_the_count_is_what_twilio_charged(text: str, charged: int) -> None:
    assert segments(text).count == charged


def test_what_forces_ucs_2_is_named_once_in_the_order_of_appearance() -> None:
    found = segments(f"“Hi” {DOCTOR} “José” Nguyễn {DOCTOR} e\u0301")

    assert found.forcing_characters == ("“", "”", DOCTOR, "ễ", "e\u0301")
    assert segments("[Hi] José ñ €").forcing_characters == ()


def test_the_alphabet_has_127_characters_and_ten_escaped_ones() -> None:
    escaped = {letter for letter in GSM_7_CHARACTERS if segments(letter).units == 2}

    assert escaped == set("^{}\\[~]|€\f")
    assert len(GSM_7_CHARACTERS) == 127 + 10  # 128 codes, one of which is the escape


def test_an_estimate_is_recipients_by_segments_by_price() -> None:
    assert estimate(1_250, 2, Decimal("0.0079")) == Decimal("19.75")
    assert estimate(0, 2, Decimal("0.0079")) == 0


# ---- what a reader sees as one character ----------------------------------------------------------------------------
CLUSTERS = [
    ("letters", ["a", "b"]),
    ("a mark joins its letter", ["e\u0301", "x"]),
    ("marks upon marks", ["e\u0301\u0323\u0302", "x"]),
    ("a skin tone", [THUMB, THUMB]),
    ("people joined", [FAMILY, DOCTOR, FAMILY]),
    ("flags come in pairs", [FLAG, "🇲🇽", "🇺"]),
    ("the flag of England is one of tags", ["🏴󠁧󠁢󠁥󠁮󠁧󠁿", "a"]),
    ("an emoji of its style", [HEART, "a"]),
    ("a key", ["1️⃣", "2"]),
    ("Hindi", ["क्", "षि", "नी"]),
    ("Thai", ["กำ", "ก็"]),
    ("Hangul made of parts", ["\u1112\u1161\u11ab", "\u1100\u1173\u11af", "각"]),
    ("a line end takes no mark", ["\n", "\u0301"]),
    ("CR and LF stay two", ["a", "\r", "\n"]),
    ("a joiner joins only what emoji have", ["a\u200d", "b"]),
    ("a zero-width space parts", ["a", "\u200b", "\u0301"]),
]


@pytest.mark.parametrize(("what", "clusters"), CLUSTERS, ids=[row[0] for row in CLUSTERS])
def test_what_a_reader_sees_as_one_character_stays_together(what: str, clusters: list[str]) -> None:
    assert graphemes("".join(clusters)) == clusters


# ---- plain characters -----------------------------------------------------------------------------------------------
PLAIN = [
    # written by a word processor                 plain
    ("“It’s time”, said ‘she’", "\"It's time\", said 'she'"),
    ("9–5 — or later…", "9-5 - or later..."),
    ("Dr.\u00a0Sample\u202f&\u2009Co", "Dr. Sample & Co"),
    ("•\tBring your card\n\uf0b7 Come early", "- Bring your card\n- Come early"),
    ("mammo\u00adgram\u200b\ufeff", "mammogram"),
    ("one\u2028two\vthree\u0085four", "one\ntwo\nthree\nfour"),
    ("½ hour → ¼", "1/2 hour -> 1/4"),
    ("Shingrix® (c) © ™", "Shingrix(R) (c) (c) (TM)"),
    ("ﬁrst ﬂu", "first flu"),
    ("`x´ ′ ″", "'x' ' \""),
    ("Jose\u0301, man\u0303ana", "José, mañana"),
    ("a\u200d b\u200e", "a b"),
]


@pytest.mark.parametrize(("text", "expected"), PLAIN)
def test_what_word_processors_insert_becomes_plain(text: str, expected: str) -> None:
    assert plain(text) == expected
    assert segments(plain(text)).encoding == GSM_7


UNTOUCHED = [
    "Nguyễn Thị", "Łódź", "请致电诊所", "está aquí", f"{DOCTOR} {FAMILY} {FLAG} {HEART}", "©️ ▪️", "98.6°F",
    "می\u200cروم", "Plain [text] {with} €", "a\r\nb",
]  # fmt: skip


@pytest.mark.parametrize("text", UNTOUCHED)
def test_letters_and_emoji_are_left_alone(text: str) -> None:
    assert plain(text) == text
    assert replacements(text) == {}


def test_replacements_are_told_once_in_the_order_of_appearance() -> None:
    assert list(replacements("“Hi”…\u00a0“Jose\u0301”").items()) == [
        ("“", '"'), ("”", '"'), ("…", "..."), ("\u00a0", " "), ("e\u0301", "é")
    ]  # fmt: skip


def test_an_ellipsis_stays_where_three_points_would_cost_a_segment() -> None:
    text = "中" * 67 + "…“”"  # 70 units: one segment; 72 with three points

    assert plain(text) == "中" * 67 + '…""'
    assert replacements(text) == {"“": '"', "”": '"'}
    assert plain("…" * 70) == "…" * 70  # 210 characters of GSM-7 are two segments


# ---- generated ------------------------------------------------------------------------------------------------------
basic = st.sampled_from("abc XYZ09.,!?\n@£éñΩ")
escaped = st.sampled_from("^{}\\[~]|€")
beyond = st.sampled_from(
    ["中", "ễ", "“", "…", "\u00a0", "😀", FAMILY, DOCTOR, THUMB, FLAG, HEART, "e\u0301", "1️⃣", "กำ"]
)
gsm_texts = st.lists(basic | escaped, max_size=30).flatmap(lambda few: st.integers(0, 25).map(lambda n: few * n))
any_texts = st.lists(basic | escaped | beyond, max_size=25).flatmap(
    lambda few: st.integers(0, 12).map(lambda n: few * n)
)


def _units(cluster: str, encoding: str) -> int:
    if encoding == UCS_2:
        return len(cluster.encode("utf-16-le")) // 2
    return 2 if cluster in "^{}\\[~]|€" else 1


def _fewest_parts(sizes: tuple[int, ...], capacity: int) -> int:
    """Every way to divide the text is tried: the fewest parts in which no character is divided."""

    @cache
    def fewest(start: int) -> int:
        if start == len(sizes):
            return 0
        ends, used = [], 0
        for end in range(start, len(sizes)):
            used += sizes[end]
            if used > capacity:
                break
            ends.append(end + 1)
        return 1 + min(fewest(end) for end in ends)

    for start in reversed(range(len(sizes))):
        fewest(start)
    return fewest(0)


def _by_hand(clusters: list[str]) -> Segments:
    encoding = UCS_2 if any(cluster not in GSM_7_CHARACTERS for cluster in clusters) else GSM_7
    single, part = (70, 67) if encoding == UCS_2 else (160, 153)
    sizes = tuple(_units(cluster, encoding) for cluster in clusters)
    count = 1 if sum(sizes) <= single else _fewest_parts(sizes, part)
    forcing = dict.fromkeys(cluster for cluster in clusters if cluster not in GSM_7_CHARACTERS)
    return Segments(encoding, count, sum(sizes), tuple(forcing))


@drawn(daily=40, many=2000, clusters=gsm_texts | any_texts)
def test_the_count_is_that_of_the_best_way_to_divide_the_text(clusters: list[str]) -> None:
    assert graphemes("".join(clusters)) == clusters
    assert segments("".join(clusters)) == _by_hand(clusters)


@drawn(daily=40, many=2000, clusters=gsm_texts | any_texts)
def test_the_count_lies_between_what_units_need_and_what_the_longest_character_wastes(clusters: list[str]) -> None:
    found = segments("".join(clusters))

    part, widest = (67, 8) if found.encoding == UCS_2 else (153, 2)
    if found.count > 1:
        assert found.units > (70 if found.encoding == UCS_2 else 160)
        assert -(-found.units // part) <= found.count <= -(-found.units // (part - widest + 1))


@drawn(daily=40, many=2000, clusters=gsm_texts | any_texts, more=basic | escaped | beyond)
def test_a_longer_text_never_needs_fewer_segments(clusters: list[str], more: str) -> None:
    assert segments("".join(clusters)).count <= segments("".join([*clusters, more])).count


@drawn(daily=40, many=2000, text=st.text(max_size=400) | any_texts.map("".join))
def test_any_text_is_read_whole(text: str) -> None:
    found = segments(text)

    assert "".join(graphemes(text)) == text
    assert (found.encoding == UCS_2) == bool(found.forcing_characters)
    assert all(each in text for each in found.forcing_characters)


inserted = st.sampled_from("“”‘’–—…•\u00a0\u200b\u00ad\u200d\u2028\v½®™→ﬁ")


@drawn(daily=60, many=3000, pieces=st.lists(basic | beyond | inserted, max_size=40).map(lambda few: few * 4))
def test_plain_never_needs_more_segments_and_keeps_every_letter(pieces: list[str]) -> None:
    text = "".join(pieces)

    written = plain(text)

    assert segments(written).count <= segments(text).count
    assert set(replacements(text).values()) <= {written[i : i + n] for n in range(5) for i in range(len(written) + 1)}
    assert _letters(written.replace("fi", "ﬁ")) == _letters(text.replace("fi", "ﬁ"))


def _letters(text: str) -> list[str]:
    """Letters and emoji, but for those that the signs of a trademark are written with."""
    text = text.replace("(R)", "").replace("(TM)", "")
    return [each for each in unicodedata.normalize("NFC", text) if unicodedata.category(each) in ("Ll", "Lu", "Lo")]
