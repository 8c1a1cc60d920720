"""What is said outside the program about Twilio: checked at the door, and never shown."""

from pathlib import Path

import pytest

from core.errors import SettingsError
from core.settings import read_settings
from core.twilio_account import SANDBOX_ACCOUNT, is_from_twilio, twilio_access, webhooks

ACCOUNT, TOKEN = "AC" + "a1" * 16, "0123456789abcdef" * 2
REFUSED = [
    ({"CARELOOP_TWILIO_URL": "http://api.twilio.com"}, "CARELOOP_TWILIO_URL must begin with https"),
    ({"CARELOOP_TWILIO_URL": "ftp://127.0.0.1"}, "CARELOOP_TWILIO_URL must begin with http"),
    ({"CARELOOP_TWILIO_URL": "nowhere"}, "CARELOOP_TWILIO_URL must begin with http"),
    ({"CARELOOP_TWILIO_ACCOUNT": "me", "CARELOOP_TWILIO_TOKEN": TOKEN}, "must be an account SID"),
    ({"CARELOOP_TWILIO_ACCOUNT": ACCOUNT}, "belong together"),
    ({"CARELOOP_TWILIO_TOKEN": TOKEN}, "belong together"),
    ({"CARELOOP_TWILIO_FROM": "(555) 010-0200"}, "CARELOOP_TWILIO_FROM must be a number"),
    ({"CARELOOP_TWILIO_SERVICE": "SM1"}, "CARELOOP_TWILIO_SERVICE must be a service SID"),
]  # fmt: skip


@pytest.mark.parametrize(("environ", "says"), REFUSED)
def test_a_wrong_setting_is_named_with_what_would_be_right(tmp_path: Path, environ: dict[str, str], says: str) -> None:
    with pytest.raises(SettingsError, match=says) as refused:
        read_settings({"CARELOOP_HOME": str(tmp_path), **environ})
    assert TOKEN not in str(refused.value)


def test_without_an_account_the_stand_in_s_is_used_with_a_token_of_this_home(tmp_path: Path) -> None:
    here, there = (read_settings({"CARELOOP_HOME": str(tmp_path / name)}) for name in ("a", "b"))
    for settings in (here, there):
        settings.home.mkdir()

    assert here.keeps_texts and here.twilio_url == "http://127.0.0.1:8503"
    assert twilio_access(here).account == SANDBOX_ACCOUNT
    assert twilio_access(here).token == twilio_access(here).token != twilio_access(there).token
    assert twilio_access(here).token not in repr(here) + repr(twilio_access(here))


def test_an_account_comes_from_the_environment_and_its_token_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text(f"{TOKEN}\nmore\n", "utf-8")
    settings = read_settings(
        {
            "CARELOOP_HOME": str(tmp_path),
            "CARELOOP_TWILIO_ACCOUNT": ACCOUNT,
            "CARELOOP_TWILIO_TOKEN_FILE": str(file),
            "CARELOOP_TWILIO_FROM": "55501",
            "CARELOOP_TWILIO_SERVICE": "MG" + "0" * 32,
            "CARELOOP_PUBLIC_URL": "https://careloop.example.org/",
        }
    )

    found = twilio_access(settings)
    assert (found.account, found.token, found.sender, found.service) == (ACCOUNT, TOKEN, "55501", "MG" + "0" * 32)
    assert webhooks(settings) == "https://careloop.example.org/twilio"
    assert TOKEN not in repr(settings) + repr(found)


def test_a_signature_is_for_one_address_and_one_form(tmp_path: Path) -> None:
    from twilio.request_validator import RequestValidator

    settings = read_settings({"CARELOOP_HOME": str(tmp_path), "CARELOOP_PUBLIC_URL": "https://careloop.example.org"})
    token = twilio_access(settings).token
    url, fields = "https://careloop.example.org/twilio/text-status?attempt=1-1", {"MessageSid": "SM1"}
    right = RequestValidator(token).compute_signature(url, fields)
    form = {"MessageSid": ["SM1"]}

    assert is_from_twilio(settings, "/twilio/text-status?attempt=1-1", form, right)
    for path, told, signature in (
        ("/twilio/text-status?attempt=1-2", form, right),
        ("/twilio/text-status", form, right),
        ("/twilio/text-status?attempt=1-1", {"MessageSid": ["SM2"]}, right),
        ("/twilio/text-status?attempt=1-1", form | {"More": ["x"]}, right),
        ("/twilio/text-status?attempt=1-1", form, ""),
        ("/twilio/text-status?attempt=1-1", form, right[:-1]),
        ("/twilio/text-status?attempt=1-1", form, right.lower()),
    ):
        assert not is_from_twilio(settings, path, told, signature)
