// Puts the pictures of an album in another order, by dragging and by keys.

/**
 * Return `{ontile, step}` for the grid of an album.
 *
 * `onmove` gets the ids to move, and the id of the picture to put them in front of, or null for
 * the end. `chosen` returns the ids that move together with a picture: all selected ones if it
 * is one of them.
 */
export function albumOrder({ grid, chosen, onmove }) {
  let dragged = null;
  let mark = null;

  /** Let the tile of a record be dragged, and moved by Shift with an arrow key. */
  function ontile(item, record) {
    item.draggable = true;
    for (const image of item.querySelectorAll("img")) image.draggable = false;
    item.addEventListener("dragstart", (event) => {
      dragged = chosen(record.id);
      event.dataTransfer.effectAllowed = "move";
      event.dataTransfer.setData("text/plain", record.id);
    });
    item.addEventListener("dragover", (event) => {
      if (!dragged) return;
      event.preventDefault();
      showMark(item, isBehind(item, event));
    });
    item.addEventListener("drop", (event) => {
      if (!dragged) return;
      event.preventDefault();
      const target = isBehind(item, event) ? grid.neighbours(record.id).next : record.id;
      move(dragged, target ?? null);
    });
    item.addEventListener("dragend", () => {
      dragged = null;
      showMark(null);
    });
    item.addEventListener("keydown", (event) => {
      const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      if (!by || !event.shiftKey || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      step(chosen(record.id), by);
    });
  }

  function showMark(item, behind = false) {
    if (mark && mark !== item) mark.classList.remove("drop-before", "drop-behind");
    mark = item;
    item?.classList.toggle("drop-behind", behind);
    item?.classList.toggle("drop-before", !behind);
  }

  /** Move pictures in front of `target`; if that moves with them, in front of what follows it. */
  function move(ids, target) {
    let before = target;
    while (before !== null && ids.includes(before)) before = grid.neighbours(before).next ?? null;
    onmove(ids, before);
  }

  /** Move pictures by one place: by -1 to the front, by 1 to the end. */
  function step(ids, by) {
    const places = ids.map((id) => grid.records.findIndex((record) => record.id === id));
    const [first, last] = [Math.min(...places), Math.max(...places)];
    if (by < 0 ? first <= 0 : last >= grid.records.length - 1) return;
    const before = by < 0 ? grid.records[first - 1].id : (grid.records[last + 2]?.id ?? null);
    move(ids, before);
  }

  return { ontile, step };
}

function isBehind(item, event) {
  const { left, width } = item.getBoundingClientRect();
  return event.clientX > left + width / 2;
}
