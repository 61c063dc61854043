// How large the pictures are, and how many have room.

const ASPECT_MIN = 0.9;
const ASPECT_MIN_ALONE = 0.5;
const ASPECT_MAX = 16 / 9;
const GAP_PX = 10;
const FLOATING_MIN_PX = 200;
const NARROW_PX = 600;
const LEAST = { wide: { width: 200, height: 112 }, narrow: { width: 120, height: 90 } }; // smaller ones are no use
const MOST_TILES = 16; // of a page
const STRIP_SHARE = 0.2; // of the height, for those beside a pinned one
const STRIP = { least: 72, most: 132, mostNarrow: 96, leastTiles: 3 };
const STAGE_MIN_PX = 240; // of the height in all; below it, as beside the whiteboard, nobody is larger than the others

/** The largest tile, in px, so that `count` of them fit into width x height in rows. */
export function bestSize(count, width, height) {
  let best = { width: 0, height: 0 };
  const aspectMin = count === 1 ? ASPECT_MIN_ALONE : ASPECT_MIN;
  for (let columns = 1; columns <= count; columns += 1) {
    const rows = Math.ceil(count / columns);
    let w = (width - GAP_PX * (columns - 1)) / columns;
    let h = (height - GAP_PX * (rows - 1)) / rows;
    if (w > h * ASPECT_MAX) {
      w = h * ASPECT_MAX;
    } else if (w < h * aspectMin) {
      h = w / aspectMin;
    }
    if (w * h > best.width * best.height) {
      best = { width: Math.floor(w), height: Math.floor(h) };
    }
  }
  return best;
}

/** How many tiles a page of width x height has room for; never fewer than two. */
export function pageSize(width, height) {
  const wanted = width < NARROW_PX ? LEAST.narrow : LEAST.wide;
  const tall = Math.min(wanted.height, height); // beside the whiteboard there is one low row
  const least = { height: tall, width: Math.min(wanted.width, tall) };
  let count = 2;
  for (let more = 3; more <= MOST_TILES; more += 1) {
    const size = bestSize(more, width, height);
    if (size.width >= least.width && size.height >= least.height) {
      count = more;
    }
  }
  return count;
}

/** Whether there is room for one large tile beside others. */
export function hasStage(height) {
  return height >= STAGE_MIN_PX;
}

/** The row of tiles below a pinned one: { width, height, count }, in px and tiles. */
export function stripOf(width, height) {
  const most = width < NARROW_PX ? STRIP.mostNarrow : STRIP.most;
  const tall = Math.round(Math.min(most, Math.max(STRIP.least, height * STRIP_SHARE)));
  const wide = Math.round(tall * 1.5);
  const count = Math.max(STRIP.leastTiles, Math.floor((width + GAP_PX) / (wide + GAP_PX)));
  return { width: Math.min(wide, Math.floor((width - GAP_PX * (count - 1)) / count)), height: tall, count };
}

/** Give the tiles that are not hidden in `list` their sizes: in rows, or one large one with a row below it. */
export function arrange(list, { staged }) {
  const shown = Array.from(list.children).filter((tile) => !tile.hidden).length;
  const room = list.getBoundingClientRect(); // clientWidth may be rounded up, and a row would not fit
  const [wide, tall] = [Math.floor(room.width), Math.floor(room.height)];
  // Two people: the own picture floats in a corner, where there is room for one.
  const floating = !staged && shown === 2 && tall >= FLOATING_MIN_PX;
  list.classList.toggle("floating", floating);
  list.classList.toggle("staged", staged);
  const set = (name, px) => list.style.setProperty(name, `${px}px`);
  if (staged) {
    const strip = stripOf(wide, tall);
    set("--tile-width", strip.width);
    set("--tile-height", strip.height);
    set("--stage-height", tall - strip.height - GAP_PX);
    return;
  }
  const { width, height } = bestSize(floating ? 1 : shown, wide, tall);
  set("--tile-width", width);
  set("--tile-height", height);
  set("--margin-x", (list.clientWidth - width) / 2);
  set("--margin-y", (list.clientHeight - height) / 2);
}
