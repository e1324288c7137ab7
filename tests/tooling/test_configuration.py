import errno
import json
import stat

import pytest

from shop.run.configuration import ConfigurationError, configure, with_dotenv

pytestmark = pytest.mark.once

STRIPE = {"STRIPE_SECRET_KEY": "sk_test_of_an_account", "STRIPE_WEBHOOK_SECRET": "whsec_of_the_cli"}


def configured(folder, **given):
    return configure(data=folder / "var", port=8000, paywright_port=12111, given=given)


def test_without_keys_paywright_takes_the_payments(tmp_path):
    configuration = configured(tmp_path, STRIPE_SECRET_KEY="", STRIPE_WEBHOOK_SECRET="")

    assert configuration.paywright_port == 12111
    assert configuration.environment["STRIPE_API_BASE"] == "http://127.0.0.1:12111"
    assert configuration.environment["STRIPE_SECRET_KEY"].startswith("sk_test_")
    assert configuration.environment["STRIPE_WEBHOOK_SECRET"].startswith("whsec_")


def test_a_given_webhook_secret_signs_paywrights_events_too(tmp_path):
    given = {"STRIPE_WEBHOOK_SECRET": "whsec_mine"}
    configuration = configure(data=tmp_path, port=8000, paywright_port=8001, given=given)
    assert configuration.environment["STRIPE_WEBHOOK_SECRET"] == "whsec_mine"
    assert configuration.paywright_port == 8001


def test_with_keys_stripe_takes_the_payments(tmp_path):
    configuration = configured(tmp_path, **STRIPE)

    assert configuration.paywright_port is None
    assert "STRIPE_API_BASE" not in configuration.environment
    assert STRIPE.items() <= configuration.environment.items()


def test_a_key_without_a_webhook_secret_is_refused(tmp_path):
    with pytest.raises(ConfigurationError, match="STRIPE_WEBHOOK_SECRET"):
        configured(tmp_path, STRIPE_SECRET_KEY="sk_test_of_an_account")


def test_something_else_than_a_secret_key_is_refused_and_not_repeated(tmp_path):
    with pytest.raises(ConfigurationError, match="sk_") as refusal:
        configured(tmp_path, **STRIPE | {"STRIPE_SECRET_KEY": "pk_test_by_mistake"})

    assert "by_mistake" not in str(refusal.value)


def test_two_servers_cannot_share_a_port(tmp_path):
    with pytest.raises(ConfigurationError, match="8000"):
        configure(data=tmp_path, port=8000, paywright_port=8000, given={})


def test_the_folders_own_keys_are_made_once_and_readable_by_their_owner_alone(tmp_path):
    first, second = configured(tmp_path), configured(tmp_path)

    assert first.environment == second.environment
    assert stat.S_IMODE((tmp_path / "var" / "secrets.json").stat().st_mode) == 0o600
    assert len(set(json.loads((tmp_path / "var" / "secrets.json").read_text()).values())) == 3


@pytest.mark.parametrize("damaged", ["{", "", "[1]", '{"secret_key": "x"}'])
def test_a_damaged_file_of_keys_is_named(tmp_path, damaged):
    configured(tmp_path)
    (tmp_path / "var" / "secrets.json").write_text(damaged)

    with pytest.raises(ConfigurationError, match=r"secrets\.json"):
        configured(tmp_path)


def test_dotenv_adds_to_the_environment_which_wins(tmp_path):
    (tmp_path / ".env").write_text("STRIPE_SECRET_KEY=sk_test_from_file\nJUMUN_CURRENCY=EUR\n")

    environment = with_dotenv({"JUMUN_CURRENCY": "USD"}, tmp_path / ".env")

    assert environment == {"STRIPE_SECRET_KEY": "sk_test_from_file", "JUMUN_CURRENCY": "USD"}


def test_a_folder_that_cannot_hold_the_data_is_named_with_the_option(tmp_path):
    (tmp_path / "file").touch()

    with pytest.raises(ConfigurationError, match=r"file/var.*--data"):
        configured(tmp_path / "file")


def test_a_dotenv_that_is_no_text_is_named(tmp_path):
    (tmp_path / ".env").write_bytes(b"\xff\xfe\x00")

    with pytest.raises(ConfigurationError, match=r"\.env"):
        with_dotenv({}, tmp_path / ".env")


def test_no_dotenv_adds_nothing(tmp_path):
    assert with_dotenv({"A": "1"}, tmp_path / ".env") == {"A": "1"}


def test_a_full_disk_leaves_no_empty_file_of_keys_behind(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("shop.run.configuration.json.dump", full)
    with pytest.raises(ConfigurationError, match="No space left on device"):
        configured(tmp_path)
    monkeypatch.undo()
    configured(tmp_path)
