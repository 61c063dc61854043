// Who is on the screen, where, and how large.

import { arrange, hasStage, pageSize, stripOf } from "./arrange.js";
import { sharerOf } from "./screen.js";
import { MAX_LARGE_FEEDS } from "./sfu/messages.js";

const LARGE_PX = 400; // of the screen; a smaller tile shows no more than the small picture has

const element = (id) => document.getElementById(id);

/**
 * Tiles in pages, in the order of joining; the own one is on each of them. One may be pinned: it is large, and the
 * others stand in a row below. Who speaks comes to the first page.
 * Event "view" (detail: { large, small, screens }): which people, and whose screens, are on the screen, the most important first.
 */
export class Gallery extends EventTarget {
  #list;
  #own = null;
  #tiles = new Map(); // by user id, without the own one
  #order = [];
  #page = 0;
  #pinned = null;
  #screens = []; // of #order: they are large while nobody is pinned
  #speaker = null;
  #told = "";
  #frame = null;

  constructor(list) {
    super();
    this.#list = list;
    list.addEventListener("pin", ({ detail }) => this.#pin(detail));
    list.addEventListener("keydown", (event) => this.#turnByKey(event));
    element("page-before").addEventListener("click", () => this.#turn(-1));
    element("page-after").addEventListener("click", () => this.#turn(1));
    new ResizeObserver(() => this.#lay()).observe(list);
    document.addEventListener("visibilitychange", () => this.#lay());
  }

  get size() {
    return this.#tiles.size;
  }

  setOwn(tile) {
    this.#own = tile;
    this.#list.append(tile.element); // the own picture stays last
    this.#lay();
  }

  add(userId, tile) {
    this.#tiles.set(userId, tile);
    this.#order.push(userId);
    this.#list.insertBefore(tile.element, this.#own.element);
    this.#laySoon();
  }

  remove(userId) {
    this.#tiles.get(userId)?.remove();
    this.#tiles.delete(userId);
    this.#order = this.#order.filter((each) => each !== userId);
    this.#pinned = this.#pinned === userId ? null : this.#pinned;
    this.#screens = this.#screens.filter((each) => each !== userId);
    this.#lay();
  }

  /** Whether what this tile shows is a screen. */
  setScreen(userId, shown) {
    if (shown !== this.#screens.includes(userId)) {
      this.#screens = shown ? [...this.#screens, userId] : this.#screens.filter((each) => each !== userId);
      this.#page = 0;
      this.#lay();
    }
  }

  get(userId) {
    return this.#tiles.get(userId);
  }

  /** Every tile but the own one. */
  tiles() {
    return this.#tiles.values();
  }

  /** Who speaks; null is nobody. `own` when it is this person. */
  setSpeaker(userId, own) {
    this.#speaker = userId;
    for (const [each, tile] of this.#tiles) {
      tile.setSpeaking(each === userId);
    }
    this.#own?.setSpeaking(own);
    this.#lay();
  }

  clear() {
    for (const userId of [...this.#order]) {
      this.remove(userId);
    }
    this.#own?.remove();
    this.#own = this.#pinned = this.#speaker = null;
    this.#screens = [];
    this.#page = 0;
    this.#told = "";
  }

  #pin(userId) {
    this.#pinned = this.#pinned === userId ? null : userId;
    this.#page = 0;
    this.#lay();
    this.#tiles.get(userId)?.element.querySelector(".tile-pin").focus();
  }

  #turn(by) {
    this.#page += by;
    this.#lay();
  }

  #turnByKey(event) {
    const by = { PageUp: -1, PageDown: 1 }[event.key];
    if (by !== undefined) {
      event.preventDefault();
      this.#turn(by);
    }
  }

  /** Many come at once when one joins a full room. */
  #laySoon() {
    this.#frame ??= setTimeout(() => this.#lay(), 0);
  }

  #lay() {
    clearTimeout(this.#frame);
    this.#frame = null;
    if (this.#own === null) {
      return;
    }
    const { width, height } = this.#list.getBoundingClientRect();
    const large = this.#pinned ?? this.#screens[0] ?? null;
    const isScreen = this.#screens.includes(large);
    const staged = large !== null && (isScreen || this.#order.length > 1) && hasStage(height);
    const others = this.#order.filter((each) => each !== large);
    if (large !== null && !staged) {
      others.unshift(large); // beside the others, in the first place
    }
    const places = Math.max(1, (staged ? stripOf(width, height).count : pageSize(width, height)) - 1);
    this.#bringSpeaker(others, places, large);
    const pages = Math.max(1, Math.ceil(others.length / places));
    this.#page = Math.min(Math.max(0, this.#page), pages - 1);
    const start = Math.min(this.#page * places, Math.max(0, others.length - places)); // the last page is a full one
    const shown = new Set(others.slice(start, start + places));
    if (staged) {
      shown.add(large);
    }
    for (const [userId, tile] of this.#tiles) {
      tile.setPinned(userId === this.#pinned);
      tile.element.classList.toggle("large", staged && userId === large);
      tile.element.hidden = !shown.has(userId);
    }
    this.#sort(others, large);
    arrange(this.#list, { staged });
    this.#showPager(pages);
    this.#tell(shown);
  }

  /** Who speaks and would be on a later page takes the last place of the first one. */
  #bringSpeaker(others, places, large) {
    const at = others.indexOf(this.#speaker);
    if (this.#page > 0 || at < places) {
      return;
    }
    if (at === -1 || others[places - 1] === large) {
      return; // there is one place, and it is taken
    }
    const [here, there] = [this.#order.indexOf(others[places - 1]), this.#order.indexOf(this.#speaker)];
    [this.#order[here], this.#order[there]] = [this.#order[there], this.#order[here]];
    [others[places - 1], others[at]] = [others[at], others[places - 1]];
  }

  /** Tiles stand in the order of the pages: what is read aloud and what the tabulator key finds is what is seen. */
  #sort(others, large) {
    const wanted = [...new Set([large, ...others].filter((each) => this.#tiles.has(each)))];
    const elements = [...wanted.map((each) => this.#tiles.get(each).element), this.#own.element];
    elements.forEach((each, index) => {
      if (this.#list.children[index] !== each) {
        this.#list.insertBefore(each, this.#list.children[index] ?? null);
      }
    });
  }

  #showPager(pages) {
    element("pager").hidden = pages === 1;
    element("page-words").textContent = `${this.#page + 1} of ${pages}`;
    element("page-before").disabled = this.#page === 0;
    element("page-after").disabled = this.#page === pages - 1;
  }

  #tell(shown) {
    const first = [this.#pinned, this.#speaker].filter((each) => shown.has(each));
    const seen = this.#order.filter((each) => shown.has(each));
    const visible = [...new Set([...first, ...seen])].filter((each) => sharerOf(each) === null);
    const screens = this.#screens.filter((each) => shown.has(each)).map((each) => sharerOf(each) ?? each);
    const isWide = (userId) => this.#tiles.get(userId).element.clientWidth * devicePixelRatio >= LARGE_PX;
    const large = visible.filter(isWide).slice(0, MAX_LARGE_FEEDS);
    const small = visible.filter((each) => !large.includes(each));
    // Nobody sees a page in the background.
    const view = document.hidden ? { large: [], small: [], screens: [] } : { large, small, screens };
    const told = JSON.stringify(view);
    if (told !== this.#told) {
      this.#told = told;
      this.dispatchEvent(new CustomEvent("view", { detail: view }));
    }
  }
}
