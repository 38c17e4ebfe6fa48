// Moving and resizing a frame within a picture. Frames are `{x, y, width, height}` in whole pixels.

const within = (value, least, most) => Math.min(most, Math.max(least, value));

/** Return the frame moved by some pixels, as far as the picture goes. */
export function moved(frame, across, down, size) {
  return {
    ...frame,
    x: within(Math.round(frame.x + across), 0, size.width - frame.width),
    y: within(Math.round(frame.y + down), 0, size.height - frame.height),
  };
}

/**
 * Return the frame with some of its edges moved: "n", "s", "w", "e" or two of them.
 *
 * With a `ratio` of width to height the other sides follow, and the opposite edge or corner stays.
 */
export function resized(frame, edges, across, down, size, ratio) {
  const [left, right] = line(frame.x, frame.width, edges.includes("w"), edges.includes("e"), across, size.width);
  const [top, bottom] = line(frame.y, frame.height, edges.includes("n"), edges.includes("s"), down, size.height);
  if (!ratio) return whole(left, top, right - left, bottom - top, size);
  const isByHeight = edges === "n" || edges === "s";
  const roomAcross = room(frame.x, frame.width, edges.includes("w"), edges.includes("e"), size.width);
  const roomDown = room(frame.y, frame.height, edges.includes("n"), edges.includes("s"), size.height);
  const width = Math.min(isByHeight ? (bottom - top) * ratio : right - left, roomAcross, roomDown * ratio);
  return placed(frame, edges, width, width / ratio, size);
}

/** Return the largest frame of a ratio with the middle of `frame` that is not larger than it. */
export function shaped(frame, ratio, size) {
  const width = Math.min(frame.width, frame.height * ratio);
  return placed(frame, "", width, width / ratio, size);
}

/** Return start and end of a side after one of them was moved. */
function line(start, length, movesStart, movesEnd, by, most) {
  const end = start + length;
  if (movesStart) return [within(start + by, 0, end - 1), end];
  if (movesEnd) return [start, within(end + by, start + 1, most)];
  return [start, end];
}

/** Return how long a side can get: it grows away from the edge that stays, or from its middle. */
function room(start, length, movesStart, movesEnd, most) {
  if (movesStart) return start + length;
  if (movesEnd) return most - start;
  return 2 * Math.min(start + length / 2, most - start - length / 2);
}

function placed(frame, edges, width, height, size) {
  const x = edges.includes("w") ? frame.x + frame.width - width : edges.includes("e") ? frame.x : frame.x + (frame.width - width) / 2;
  const y = edges.includes("n") ? frame.y + frame.height - height : edges.includes("s") ? frame.y : frame.y + (frame.height - height) / 2;
  return whole(x, y, width, height, size);
}

function whole(x, y, width, height, size) {
  const [across, down] = [within(Math.round(width), 1, size.width), within(Math.round(height), 1, size.height)];
  return { x: within(Math.round(x), 0, size.width - across), y: within(Math.round(y), 0, size.height - down), width: across, height: down };
}
