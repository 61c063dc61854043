// One connection to the SFU and its state, for publisher and subscriber alike.

import { newConnection } from "../connection.js";
import { packets } from "../liveness.js";
import { candidateInit } from "../signal_data.js";
import { BackOff } from "./backoff.js";

const CONNECT_MS = 12_000;
const INTERRUPTED_MS = 4_000;
const TEST_MS = 2_000; // the SFU sends reports at least once a second

/**
 * Events: "state" (detail: new, connecting, connected, interrupted). A subclass has begin(), which is called for each
 * attempt, and forget(), which is called when a connection is given up. The old one stays until settled() is called,
 * when the first description of the new one has come: the server would take its end for a failure.
 */
export class SfuLink extends EventTarget {
  #iceServers;
  #send;
  #backOff = new BackOff();
  #timer = null;
  #old = null;
  #chain = Promise.resolve();

  name;
  epoch;
  state = "new";
  connection = null;
  closed = false;

  /** `name` is "publish" or "subscribe"; `send` takes a message for the server. */
  constructor(name, { epoch, iceServers, send }) {
    super();
    this.name = name;
    this.epoch = epoch;
    this.#iceServers = iceServers;
    this.#send = send;
  }

  send(type, values) {
    if (!this.closed) {
      this.#send({ type, epoch: this.epoch, ...values });
    }
  }

  close() {
    this.closed = true;
    this.#backOff.cancel();
    this.#drop();
  }

  /** Give the connection up and begin anew, after a while. */
  restart(why) {
    if (this.closed) {
      return;
    }
    console.info(`the connection to the media server (${this.name}) begins anew: ${why}`);
    clearTimeout(this.#timer);
    this.setState("interrupted");
    this.#backOff.schedule(() => this.enqueue(() => this.begin({ again: true })));
  }

  /** Begin anew at once: the network, or the server, is another one. */
  again() {
    this.#backOff.succeeded();
    this.enqueue(() => this.begin({ again: true }));
  }

  /** Begin anew if nothing comes any more: the others would miss us for a moment if it were done without need. */
  async test() {
    const { connection } = this;
    const before = await receivedBy(connection);
    await new Promise((resolve) => setTimeout(resolve, TEST_MS));
    if (!this.closed && connection === this.connection && (await receivedBy(connection)) === before) {
      this.again();
    }
  }

  /** Another RTCPeerConnection in place of what was there. */
  open() {
    this.settled();
    if (this.connection !== null) {
      this.forget();
      this.#old = this.connection;
    }
    const connection = newConnection(this.#iceServers);
    this.connection = connection;
    this.#wait(CONNECT_MS, "it does not come up");
    connection.addEventListener("icecandidate", ({ candidate }) => {
      if (connection === this.connection) {
        this.send("sfu-candidate", { connection: this.name, candidate: candidateInit(candidate) });
      }
    });
    connection.addEventListener("connectionstatechange", () => {
      if (connection === this.connection) {
        this.#follow(connection.connectionState);
      }
    });
    if (this.state !== "interrupted") {
      this.setState("connecting");
    }
    return connection;
  }

  /** The old connection is not needed any more. */
  settled() {
    this.#old?.close();
    this.#old = null;
  }

  setState(state) {
    if (this.state !== state) {
      this.state = state;
      this.dispatchEvent(new CustomEvent("state", { detail: state }));
    }
  }

  /** Everything that is done with the connection is done one after the other; what fails begins anew. */
  enqueue(step) {
    this.#chain = this.#chain.then(async () => {
      if (this.closed) {
        return;
      }
      try {
        await step();
      } catch (error) {
        if (!this.closed) {
          console.warn(`the negotiation with the media server (${this.name}) failed`, error);
          this.restart("the negotiation failed");
        }
      }
    });
    return this.#chain;
  }

  #follow(state) {
    if (state === "connected") {
      clearTimeout(this.#timer);
      this.#backOff.succeeded(); // by itself, perhaps
      this.setState("connected");
    } else if (state === "failed" || state === "closed") {
      this.restart("it failed");
    } else if (state === "disconnected") {
      this.setState("interrupted");
      this.#wait(INTERRUPTED_MS, "it is interrupted");
    }
  }

  #wait(limitMs, why) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.restart(why), limitMs);
  }

  #drop() {
    clearTimeout(this.#timer);
    this.settled();
    if (this.connection !== null) {
      this.forget();
      this.connection.close();
      this.connection = null;
    }
  }
}

async function receivedBy(connection) {
  return connection === null ? 0 : packets(await connection.getStats()).received;
}
