"""A data folder that cannot be used is one line before anything starts, and stays as it is."""

import os
import re
import shutil
import sqlite3
import stat
import subprocess
import sys
import tempfile
from contextlib import closing
from pathlib import Path

import pytest

from shop.run import data_folder
from shop.run.configuration import ConfigurationError, configure, free_ports
from shop.run.data_folder import check_data, schema_of
from shop.run.database import is_prepared, mark_prepared
from tests.tooling.running import ROOT, environment, shop

pytestmark = pytest.mark.once


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    """A folder as a start of the store leaves it."""
    folder = tmp_path_factory.mktemp("prepared") / "var"
    configuration = configure(data=folder, port=8000, paywright_port=12111, given=environment())
    (folder / "documents").mkdir()
    subprocess.run(
        [sys.executable, "-m", "django", "prepare"],
        env={**configuration.environment, "JUMUN_STAFF_PASSWORD": "word"},
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    mark_prepared(configuration)
    return folder


@pytest.fixture
def data(prepared, tmp_path):
    return shutil.copytree(prepared, tmp_path / "var")


def contents(folder):
    """What is in the folder's files, but for what SQLite keeps beside a database that is open."""
    files = (path for path in folder.rglob("*") if path.is_file() and path.name[-4:] not in {"-wal", "-shm"})
    return {path.name: path.read_bytes() for path in files}


def started(data, **more):
    port, paywright_port = free_ports(2)
    done = shop("--port", port, "--paywright-port", paywright_port, "--data", data, **more)
    assert "The store is open" not in done.stdout
    return done


def overwrite(path, offset, content):
    with path.open("r+b") as file:
        file.seek(offset)
        file.write(content)


def test_a_sound_folder_passes(data):
    check_data(data)


@pytest.mark.parametrize("name", ["jumun.sqlite3", "paywright.sqlite3"])
@pytest.mark.parametrize("offset", [0, 100, 3 * 4096])
def test_damage_is_one_line_and_the_file_stays_as_it_is(data, name, offset):
    if name != "jumun.sqlite3":
        shutil.copy(data / "jumun.sqlite3", data / name)
    overwrite(data / name, offset, b"\x99" * 6000)
    before = contents(data)
    with pytest.raises(ConfigurationError) as refusal:
        check_data(data)
    assert str(refusal.value).startswith(f"The database {data / name} is damaged (")
    assert "\n" not in str(refusal.value)
    assert contents(data) == before


def test_the_store_does_not_open_on_a_damaged_database(data):
    overwrite(data / "jumun.sqlite3", 100, b"\x99" * 6000)
    before = contents(data)

    done = started(data)

    assert done.returncode == 2
    [line] = done.stderr.splitlines()
    assert line.startswith(f"jumun: The database {data / 'jumun.sqlite3'} is damaged (")
    assert "put a backup in its place" in line
    assert contents(data) == before


@pytest.mark.parametrize("content", [b"", b"x", b"this is no database" * 1000])
def test_so_is_what_is_no_database_any_more(data, content):
    (data / "jumun.sqlite3").write_bytes(content)
    with pytest.raises(ConfigurationError, match="is damaged"):
        check_data(data)
    assert (data / "jumun.sqlite3").read_bytes() == content


def test_a_first_start_that_was_killed_early_is_no_damage(tmp_path):
    (tmp_path / "jumun.sqlite3").touch()
    check_data(tmp_path)


def test_a_truncated_file_is_damaged(data):
    size = (data / "jumun.sqlite3").stat().st_size
    os.truncate(data / "jumun.sqlite3", size // 2)
    with pytest.raises(ConfigurationError, match="is damaged"):
        check_data(data)


def test_what_a_crash_left_in_the_write_ahead_log_is_still_there_afterwards(data):
    with closing(sqlite3.connect(data / "jumun.sqlite3")) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("CREATE TABLE left_over (id)")
        connection.commit()
        copy = shutil.copytree(data, data.with_name("killed"))
    log = (copy / "jumun.sqlite3-wal").read_bytes()
    assert log
    check_data(copy)
    assert (copy / "jumun.sqlite3-wal").read_bytes() == log


def test_a_database_in_use_is_no_damage(data):
    with closing(sqlite3.connect(data / "jumun.sqlite3", isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        check_data(data)


def test_a_large_database_is_looked_at_for_a_bounded_time(data, monkeypatch):
    monkeypatch.setattr(data_folder, "CHECK_MAX_S", 0.0)
    monkeypatch.setattr(data_folder, "STEPS_BETWEEN_LOOKS_AT_THE_CLOCK", 1)
    check_data(data)


@pytest.mark.parametrize("name", ["mail", "documents", "jumun.sqlite3"])
def test_a_file_for_a_folder_and_a_folder_for_a_file_are_named(data, name):
    path = data / name
    if name == "jumun.sqlite3":
        path.unlink()
        path.mkdir()
    else:
        shutil.rmtree(path, ignore_errors=True)
        path.touch()
    with pytest.raises(ConfigurationError, match=re.escape(str(path))):
        check_data(data)


@pytest.mark.parametrize("name", [".", "documents", "jumun.sqlite3", "secrets.json"])
def test_what_another_user_owns_is_named(prepared, name):
    """As after a start by root."""
    if os.geteuid():
        pytest.skip("only root can give files away")
    with tempfile.TemporaryDirectory() as open_to_all:
        Path(open_to_all).chmod(0o755)
        see_as_another_user(shutil.copytree(prepared, Path(open_to_all) / "var"), name)


def see_as_another_user(data, name):
    for path in (data, *data.rglob("*")):
        os.chown(path, 65534, 65534)
    owned = data / name
    os.chown(owned, 0, 0)
    owned.chmod(stat.S_IRUSR | stat.S_IWUSR | (stat.S_IXUSR if owned.is_dir() else 0))
    program = (
        "import os, sys; sys.argv = sys.argv[1:]; os.setgroups([]); os.setgid(65534); os.setuid(65534);"
        "from pathlib import Path; from shop.run.configuration import ConfigurationError, configure;"
        "from shop.run.data_folder import check_data; data = Path(sys.argv[0])\n"
        "try: configure(data=data, port=1, paywright_port=2, given={}); check_data(data)\n"
        "except ConfigurationError as error: print(error)"
    )
    # The interpreter's own folder may be closed to other users: all is imported first.
    preloaded = "import dotenv, gettext, locale, json, secrets, shop.run.configuration, shop.run.data_folder;" + program
    done = subprocess.run(
        [sys.executable, "-c", preloaded, str(data)], cwd=ROOT, env=environment(), capture_output=True, text=True
    )
    [line] = done.stdout.splitlines() or [done.stderr]
    assert str(data if name in {".", "secrets.json"} else owned) in line


def change(data, statement):
    with closing(sqlite3.connect(data / "jumun.sqlite3")) as connection:
        connection.executescript(statement)


@pytest.mark.parametrize(
    ("statement", "named"),
    [
        ("ALTER TABLE jumun_outbox_job DROP COLUMN attempts", "jumun_outbox_job.attempts"),
        ("ALTER TABLE jumun_orders_order ADD COLUMN older text", "jumun_orders_order.older"),
        ("DROP TABLE jumun_payments_dispute", "jumun_payments_dispute"),
        ("DROP INDEX jumun_inbox_due", "jumun_payments_inboxevent.jumun_inbox_due"),
        # A migration of this version that the older one had not: Django cannot apply it to what is there.
        ("DELETE FROM django_migrations WHERE app = 'jumun_storefront'", "already exists"),
        ("DELETE FROM django_migrations WHERE app = 'jumun_orders'", "applied before its dependency"),
        # A newer version may have added nothing but a table.
        (
            "INSERT INTO django_migrations (app, name, applied) VALUES ('jumun_orders', '0099_later', '2026-01-01')",
            "jumun_orders.0099_later",
        ),
    ],
)
def test_a_folder_made_by_another_version_is_refused_with_a_line(data, statement, named):
    change(data, statement)
    if "django_migrations" in statement:
        (data / "prepared").unlink()
    before = contents(data)

    done = started(data)

    assert done.returncode == 2
    [line] = done.stderr.splitlines()
    assert line.startswith("jumun: The database was made by another version of Jumun")
    assert named in line
    after = contents(data)
    assert {name for name in before if after[name] != before[name]} <= {"jumun.sqlite3", "ports.json"}


def test_an_older_copy_put_back_is_looked_at_again_although_this_version_prepared_the_folder(data):
    configuration = configure(data=data, port=8000, paywright_port=12111, given=environment())
    assert is_prepared(configuration)
    before = schema_of(data / "jumun.sqlite3")
    change(data, "INSERT INTO django_session VALUES ('k', 'd', '2026-01-01'); ANALYZE")
    assert schema_of(data / "jumun.sqlite3") == before
    assert is_prepared(configuration)
    change(data, "ALTER TABLE jumun_outbox_job DROP COLUMN attempts")
    assert not is_prepared(configuration)


def test_a_backup_takes_the_place_of_a_damaged_database_and_makes_a_new_folder_a_store(data, tmp_path):
    """After ./run has ended, so that Stripe's stand-in cannot be asked: then no number is given until it can."""
    change(data, "UPDATE jumun_storefront_product SET price_minor = 12345")
    (data / "documents" / "invoices").mkdir(parents=True)
    (data / "documents" / "invoices" / "a.pdf").write_bytes(b"%PDF")
    taken = shop("--data", data, "manage", "backup", tmp_path / "backup.tar")
    assert taken.returncode == 0, taken.stderr
    assert stat.S_IMODE((tmp_path / "backup.tar").stat().st_mode) == 0o600
    overwrite(data / "jumun.sqlite3", 100, b"\x99" * 6000)

    refused = shop("--data", data, "manage", "restore", tmp_path / "backup.tar")
    assert (refused.returncode, "Traceback" in refused.stderr) == (1, False)
    assert "--replace" in refused.stderr

    for folder, options in ((data, ["--replace"]), (tmp_path / "new", [])):
        done = shop("--data", folder, "manage", "restore", tmp_path / "backup.tar", *options)
        assert done.returncode == 0, done.stderr
        assert "Stripe could not be asked" in done.stderr
        assert "Traceback" not in done.stderr
        check_data(folder)
        with closing(sqlite3.connect(folder / "jumun.sqlite3")) as connection:
            prices = connection.execute("SELECT DISTINCT price_minor FROM jumun_storefront_product").fetchall()
            assert prices == [(12345,)]
        assert (folder / "documents" / "invoices" / "a.pdf").read_bytes() == b"%PDF"
    [kept] = data.glob("jumun.sqlite3.before-restore-????????-??????")
    assert b"\x99" * 6000 in kept.read_bytes()
