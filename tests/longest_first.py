"""The order in which workers take the files of tests: what takes longest is begun first, so that all end together.

One long file that is begun last keeps the other workers waiting. Seconds are what `--durations=0` says, about; a file
that is not named takes few, and comes after these in the usual order.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest

ABOUT_S = {
    "end2end/test_guest_pages.py": 45,
    "end2end/test_browser_guest.py": 40,
    "end2end/test_guest_doors.py": 38,
    "end2end/test_guest_data_files.py": 30,
    "end2end/test_bots.py": 29,
    "end2end/test_guest_recovery_modules.py": 28,
    "end2end/test_guest_pages_refusals.py": 27,
    "end2end/test_guest_data_trust.py": 25,
    "end2end/test_guest_data_bot.py": 24,
    "end2end/test_application.py": 21,
    "end2end/test_guest_floods.py": 20,
    "end2end/test_guest_data_modules.py": 18,
    "end2end/test_guest_bad_network.py": 18,
    "end2end/test_guest_server_away.py": 17,
    "end2end/test_foreign_client.py": 15,
    "end2end/test_guest_screens.py": 14,
    "end2end/test_guest_data.py": 13,
    "end2end/test_guest_board.py": 13,
    "end2end/test_guest_pages_negotiation.py": 12,
    "end2end/test_return_to_the_call.py": 12,
    "end2end/test_several_servers.py": 12,
    "end2end/test_sound.py": 11,
    "integration/test_two_encodings.py": 39,
    "integration/test_audio_devices.py": 35,
    "integration/test_lip_sync.py": 35,
    "integration/test_bots_on_a_bad_network.py": 34,
    "integration/test_lip_sync_waits.py": 32,
    "integration/test_server_sfu.py": 21,
    "integration/test_shared_sfu.py": 20,
    "integration/test_peer_bad_network.py": 20,
    "integration/test_server_process.py": 18,
    "integration/test_shared_rooms.py": 16,
    "integration/test_redis_bus.py": 15,
    "integration/test_peer_red.py": 14,
    "integration/test_files_on_a_bad_network.py": 13,
    "integration/test_call.py": 13,
    "integration/test_turn_bots.py": 12,
    "integration/test_recovery_bots.py": 11,
    "integration/test_sfu_media.py": 11,
    "integration/test_shared_resume.py": 11,
    "integration/test_safety_code.py": 10,
}


def sort(items: list[pytest.Item]) -> None:
    """Put the tests of the longest files first; those of a file stay together and in their order."""
    items.sort(key=lambda item: -ABOUT_S.get("/".join(item.path.parts[-2:]), 0))
