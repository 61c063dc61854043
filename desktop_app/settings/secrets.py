"""What of the settings is secret, and how it is taken out of them and put back.

Secrets are users and passwords of TURN servers, and the key in a link (`k`, docs/rights.md). The settings file holds
the rest: a TURN server's bare address, and the link without its key. All functions here are pure.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_plus

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .schema import Settings

LINK = "link"
_SERVER = "server"


def without_key(link: str) -> tuple[str, str]:
    """A link without its key, and the key (empty when it has none); text that is no link stays as it is."""
    address, hash_sign, fragment = link.partition("#")
    if not hash_sign:
        return link, ""
    kept, key = [], ""
    for part in fragment.split("&"):
        name, _, value = part.partition("=")
        if unquote_plus(name) == "k":
            key = key or unquote_plus(value)
        else:
            kept.append(part)
    return address + ("#" + "&".join(kept) if kept else ""), key


def with_key(link: str, key: str) -> str:
    """The link with its key again."""
    return f"{link}{'&' if '#' in link else '#'}k={key}" if key and not without_key(link)[1] else link


def link_name(link: str) -> str:
    """The name in the keyring of the key of `link`, which has none."""
    return f"{LINK} {link}"


def split_values(values: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """`values` of a settings file without secrets, and the secrets by their names. Takes values of any type."""
    public, secrets = dict(values), {}
    target = values.get("last_target")
    if isinstance(target, str):
        link, key = without_key(target)
        if link != target:
            public["last_target"] = link
        if key:
            secrets[link_name(link)] = key
    servers = values.get("ice_servers")
    if isinstance(servers, list | tuple):
        public["ice_servers"] = [_address(each) if isinstance(each, str) else each for each in servers]
        names = server_names(public["ice_servers"])
        for each, name in zip(servers, names, strict=True):
            if isinstance(each, str) and (credentials := each.partition(",")[2]):
                secrets[name] = credentials
    return public, secrets


def server_names(addresses: list[Any] | tuple[Any, ...]) -> list[str]:
    """The name in the keyring of each server's user and secret; a server that is there twice has two."""
    seen: dict[Any, int] = {}
    names = []
    for address in addresses:
        key = str(address)
        seen[key] = seen.get(key, 0) + 1
        names.append(f"{_SERVER} {key}" + (f" {seen[key]}" if seen[key] > 1 else ""))
    return names


def _address(server: str) -> str:
    return server.partition(",")[0].strip()


def without_secrets(settings: Settings) -> tuple[Settings, dict[str, str]]:
    """The settings as the file holds them, and the secrets by their names."""
    values = {"last_target": settings.last_target, "ice_servers": settings.ice_servers}
    public, secrets = split_values(values)
    return settings.replace(**public), secrets


def secret_names(settings: Settings) -> list[str]:
    """The secrets that could belong to these settings, which hold none of them."""
    names = [
        name
        for address, name in zip(settings.ice_servers, server_names(settings.ice_servers), strict=True)
        if "," not in address
    ]
    if "://" in settings.last_target and not without_key(settings.last_target)[1]:
        names.append(link_name(settings.last_target))
    return names


def with_secrets(settings: Settings, secrets: Mapping[str, str]) -> Settings:
    """The settings with what is known; a server of whose secret nothing is known keeps its bare address.

    Raises:
        SettingsError: a secret that is damaged.
    """
    names = server_names([_address(each) for each in settings.ice_servers])
    servers = tuple(
        f"{each},{secrets[name]}" if "," not in each and name in secrets else each
        for each, name in zip(settings.ice_servers, names, strict=True)
    )
    target = with_key(settings.last_target, secrets.get(link_name(settings.last_target), ""))
    return settings.replace(ice_servers=servers, last_target=target)
