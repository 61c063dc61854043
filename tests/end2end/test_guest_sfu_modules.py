"""The parts of the guest page that deal with an SFU, each in a real page with a script for the SFU."""

from __future__ import annotations

from .guest_scripts import UNTIL, run_scripts

# An SFU of one connection with two pictures and one sound, whose m-lines the script names as it likes.
SFU = (
    UNTIL
    + """
    const { Paths } = await import("/web/sfu/paths.js");
    const { Subscriber, named } = await import("/web/sfu/subscriber.js");
    const { Publisher } = await import("/web/sfu/publisher.js");
    const { SpeechDetector, SILENCE_DBOV } = await import("/web/sfu/speech.js");
    const { wantedFeeds } = await import("/web/sfu/session.js");
    const { Topology } = await import("/web/sfu/topology.js");
    const messages = await import("/web/sfu/messages.js");
    const picture = () => {
        const canvas = document.createElement("canvas");
        const context = canvas.getContext("2d");
        let step = 0;
        setInterval(() => context.fillRect(step++ % 200, 0, 9, 9), 40);
        return canvas.captureStream().getVideoTracks()[0];
    };
    const paths = { ann: new Paths(), bob: new Paths() };
    const told = [];
    const told_of = (type) => told.filter((message) => message.type === type);
    const newSubscriber = () => new Subscriber({
        epoch: 4, path: "sfu 4", iceServers: [], send: (message) => told.push(message), pathsOf: (id) => paths[id],
    });
    const stream = (mid, userId, kind = "camera", active = true) => ({ mid, userId, kind, active });
    let sfu, numbers = 0;
    const newSfu = (subscriber, count = 2) => {
        sfu = new RTCPeerConnection();
        for (let i = 0; i < count; i += 1) sfu.addTransceiver(picture(), { direction: "sendonly" });
        sfu.ready = new Promise((resolve) => sfu.addEventListener("icegatheringstatechange", () =>
            sfu.iceGatheringState === "complete" && resolve()));
    };
    const offer = async (subscriber, streams) => {
        await sfu.setLocalDescription(await sfu.createOffer());
        await sfu.ready;
        numbers += 1;
        const answers = told_of("sfu-answer").length;
        subscriber.offered({ number: numbers, sdp: sfu.localDescription.sdp, streams });
        await until(() => told_of("sfu-answer").length > answers);
        await sfu.setRemoteDescription({ type: "answer", sdp: told_of("sfu-answer").at(-1).sdp });
        for (const { candidate } of told_of("sfu-candidate")) if (candidate) await sfu.addIceCandidate(candidate);
    };
"""
)

CASES = {
    "what came last is shown, and what came before when it goes": """
        const one = new Paths();
        const heard = [];
        one.addEventListener("track", ({ detail }) => heard.push([detail, one.current[detail]]));
        one.arrive("mesh", "video", "a");
        one.arrive("sfu", "video", "b");
        one.withdraw("sfu");
        one.arrive("sfu", "video", "c");
        one.rest("mesh");
        one.rest("sfu");
        const held = one.current.video === "c" && !one.has("sfu");
        one.arrive("mesh", "video", "a");
        return {
            order: JSON.stringify(heard.map(([, track]) => track)) === '["a","b","a","c","a"]',
            held, path: one.pathOf("video") === "mesh", sound: one.current.audio === null,
        };
    """,
    "a track is its person's, and is taken from them before the answer": """
        const subscriber = newSubscriber();
        subscriber.want([{ userId: "ann", kind: "camera" }]);
        subscriber.want([{ userId: "ann", kind: "camera" }]);
        newSfu();
        await offer(subscriber, [stream("0", "ann"), stream("1", "bob")]);
        const arrived = await until(() => paths.ann.current.video && paths.bob.current.video);
        const [first, second] = [paths.ann.current.video, paths.bob.current.video];
        // The same picture, smaller, on the same m-line.
        subscriber.assigned([stream("0", "ann", "thumbnail"), stream("1", "bob")]);
        await until(() => subscriber.streams[0].kind === "thumbnail");
        const same = paths.ann.current.video === first;
        // It becomes inactive: the track is gone when the answer is sent.
        const when = [];
        const answered = told.push.bind(told);
        told.push = (message) => { when.push([message.type, paths.ann.current.video]); return answered(message); };
        sfu.getTransceivers()[0].direction = "inactive";
        await offer(subscriber, [stream("0", "ann", "camera", false), stream("1", "bob")]);
        const gone = when.some(([type, track]) => type === "sfu-answer" && track === null);
        // Somebody else may have it now.
        sfu.getTransceivers()[0].direction = "sendonly";
        await offer(subscriber, [stream("0", "bob"), stream("1", "bob", "camera", false)]);
        const given = await until(() => paths.bob.current.video?.readyState === "live"
            && paths.bob.current.video !== second);
        subscriber.close();
        sfu.close();
        const annHasNothing = paths.ann.current.video === null;
        return { arrived, distinct: first !== second, same, gone, given, annHasNothing,
            saidOnce: told_of("sfu-subscribe").length === 1 };
    """,
    "an offer of another connection replaces ours": """
        const subscriber = newSubscriber();
        newSfu();
        await offer(subscriber, [stream("0", "ann")]);
        const before = await until(() => paths.ann.current.video);
        const [old, track] = [subscriber.connection, paths.ann.current.video];
        newSfu();
        await offer(subscriber, [stream("0", "ann")]);
        const after = await until(() => paths.ann.current.video !== track && paths.ann.current.video !== null);
        subscriber.close();
        return { before, after, closed: old.connectionState === "closed", end: subscriber.connection === null };
    """,
    "streams are named by participant": """
        const sdp = ["v=0", "m=audio 9 X 1", "a=mid:0", "a=msid:janus janus0", "m=video 9 X 1", "a=mid:1",
            "a=msid:janus janus1", "a=ssrc:7 msid:janus janus1", "m=audio 9 X 1", "a=mid:2", "a=msid:janus janus2", ""]
            .join("\\r\\n");
        const text = named(sdp, [stream("0", "Zoë $&"), stream("1", "Zoë $&"), stream("2", "bob")]);
        const names = [...text.matchAll(/msid:(\\S+) (\\S+)/g)].map(([, one, two]) => [one, two]);
        return { same: names[0][0] === names[1][0] && names[1][0] === names[2][0], other: names[3][0] !== names[0][0],
            tracks: names.map(([, track]) => track).join() === "janus0,janus1,janus1,janus2",
            length: text.split("\\r\\n").length === 12, token: /^[A-Za-z0-9]+$/.test(names[0][0]) };
    """,
    "what is watched is encoded, and the small picture is small": """
        const [video] = [picture()];
        const publisher = new Publisher({ epoch: 4, iceServers: [], send: (message) => told.push(message),
            tracks: { audio: null, video } });
        await until(() => told_of("sfu-publish").length);
        const [publish] = told_of("sfu-publish");
        const janus = new RTCPeerConnection();
        await janus.setRemoteDescription({ type: "offer", sdp: publish.sdp });
        await janus.setLocalDescription(await janus.createAnswer());
        publisher.published("v=0 of an older publication", publish.number + 1);
        publisher.published(janus.localDescription.sdp, publish.number);
        const silent = JSON.stringify(publisher.sending) === '["audio"]';
        publisher.watched(new Set(["thumbnail"]));
        const one = await until(() => publisher.sending.join() === "audio,thumbnail");
        const small = publisher.connection.getSenders()[2].getParameters().encodings[0];
        publisher.watched(new Set(["camera"]));
        const two = await until(() => publisher.sending.join() === "audio,camera");
        publisher.setTrack("video", null);
        const three = await until(() => publisher.sending.join() === "audio");
        publisher.close();
        janus.close();
        return { silent, one, two, three, closed: publisher.connection === null,
            kinds: publish.tracks.map(({ mid, kind }) => mid + kind).join() === "0audio,1camera,2thumbnail",
            limits: small.maxBitrate === 150000 && small.maxFramerate === 15, live: video.readyState === "live" };
    """,
    "sound of everybody and three large pictures": """
        const ids = ["a", "b", "c", "d", "e"];
        const of = (view) => wantedFeeds(ids, view).filter(({ kind }) => kind !== "audio")
            .map(({ userId, kind }) => userId + kind[0]).join();
        return {
            sound: wantedFeeds(ids, { large: [], small: [] }).map(({ userId }) => userId).join("") === "abcde",
            unknown: of(null) === "ac,bc,cc,dt,et",
            bounded: of({ large: ["e", "d", "c", "b"], small: ["a", "e", "gone"] }) === "ec,dc,cc,bt,at",
        };
    """,
    "speech is told of, and steady noise and a keystroke are not": """
        const run = (level) => {
            const detector = new SpeechDetector();
            const said = [];
            for (let i = 0; i < 100; i += 1) {
                const dbov = detector.update(i * 100, level(i));
                if (dbov !== null) said.push([i, dbov]);
            }
            return said;
        };
        const syllables = run((i) => i >= 20 && i < 60 ? (i % 4 ? 0.1 : 0.01) : 0.001);
        const [loud, end] = [syllables.slice(0, -1), syllables.at(-1)];
        const gaps = loud.slice(1).map(([at], index) => at - loud[index][0]);
        return {
            told: loud.length >= 6 && loud.every(([, dbov]) => dbov === -20),
            twiceASecond: gaps.every((gap) => gap >= 5),
            ended: end[1] === SILENCE_DBOV && end[0] > 60 && end[0] < 72,
            noise: run(() => 0.1).length === 0, keystroke: run((i) => i === 50 ? 0.5 : 0.001).length === 0,
            muted: run((i) => i < 20 ? 0.001 : i < 40 ? 0.1 : 0).at(-1)[0] === 40,
        };
    """,
    "bad messages are no messages": """
        const { readTopology, readOffer, readStreams, readWatched, readFailed, readActiveSpeaker } = messages;
        const sdp = "v=0";
        const bad = [
            readTopology(null), readTopology([]), readTopology({ epoch: -1, mode: "mesh" }),
            readTopology({ epoch: 1, mode: "star" }), readTopology({ epoch: 1, mode: "sfu", phase: "later" }),
            readTopology({ epoch: 1, mode: "sfu", phase: "commit", meshLimit: 0 }),
            readOffer({ epoch: 1, number: 1, sdp }), readOffer({ epoch: 1, number: "1", sdp, streams: [] }),
            readOffer({ epoch: 1, number: 1, sdp: "", streams: [] }), readStreams({ epoch: 1, streams: [null] }),
            readStreams({ epoch: 1, streams: [stream("0", "ann"), stream("0", "bob")] }),
            readStreams({ epoch: 1, streams: [stream("0", "ann", "hologram")] }),
            readStreams({ epoch: 1, streams: [stream("0", "ann", "camera", "yes")] }),
            readStreams({ epoch: 1, streams: Array(600).fill(stream("0", "ann")) }),
            readWatched({ epoch: 1, kinds: "camera" }), readFailed({ epoch: 1, connection: "both" }),
            readActiveSpeaker({ userId: 7 }),
        ];
        return { bad: bad.every((one) => one === null), good: readStreams({ epoch: 1, streams: [] }) !== null,
            nobody: readActiveSpeaker({}).userId === null };
    """,
    "late changes are late, and everything ends": """
        const people = new Map();
        const topology = new Topology({ participants: people, send: (message) => told.push(message),
            tracks: () => ({ audio: null, video: null }) });
        const change = (epoch, mode, phase) => topology.receive({ type: "topology", epoch, mode, phase, meshLimit: 4 });
        topology.start({ topology: { epoch: 3, mode: "mesh" }, participants: [] }, []);
        change(2, "sfu", "commit");
        const late = topology.mode === "mesh";
        change(4, "sfu", "prepare");
        change(4, "sfu", "prepare");
        const prepared = topology.coming === "sfu" && topology.sfu === null;
        await until(() => told_of("sfu-publish").length);
        change(4, "sfu", "abort");
        const aborted = topology.coming === null && topology.mode === "mesh";
        change(5, "sfu", "commit");
        const { publisher, subscriber } = topology.sfu;
        await until(() => publisher.connection !== null);
        change(6, "sfu", "prepare");
        const both = topology.coming === "sfu" && topology.sfu.publisher === publisher;
        change(6, "sfu", "commit");
        const moved = topology.sfu.epoch === 6 && publisher.closed && publisher.connection === null;
        const last = topology.sfu;
        topology.close();
        change(7, "mesh", "commit");
        return { late, prepared, aborted, both, moved, published: told_of("sfu-publish").length >= 2,
            unknown: topology.receive({ type: "signal" }) === false, once: told_of("topology-ready").length === 0,
            over: last.publisher.closed && last.subscriber.closed && topology.mode === "sfu" };
    """,
    "a server that mixes people up shows nobody": """
        const warned = [];
        const warn = console.warn;
        console.warn = (words) => warned.push(words);
        const subscriber = newSubscriber();
        newSfu();
        await offer(subscriber, [stream("0", "ann"), stream("1", "bob")]);
        await until(() => paths.ann.current.video && paths.bob.current.video);
        subscriber.assigned([stream("0", "bob"), stream("1", "bob", "camera", false)]);
        const restarted = await until(() => told_of("sfu-subscribe").some(({ restart }) => restart));
        console.warn = warn;
        subscriber.close();
        return { restarted, warned: warned.length === 1, nobodysFace: paths.ann.current.video === null
            && paths.bob.current.video === null, state: subscriber.state === "interrupted" };
""",
    "who comes beyond the mesh limit is reached by data alone": """
        const { MeshMedia } = await import("/web/sfu/mesh.js");
        const people = new Map();
        const sending = new Map();
        const add = (userId) => people.set(userId, { userId, paths: new Paths(),
            peer: { connection: null, setSending: (on) => sending.set(userId, on) } });
        const reached = () => [...sending].filter(([, on]) => on).map(([userId]) => userId).join("");
        const mesh = new MeshMedia(people);
        mesh.startAfter(["a", "b"]); // before us; c and d after us
        ["a", "b", "c", "d"].forEach(add);
        const of = (limit, on = true) => { mesh.switch({ on, limit }); return reached(); };
        const found = [of(8), of(4), of(3), of(2), of(8, false)];
        mesh.switch({ on: true, limit: 3 });
        people.delete("a");
        sending.delete("a");
        mesh.removed("a");
        return { limits: JSON.stringify(found) === '["abcd","abc","ab","",""]', movedUp: reached() === "bc" };
    """,
}


async def test_the_parts_for_an_sfu() -> None:
    await run_scripts(SFU, CASES)
