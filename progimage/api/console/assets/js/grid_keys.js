// Arrow keys in a grid of pictures: they move the focus from picture to picture.

const STEPS = { ArrowLeft: previous, ArrowRight: next, ArrowUp: above, ArrowDown: below, Home: first, End: last };

/** Let arrow keys, Home and End move the focus between the links of the tiles in `element`. */
export function stepOnKeys(element) {
  element.addEventListener("keydown", (event) => {
    const step = STEPS[event.key];
    const from = event.target.closest(".tile");
    if (!step || !from || event.defaultPrevented || event.shiftKey || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    const tiles = [...element.querySelectorAll(".tile")];
    tiles[step(tiles, tiles.indexOf(from))]?.querySelector("a").focus();
  });
}

function previous(_, at) {
  return at - 1;
}

function next(_, at) {
  return at + 1;
}

function first() {
  return 0;
}

function last(tiles) {
  return tiles.length - 1;
}

function above(tiles, at) {
  return inNextRow(tiles, at, -1);
}

function below(tiles, at) {
  return inNextRow(tiles, at, 1);
}

/** Return the number of the tile of the next row in a direction whose middle is nearest. */
function inNextRow(tiles, at, direction) {
  const box = (number) => tiles[number].getBoundingClientRect();
  const middle = (number) => box(number).left + box(number).width / 2;
  const from = { top: box(at).top, middle: middle(at) };
  let best = -1;
  let row = null;
  for (let number = at + direction; number >= 0 && number < tiles.length; number += direction) {
    const { top } = box(number);
    if (Math.abs(top - from.top) < 1) continue;
    row ??= top;
    if (Math.abs(top - row) >= 1) break;
    if (best < 0 || Math.abs(middle(number) - from.middle) < Math.abs(middle(best) - from.middle)) best = number;
  }
  return best;
}
