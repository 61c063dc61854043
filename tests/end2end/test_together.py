"""Two application windows, used with keyboard and mouse, and a guest in a browser chat, send files and draw."""

from __future__ import annotations

import asyncio
import hashlib
import random
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from playwright.async_api import expect

from .chromium import collect_complaints
from .guest_tools import eventually, participants
from .together import WAIT_MS, guest_card, guest_draws, guest_line, guest_says, three_together

if TYPE_CHECKING:
    from collections.abc import Callable
    from collections.abc import Set as AbstractSet

    from playwright.async_api import Page

    from .watched_app import View, WatchedApp

FILE_BYTES = 2_000_000
TRANSFER_LIMIT_S = 60.0
"""Sound and pictures go before files: with other work on the machine these wait."""
LARGE_BYTES = 400_000_000
BLACK, RED, BLUE = (0x1B, 0x21, 0x2B), (0xD6, 0x2C, 0x2C), (0x25, 0x63, 0xEB)
DRAWN = {
    BLACK: ((20, 20), (90, 90), (160, 20)),
    RED: ((190, 20), (270, 90)),
    BLUE: ((20, 130), (300, 150)),
}
"""What each of the three draws, in the whiteboard's units: a zigzag, a rectangle and a line."""
INKED = {
    BLACK: ((55, 55), (76, 76), (104, 76), (125, 55)),  # near the corner, too
    RED: ((230, 20), (230, 90), (190, 55), (270, 55)),
    BLUE: ((160, 140),),
}
"""Where it must be seen."""


async def test_two_windows_and_a_guest_chat_send_files_draw_and_close(tmp_path: Path) -> None:
    async with three_together(tmp_path) as (ann, ben, cleo):
        complaints = collect_complaints(cleo)
        await ann.press("Ctrl", "t")
        await ben.press("Ctrl", "t")
        await cleo.click("#chat-toggle")
        await they_chat(ann, ben, cleo)
        await they_send_files(ann, ben, cleo, tmp_path)
        await they_react(ann, ben, cleo)
        for app in (ann, ben):
            await app.press("Ctrl", "t")  # the whiteboard's bar has room for the colours then
            await app.press("Ctrl", "b")
        await cleo.click("#board-toggle")
        await they_draw(ann, ben, cleo)
        assert [each for each in complaints if "getImageData" not in each] == []  # that is ours
        await they_close_while_files_are_sent(ann, ben, cleo, tmp_path)


async def they_chat(ann: WatchedApp, ben: WatchedApp, cleo: Page) -> None:
    await ann.say("Hello from Ann!")
    await ben.say("Ben is here, too")
    await guest_says(cleo, "And Cleo")
    await ann.say("For Ben's eyes", to="Ben")
    said = {"Hello from Ann!": "Ann", "Ben is here, too": "Ben", "And Cleo": "Cleo"}
    whispered = {"For Ben's eyes": "Ann"}
    for app in (ann, ben):
        await app.sees("all lines", lambda view: lines(view) == {**said, **whispered})
    view = await ann.sees(
        "that Ben has it", lambda view: {each["state"] for each in view["lines"]} == {"delivered"}
    )
    assert [each["text"] for each in view["lines"] if each["private"]] == ["For Ben's eyes"]
    await guest_says(cleo, "Only for Ann", to="Ann")
    await ann.sees("the guest's whisper", lambda view: lines(view).get("Only for Ann") == "Cleo")
    for words in said:
        await expect(guest_line(cleo, words)).to_be_visible(timeout=WAIT_MS)
    await expect(cleo.locator(".line:not(.file)")).to_have_count(4)
    assert await cleo.evaluate(_TILES_FIT), "the pictures beside the chat"
    assert lines(await ben.look()) == {**said, **whispered}


_TILES_FIT = """() => {
    const room = document.querySelector("#tiles").getBoundingClientRect();
    return Array.from(document.querySelectorAll("#tiles .tile"), (tile) => tile.getBoundingClientRect())
        .every(({ top, bottom }) => top >= room.top - 1 && bottom <= room.bottom + 1);
}"""


def lines(view: View) -> dict[str, str]:
    """Who said what."""
    return {each["text"]: each["by"] for each in view["lines"]}


async def they_send_files(ann: WatchedApp, ben: WatchedApp, cleo: Page, folder: Path) -> None:
    digests = {}
    for name in ("ann.bin", "ben.bin", "cleo.bin"):
        data = random.Random(name).randbytes(FILE_BYTES)
        (folder / name).write_bytes(data)
        digests[name] = hashlib.sha256(data).hexdigest()
    await ann.send_file(folder / "ann.bin")
    saved = [asyncio.create_task(digest_of_download(cleo, "ann.bin"))]
    await ben.accept("ann.bin")
    await ben.send_file(folder / "ben.bin")
    saved.append(asyncio.create_task(digest_of_download(cleo, "ben.bin")))
    await ann.accept("ben.bin")
    await cleo.set_input_files("#chat-files", folder / "cleo.bin")
    await ann.accept("cleo.bin")
    await ben.accept("cleo.bin")
    for app, names in ((ann, {"ben.bin", "cleo.bin"}), (ben, {"ann.bin", "cleo.bin"})):
        view = await app.sees(
            "all files",
            lambda view: {each["state"] for each in view["files"]} == {"done"},
            limit_s=TRANSFER_LIMIT_S,
        )
        received = {each["name"]: Path(each["path"]) for each in view["files"] if each["direction"] == "in"}
        assert set(received) == names
        for name, path in received.items():
            assert path.parent == app.home / "downloads"
            assert hashlib.sha256(path.read_bytes()).hexdigest() == digests[name]
    assert await asyncio.gather(*saved) == [digests["ann.bin"], digests["ben.bin"]]
    for name in ("Ann", "Ben"):
        await expect(guest_card(cleo, "cleo.bin").filter(has_text=f"{name} has it")).to_be_visible(
            timeout=WAIT_MS
        )


async def digest_of_download(page: Page, name: str) -> str:
    """Accept a file as a guest; the SHA-256 of what the browser saves under its name."""
    is_it = lambda download: download.suggested_filename == name  # noqa: E731 - a test of one line
    async with page.expect_download(is_it, timeout=TRANSFER_LIMIT_S * 1000) as caught:
        await guest_card(page, name).locator(".file-accept").click(timeout=WAIT_MS)
    path = await (await caught.value).path()
    return hashlib.sha256(await asyncio.to_thread(path.read_bytes)).hexdigest()


async def they_react(ann: WatchedApp, ben: WatchedApp, cleo: Page) -> None:
    people = await participants(cleo)

    async def guest_sees(name: str, what: str) -> None:
        tile = cleo.locator(f".tile[data-user='{people[name]['userId']}']")
        await expect(tile.locator(what)).to_be_visible(timeout=WAIT_MS)

    await ben.press("Ctrl", "Shift", "h")
    await ann.sees("Ben's hand", lambda view: view["hands"] == {"Ben": 1})
    await guest_sees("Ben", ".tile-hand")
    await cleo.click("#hand")
    await ann.sees("both hands", lambda view: view["hands"] == {"Ben": 1, "Cleo": 2})
    await ben.sees("both hands", lambda view: view["hands"] == {"Ben (you)": 1, "Cleo": 2})
    await ann.press("Ctrl", "Shift", "r")
    await ann.click("QToolButton", "Applause")
    await asyncio.gather(  # it goes by
        ben.sees("Ann's applause", lambda view: view["reactions"].get("Ann") == ["👏"]),
        guest_sees("Ann", ".tile-reaction"),
    )
    await cleo.click("#react")
    await cleo.locator("#reactions button").first.click()
    await asyncio.gather(
        *(app.sees("a thumb", lambda view: view["reactions"].get("Cleo") == ["👍"]) for app in (ann, ben))
    )


async def they_draw(ann: WatchedApp, ben: WatchedApp, cleo: Page) -> None:
    async def place_on_screen(app: WatchedApp) -> Callable[[int, int], tuple[int, int]]:
        left, top, _, _ = (await app.find("BoardCanvas")).place
        scale, board_left, board_top = (await app.look())["view"]
        assert scale == 1
        return lambda x, y: (left + x - round(board_left), top + y - round(board_top))

    async def draws(app: WatchedApp, color: tuple[int, int, int]) -> None:
        place = await place_on_screen(app)
        await app.hands.drag([place(x, y) for x, y in DRAWN[color]])

    await ben.click("ToolButton", "Red")
    await ben.press("r")
    await cleo.click("#board-colors button[value='#2563eb']")
    await asyncio.gather(draws(ann, BLACK), draws(ben, RED), guest_draws(cleo, *DRAWN[BLUE]))
    await ann.sees("others' pointers", lambda view: view["pointers"] == ["Ben", "Cleo"])
    await ben.sees("others' pointers", lambda view: view["pointers"] == ["Ann", "Cleo"])
    shapes = (await ann.sees("three shapes", lambda view: len(view["shapes"]) == 3))["shapes"]
    await ben.sees("the same shapes", lambda view: view["shapes"] == shapes)

    async def guest_has_them() -> bool:
        return bool(shapes == await cleo.evaluate("window.bridgecall.board()"))

    await eventually(guest_has_them, "the guest's shapes")
    for app in (ann, ben):
        place = await place_on_screen(app)
        app.hands.move(*place(300, 20))  # the mouse is on the screen's picture, too
    await cleo.mouse.move(5, 5)
    await ann.sees("no pointer of Cleo's", lambda view: view["pointers"] == ["Ben"])
    await ben.sees("no pointer of Cleo's", lambda view: view["pointers"] == ["Ann"])

    async def has_it(app: WatchedApp) -> None:
        place = await place_on_screen(app)
        inked = {place(x, y): color for color in INKED for x, y in INKED[color]}
        await app.screen.wait_until(
            lambda picture: all(is_like(picture[y, x], color) for (x, y), color in inked.items())
        )

    await has_it(ann)
    await has_it(ben)

    async def guest_has_it() -> bool:
        pixels = await cleo.evaluate(_PIXELS, [place for color in INKED for place in INKED[color]])
        return all(map(is_like, pixels, [color for color in INKED for _ in INKED[color]]))

    await eventually(guest_has_it, "the guest's picture")


def is_like(pixel: Any, color: tuple[int, int, int]) -> bool:
    """Whether this is the colour, but for the rounding of whoever painted it."""
    return all(abs(int(one) - other) < 24 for one, other in zip(pixel, color, strict=True))


_PIXELS = """(places) => {
    const context = document.querySelector("#board-canvas").getContext("2d");
    return places.map(([x, y]) => Array.from(context.getImageData(x, y, 1, 1).data).slice(0, 3));
}"""


async def they_close_while_files_are_sent(ann: WatchedApp, ben: WatchedApp, cleo: Page, folder: Path) -> None:
    for app, name in ((ann, "large-a.bin"), (ben, "large-b.bin")):
        with (folder / name).open("wb") as file:
            file.truncate(LARGE_BYTES)
        await app.send_file(folder / name)
    await ben.accept("large-a.bin")
    await ann.accept("large-b.bin")
    await ben.sees("both on their way", are_running)
    await ben.press("Ctrl", "q")
    assert await ben.wait() == 0
    await ann.sees("that Ben is gone", lambda view: "Ben" not in view["people"])
    await cleo.set_input_files("#chat-files", folder / "large-a.bin")
    await ann.accept("large-a.bin")
    await ann.sees("a file on its way", lambda view: are_running(view, directions={"in"}))
    await ann.press("Ctrl", "q")
    assert await ann.wait() == 0
    for app in (ann, ben):
        assert app.stderr == []
        assert not [
            line for line in app.log if re.search(r"\b(ERROR|CRITICAL)\b|Traceback|never retrieved", line)
        ]


def are_running(view: View, directions: AbstractSet[str] = frozenset({"in", "out"})) -> bool:
    """Whether large files are on their way, in each direction."""
    moving = {each["direction"] for each in view["files"] if each["state"] == "running" and each["done"] > 0}
    return directions <= moving
