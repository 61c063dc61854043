// Chat, files, signs and whiteboard of this page, put together.

import { BoardView } from "../board/boardview.js";
import { PointerService } from "../board/pointers.js";
import { BoardService } from "../board/service.js";
import { ChatService } from "./chat.js";
import { ChatView } from "./chatview.js";
import { Composer } from "./composer.js";
import { FileService } from "./files.js";
import { FileView } from "./fileview.js";
import { DataHub } from "./hub.js";
import { SignService } from "./signs.js";
import { SignsView } from "./signsview.js";
import { Timeline } from "./timeline.js";

const element = (id) => document.getElementById(id);

/** Lives as long as the page: chat and files outlive a call that is joined again. Event "open": the panel is. */
export class Talk extends EventTarget {
  hub = new DataHub();
  chat = new ChatService(this.hub);
  files = new FileService(this.hub);
  signs = new SignService(this.hub);
  board = new BoardService(this.hub);
  pointers = new PointerService(this.hub);
  #view;
  #signsView;
  #boardView;

  constructor() {
    super();
    for (const service of [this.chat, this.files, this.signs, this.board, this.pointers]) {
      this.hub.addService(service);
    }
    const timeline = new Timeline(element("chat-lines"), element("chat-to-end"));
    this.#view = new ChatView(this.hub, this.chat, timeline);
    this.#view.addEventListener("open", () => this.dispatchEvent(new Event("open")));
    new Composer(this.hub, this.chat, this.files, this.#view);
    new FileView(this.hub, this.files, timeline, this.#view);
    this.#signsView = new SignsView(this.hub, this.signs);
    this.#boardView = new BoardView(this.hub, this.board, this.pointers);
    addEventListener("beforeunload", (event) => {
      if (this.files.isBusy) {
        event.preventDefault(); // the browser asks: a page that is closed cannot go on with a file
      }
    });
  }

  /** Take part in `call`, which has not joined yet. */
  enter(call, name) {
    this.hub.enter(call, name);
  }

  /** Make room for another panel. */
  closePanel() {
    this.#view.close();
  }

  leave() {
    this.#signsView.close();
    this.#view.close();
    this.#boardView.close();
    this.hub.leave();
  }
}
