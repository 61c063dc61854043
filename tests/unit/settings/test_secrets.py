"""Secrets go to the keyring and never to the settings file."""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING, Any, TypeAlias

import keyring
import pytest
from hypothesis import given
from hypothesis import strategies as st
from keyring.backends import fail

from desktop_app.protocol.invite import Invite
from desktop_app.settings.keeper import SettingsKeeper
from desktop_app.settings.migrations import CURRENT_VERSION
from desktop_app.settings.schema import Settings
from desktop_app.settings.secrets import split_values, with_key, with_secrets, without_key, without_secrets
from desktop_app.settings.store import SettingsStore
from desktop_app.settings.vault import Vault
from tests.keyring_in_file import VARIABLE, KeyringInFile

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

KEY = "Abcdefghijklmnopqrstuv"
LINK = Invite("calls.example", 443, "party", True, "ab" * 32, KEY).link()
SETTINGS = Settings().replace(
    display_name="Ana",
    last_target=LINK,
    ice_servers=("stun:s.example", "turn:t.example,ana,hunter2", "turn:t.example,ben,pass,word"),
)
SECRETS = ("hunter2", "pass,word", "ana", KEY)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "config" / "settings.json"


@pytest.fixture
def backend(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[KeyringInFile]:
    """The system's keyring."""
    monkeypatch.setenv(VARIABLE, str(tmp_path / "keyring.json"))
    made = KeyringInFile()  # type: ignore[no-untyped-call]
    before = keyring.get_keyring()
    keyring.set_keyring(made)
    yield made
    keyring.set_keyring(before)


@pytest.fixture
def no_backend() -> Iterator[None]:
    """A system without one."""
    before = keyring.get_keyring()
    keyring.set_keyring(fail.Keyring())  # type: ignore[no-untyped-call]
    yield
    keyring.set_keyring(before)


Keep: TypeAlias = "Callable[..., SettingsKeeper]"


@pytest.fixture
def keeper() -> Iterator[Keep]:
    """Makes keepers, each like another start of the program."""
    vaults: list[Vault] = []

    def make(path: Path, vault: Vault | None = None) -> SettingsKeeper:
        vaults.append(vault or Vault())
        return SettingsKeeper(SettingsStore(path), vaults[-1])

    yield make
    for vault in vaults:
        vault.close()


def text_of(path: Path) -> str:
    return path.read_text()


def write(path: Path, values: dict[str, Any]) -> None:
    path.parent.mkdir()
    path.write_text(json.dumps(values))


async def test_secrets_are_in_the_keyring_and_not_in_the_file(
    path: Path, backend: KeyringInFile, keeper: Keep
) -> None:
    first = keeper(path)
    first.load()
    await first.save(SETTINGS)
    text = text_of(path)
    assert not [each for each in SECRETS if each in text]
    assert "turn:t.example" in text
    again = keeper(path)
    loaded = again.load()
    assert not loaded.had_secrets
    assert await again.with_secrets(loaded.settings) == SETTINGS
    assert await again.has_keyring()


async def test_what_is_removed_from_the_settings_leaves_the_keyring(
    path: Path, backend: KeyringInFile, keeper: Keep
) -> None:
    kept = keeper(path)
    await kept.save(SETTINGS)
    assert len(backend._entries()) == 3
    await kept.save(SETTINGS.replace(ice_servers=(), last_target="room"))
    assert backend._entries() == {}


async def test_a_change_before_the_keyring_has_answered_loses_nothing(
    path: Path, backend: KeyringInFile, keeper: Keep
) -> None:
    await keeper(path).save(SETTINGS)
    second = keeper(path)
    await second.save(second.load().settings.replace(display_name="Zoë"))
    third = keeper(path)
    assert await third.with_secrets(third.load().settings) == SETTINGS.replace(display_name="Zoë")


async def test_an_old_file_is_read_once_more_and_then_has_no_secret(
    path: Path, backend: KeyringInFile, keeper: Keep
) -> None:
    old = {"version": 1, "ice_servers": list(SETTINGS.ice_servers), "last_target": LINK, "frame_rate": 15}
    write(path, old)
    kept = keeper(path)
    loaded = kept.load()
    assert loaded.had_secrets
    assert loaded.settings == SETTINGS.replace(display_name="", frame_rate=15)
    await kept.save(loaded.settings)
    text = text_of(path)
    assert not [each for each in SECRETS if each in text]
    assert json.loads(text)["version"] == CURRENT_VERSION
    assert json.loads(text)["frame_rate"] == 15
    again = keeper(path)
    assert await again.with_secrets(again.load().settings) == loaded.settings


async def test_without_a_keyring_secrets_last_as_long_as_the_program(
    path: Path, no_backend: None, keeper: Keep
) -> None:
    kept = keeper(path)
    assert not await kept.has_keyring()
    await kept.save(SETTINGS)
    assert not [each for each in SECRETS if each in text_of(path)]
    loaded = keeper(path).load().settings
    assert loaded.ice_servers == ("stun:s.example", "turn:t.example", "turn:t.example")
    assert await keeper(path).with_secrets(loaded) == loaded


@pytest.mark.expected_warnings("does not answer")
async def test_a_keyring_that_hangs_is_given_up(
    path: Path, backend: KeyringInFile, keeper: Keep, monkeypatch: pytest.MonkeyPatch, caplog: Any
) -> None:
    go_on = threading.Event()
    monkeypatch.setattr(backend, "get_password", lambda *_: str(go_on.wait(20)))
    vault = Vault(limit_s=0.05)
    kept = keeper(path, vault)
    await kept.save(SETTINGS)
    assert "does not answer" in caplog.text
    assert not await kept.has_keyring(), "it is not asked again"
    assert not [each for each in SECRETS if each in text_of(path) + caplog.text]
    go_on.set()


@pytest.mark.expected_warnings("the keyring refuses")
async def test_a_keyring_that_refuses_is_no_defect(
    path: Path, backend: KeyringInFile, keeper: Keep, monkeypatch: pytest.MonkeyPatch, caplog: Any
) -> None:
    def refuse(_service: str, _name: str, _secret: str) -> None:
        raise OSError("hunter2 is a bad password")

    monkeypatch.setattr(backend, "set_password", refuse)
    await keeper(path).save(SETTINGS)
    assert "refuses: OSError" in caplog.text
    assert "hunter2" not in caplog.text


@pytest.mark.parametrize(
    "fragment", [f"k={KEY}", f"fp=ab&k={KEY}", f"k={KEY}&fp=ab", f"%6B={KEY}", f"k={KEY}&k={KEY}"]
)
def test_a_key_is_found_however_it_is_written(fragment: str) -> None:
    public, key = without_key(f"https://h/r/x#{fragment}")
    assert key == KEY
    assert KEY not in public
    assert without_key(with_key(public, key)) == (public, key)


@given(
    st.dictionaries(
        st.sampled_from(["ice_servers", "last_target", "x"]),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.text(), lambda inner: st.lists(inner, max_size=3)
        ),
    )
)
def test_whatever_a_file_holds_can_be_split_once(values: dict[str, Any]) -> None:
    public, _ = split_values(values)
    assert split_values(public) == (public, {})
    assert public.keys() == values.keys()


def test_putting_back_is_the_inverse_of_taking_out() -> None:
    public, secrets = without_secrets(SETTINGS)
    assert not [each for each in SECRETS if each in repr(public) + str(public.ice_servers)]
    assert with_secrets(public, secrets) == SETTINGS
    assert with_secrets(public, {}) == public
