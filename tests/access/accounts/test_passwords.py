"""Hashes of passwords."""

from __future__ import annotations

from argon2 import extract_parameters

from progimage.access.accounts.passwords import UNUSED_HASH, Passwords

PASSWORD = "correct horse battery"


def test_only_the_password_matches_its_hash():
    passwords = Passwords()
    made = passwords.hash(PASSWORD)
    assert PASSWORD not in made
    assert made != passwords.hash(PASSWORD)
    assert passwords.match(made, PASSWORD)
    assert not passwords.match(made, PASSWORD + " ")


def test_a_missing_account_and_a_damaged_hash_match_nothing():
    passwords = Passwords()
    assert not passwords.match(None, PASSWORD)
    assert not passwords.match("damaged", PASSWORD)


def test_the_hash_for_a_missing_account_takes_as_long_as_others():
    made = extract_parameters(Passwords().hash(PASSWORD))
    assert extract_parameters(UNUSED_HASH) == made
