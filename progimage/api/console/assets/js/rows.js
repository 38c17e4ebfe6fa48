// Where the pictures of a grid are: in rows that fill the width, all but the last one.

// Else a row of one narrow picture would be as high as the screen.
const MOST_GROWN = 2.5;

/** Return the ratio of width to height at which a picture is shown; extreme ones are cut. */
export const shownRatio = ({ width, height }) => Math.min(4, Math.max(0.5, width / height));

/**
 * Return `{boxes, height}`: the box of each picture, `{left, top, width, height}`, and their height in all.
 *
 * `ratios` are those of the pictures. A row is at least `rowHeight` high, and lower only if its
 * one picture is wider than `width`. If the list `hasMore`, pictures of a last row that is not
 * full get no box yet: the next ones would resize it.
 */
export function layOut(ratios, { width, rowHeight, gap, hasMore }) {
  const boxes = [];
  let bottom = 0;
  let top = 0;
  for (let start = 0; start < ratios.length; ) {
    const { end, total } = rowFrom(start, ratios, { width, rowHeight, gap });
    const isLast = end === ratios.length;
    if (isLast && hasMore) break;
    const full = (width - (end - start - 1) * gap) / total;
    const height = Math.min(full, rowHeight * (isLast ? 1 : MOST_GROWN));
    let left = 0;
    for (const ratio of ratios.slice(start, end)) {
      boxes.push({ left, top, width: ratio * height, height });
      left += ratio * height + gap;
    }
    bottom = top + height;
    top = bottom + gap;
    start = end;
  }
  return { boxes, height: bottom };
}

/** Return the end of the row that begins at `start`, and the sum of the ratios of its pictures. */
function rowFrom(start, ratios, { width, rowHeight, gap }) {
  let total = ratios[start];
  let end = start + 1;
  while (end < ratios.length && (total + ratios[end]) * rowHeight + (end - start) * gap <= width) {
    total += ratios[end];
    end += 1;
  }
  return { end, total };
}
