// The list of lines and files, in the order of their time.

const MAX_ITEMS = 1800;
const NEAR_END_PX = 60;

export class Timeline {
  #list;
  #toEnd;
  #orders = new WeakMap();
  #follows = true; // until the person scrolls up: what grows, as by a preview, is no reason to stay behind
  #scrollTop = 0;

  /** `list` scrolls; `toEnd` is a button that shows when something new is below. */
  constructor(list, toEnd) {
    this.#list = list;
    this.#toEnd = toEnd;
    toEnd.addEventListener("click", () => this.scrollToEnd());
    list.addEventListener("scroll", () => {
      if (this.#isAtEnd()) {
        this.#follows = true;
        toEnd.hidden = true;
      } else if (list.scrollTop < this.#scrollTop) {
        this.#follows = false;
      }
      this.#scrollTop = list.scrollTop;
    });
  }

  /** Insert an item at its time (ms since 1970); `stay` scrolls to it in any case. */
  insert(item, atMs, id, stay = false) {
    const follows = stay || this.#follows;
    this.#orders.set(item, { atMs, id });
    let before = this.#list.lastElementChild;
    while (before !== null && this.#isAfter(before, atMs, id)) {
      before = before.previousElementSibling;
    }
    if (before === null) {
      this.#list.prepend(item);
    } else {
      before.after(item);
    }
    while (this.#list.children.length > MAX_ITEMS) {
      this.#list.firstElementChild.remove();
    }
    if (follows) {
      this.scrollToEnd();
    } else {
      this.#toEnd.hidden = false;
    }
  }

  /** Keep the end in view when an item becomes, or has become, taller. */
  keepEnd(change) {
    change();
    if (this.#follows) {
      this.scrollToEnd();
    }
  }

  scrollToEnd() {
    this.#follows = true;
    this.#list.scrollTop = this.#list.scrollHeight;
    this.#toEnd.hidden = true;
  }

  #isAtEnd() {
    const { scrollTop, scrollHeight, clientHeight } = this.#list;
    return scrollHeight - scrollTop - clientHeight < NEAR_END_PX;
  }

  #isAfter(item, atMs, id) {
    const order = this.#orders.get(item);
    return order.atMs > atMs || (order.atMs === atMs && order.id > id);
  }
}
