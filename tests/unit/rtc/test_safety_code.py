"""The safety code: what it is made from, and its words."""

from __future__ import annotations

import hashlib

from desktop_app.rtc.safety_code import safety_words, word_list


def test_there_are_2048_plain_words_that_cannot_be_mistaken_for_each_other() -> None:
    words = word_list()
    assert len(words) == len(set(words)) == 2048
    assert list(words) == sorted(words)
    assert all(word.isascii() and word.isalpha() and word.islower() and 4 <= len(word) <= 7 for word in words)
    assert len({word[:4] for word in words}) == 2048


def test_both_ends_see_the_same_words_and_others_see_other_ones() -> None:
    here, there, between = b"certificate of ann", b"certificate of ben", b"certificate of mallory"
    assert safety_words(here, there) == safety_words(there, here)
    assert safety_words(here, between) != safety_words(here, there)


def test_the_words_are_what_the_protocol_says() -> None:
    here, there = b"one", b"two"
    digests = sorted((hashlib.sha256(here).digest(), hashlib.sha256(there).digest()))
    key = hashlib.pbkdf2_hmac("sha256", digests[0] + digests[1], b"bridgecall safety code 1", 1_000_000, 6)
    bits = "".join(f"{byte:08b}" for byte in key)[:44]
    words = word_list()
    assert safety_words(here, there) == tuple(words[int(bits[at : at + 11], 2)] for at in range(0, 44, 11))
