// Several sorted lists as one.

/**
 * The items of `tails` in order: each is [list, from, to], and sorted. Nothing is compared before it is asked for, but
 * the first of each tail.
 */
export function* inOrder(tails, isAfter) {
  const heap = []; // the tail whose first item is the lowest is at 0, those after tail i at 2 i + 1 and 2 i + 2
  const isLater = (one, other) => isAfter(one[0][one[1]], other[0][other[1]]);

  const sink = (from) => {
    let at = from;
    for (;;) {
      const left = 2 * at + 1;
      if (left >= heap.length) {
        return;
      }
      const least = left + 1 < heap.length && isLater(heap[left], heap[left + 1]) ? left + 1 : left;
      if (!isLater(heap[at], heap[least])) {
        return;
      }
      [heap[at], heap[least]] = [heap[least], heap[at]];
      at = least;
    }
  };

  heap.push(...tails.filter(([, from, to]) => from < to).map((tail) => [...tail]));
  for (let at = heap.length >> 1; at-- > 0; ) {
    sink(at);
  }
  while (heap.length > 0) {
    const [list, at, to] = heap[0];
    yield list[at];
    if (at + 1 < to) {
      heap[0][1] += 1;
    } else {
      const last = heap.pop();
      if (heap.length > 0) {
        heap[0] = last;
      }
    }
    sink(0);
  }
}
