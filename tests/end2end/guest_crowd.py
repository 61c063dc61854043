"""Several guest pages in one Chromium, each with a picture and a sound of its own, in a room with a real SFU."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from desktop_app.server.hosting import HostedServer
from desktop_app.server.topology.coordinator import Rules
from tests.janus import JanusProcess

from .guest_tools import eventually, participants, room_url

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from playwright.async_api import BrowserContext, Page

RULES = Rules(threshold=3, mesh_limit=4, hysteresis_s=0.5)

COLOURS = {
    "Ann": (200, 30, 30),
    "Bob": (30, 160, 30),
    "Cem": (40, 40, 210),
    "Dana": (190, 170, 20),
    "Eve": (170, 30, 170),
    "Finn": (20, 160, 170),
}

# The picture is of one colour but for a part that moves, the sound a tone; both stop when the track is stopped.
_DEVICES = """({ red, green, blue }) => {
    const pictures = () => {
        const canvas = document.createElement("canvas");
        [canvas.width, canvas.height] = [640, 360];
        const context = canvas.getContext("2d");
        let step = 0;
        const draw = () => {
            context.fillStyle = `rgb(${red} ${green} ${blue})`;
            context.fillRect(0, 0, canvas.width, canvas.height);
            context.fillStyle = "white";
            context.fillRect((step++ * 8) % canvas.width, 0, 40, 30);
        };
        draw();
        const timer = setInterval(draw, 50);
        const [track] = canvas.captureStream().getVideoTracks();
        const stop = track.stop.bind(track);
        track.stop = () => { clearInterval(timer); stop(); };
        return track;
    };
    const sound = () => {
        const context = new AudioContext();
        const destination = context.createMediaStreamDestination();
        const tone = new OscillatorNode(context, { frequency: 440 });
        const gain = new GainNode(context, { gain: 0.2 });
        tone.connect(gain).connect(destination);
        tone.start();
        window.setLoudness = (value) => { gain.gain.value = value; };
        return destination.stream.getAudioTracks()[0];
    };
    navigator.mediaDevices.getUserMedia = async ({ audio, video }) =>
        new MediaStream([...(audio ? [sound()] : []), ...(video ? [pictures()] : [])]);
}"""


@asynccontextmanager
async def sfu_server(folder: Path, rules: Rules = RULES) -> AsyncIterator[HostedServer]:
    """A server with a Janus of its own."""
    async with JanusProcess(folder) as janus:
        server = HostedServer()
        await server.start("127.0.0.1", janus=(janus.address,), rules=rules)
        try:
            yield server
        finally:
            await server.stop()


async def join(context: BrowserContext, server: HostedServer, name: str, room: str = "R") -> Page:
    """A page of somebody with the colour of their name, which joins at once."""
    page = await context.new_page()
    red, green, blue = COLOURS[name]
    await page.add_init_script(f"({_DEVICES})({{ red: {red}, green: {green}, blue: {blue} }})")
    await page.goto(room_url(server, room, name))
    return page


async def mode(page: Page) -> str:
    """How media travels, as the page knows it."""
    return str((await page.evaluate("window.bridgecall.topology()"))["mode"])


async def wait_for_mode(page: Page, wanted: str) -> None:
    """Until the change to a mode is done."""

    async def is_so() -> bool:
        topology = await page.evaluate("window.bridgecall.topology()")
        return bool(topology["mode"] == wanted and topology["coming"] is None)

    await eventually(is_so, f"the room is {wanted}")


async def colour_of(page: Page, name: str) -> tuple[int, int, int] | None:
    """What is in the middle of somebody's tile; None when there is no picture."""
    user_id = (await participants(page))[name]["userId"]
    found: list[int] | None = await page.evaluate(
        """(userId) => {
            const tile = [...document.querySelectorAll(".tile")].find((one) => one.dataset.user === userId);
            const video = tile.querySelector("video");
            if (tile.classList.contains("no-picture") || video.readyState < 2) {
                return null;
            }
            const canvas = new OffscreenCanvas(1, 1);
            const context = canvas.getContext("2d");
            const { videoWidth: width, videoHeight: height } = video;
            context.drawImage(video, width / 2, height * 0.6, 1, 1, 0, 0, 1, 1);
            return Array.from(context.getImageData(0, 0, 1, 1).data).slice(0, 3);
        }""",
        user_id,
    )
    return None if found is None else (found[0], found[1], found[2])


def is_of(colour: tuple[int, int, int] | None, name: str, tolerance: int = 45) -> bool:
    """Whether a colour is the one of a name."""
    return colour is not None and all(
        abs(seen - sent) <= tolerance for seen, sent in zip(colour, COLOURS[name], strict=True)
    )


async def reception(page: Page, name: str) -> dict[str, dict[str, Any]]:
    """The counters of what is seen and heard of somebody, by the path that it comes by, with that path's name."""
    user_id = (await participants(page)).get(name, {}).get("userId", "")
    found: dict[str, dict[str, Any]] = await page.evaluate(
        """async (userId) => {
            const paths = window.bridgecall.paths(userId);
            const kinds = {};
            for (const kind of ["audio", "video"]) {
                const sfu = paths[kind] === "sfu";
                const connection = sfu ? window.bridgecall.sfu().subscriber : window.bridgecall.connection(userId);
                const mids = window.bridgecall.streams()
                    .filter((one) => one.userId === userId && (one.kind === "audio") === (kind === "audio"))
                    .map((one) => one.mid);
                for (const report of (await connection?.getStats())?.values() ?? []) {
                    const mine = !sfu || mids.includes(report.mid);
                    if (report.type === "inbound-rtp" && report.kind === kind && mine) {
                        kinds[kind] = { path: paths[kind], ...report };
                    }
                }
            }
            return kinds;
        }""",
        user_id,
    )
    return found


async def wait_reception(page: Page, name: str, path: str) -> None:
    """Until pictures and sound of somebody come by `path`, both still growing."""

    async def counts() -> tuple[float, float] | None:
        kinds = await reception(page, name)
        if any(kinds.get(kind, {}).get("path") != path for kind in ("audio", "video")):
            return None
        return kinds["video"].get("framesDecoded", 0), kinds["audio"].get("totalAudioEnergy", 0)

    first: tuple[float, float] | None = None

    async def grows() -> bool:
        nonlocal first
        now = await counts()
        first = first or now
        return now is not None and first is not None and now[0] >= first[0] + 5 and now[1] > first[1]

    await eventually(grows, f"media from {name} by {path}")
