// Arrow keys in a grid of pictures: they move the focus from picture to picture.

const STEPS = { ArrowLeft: previous, ArrowRight: next, ArrowUp: above, ArrowDown: below, Home: first, End: last };

/**
 * Let arrow keys, Home and End move the focus between the pictures in `element`.
 *
 * `rows` returns the rows of all pictures, each a list of `{id, middle}`; `focus` gets the id of
 * the next one.
 */
export function stepOnKeys(element, { rows, focus }) {
  element.addEventListener("keydown", (event) => {
    const step = STEPS[event.key];
    const id = event.target.closest("[data-id]")?.dataset.id;
    if (!step || !id || event.defaultPrevented || event.shiftKey || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    const all = rows();
    const row = all.findIndex((each) => each.some((place) => place.id === id));
    const target = row < 0 ? null : step(all, row, all[row].findIndex((place) => place.id === id));
    if (target) focus(target.id);
  });
}

function previous(rows, row, at) {
  return rows[row][at - 1] ?? rows[row - 1]?.at(-1);
}

function next(rows, row, at) {
  return rows[row][at + 1] ?? rows[row + 1]?.[0];
}

function first(rows) {
  return rows[0][0];
}

function last(rows) {
  return rows.at(-1).at(-1);
}

function above(rows, row, at) {
  return nearest(rows[row - 1], rows[row][at]);
}

function below(rows, row, at) {
  return nearest(rows[row + 1], rows[row][at]);
}

/** Return the place in a row whose middle is nearest to that of another place. */
function nearest(row, from) {
  const away = ({ middle }) => Math.abs(middle - from.middle);
  return row?.reduce((best, place) => (away(place) < away(best) ? place : best));
}
