// Decodes a ThumbHash, about 25 bytes, into a small blurred picture.
// Source: Evan Wallace, https://github.com/evanw/thumbhash (MIT), `thumbHashToRGBA`.

const SIDE = 32;
const FREQUENCIES = 8;

/** Return `{width, height, rgba}` of a hash, given as bytes; null if it is too short to be one. */
export function decode(hash) {
  if (hash.length < 5) return null;
  const head = hash[0] | (hash[1] << 8) | (hash[2] << 16);
  const shape = hash[3] | (hash[4] << 8);
  const hasAlpha = head >> 23 === 1;
  const isLandscape = shape >> 15 === 1;
  const most = hasAlpha ? 5 : 7;
  const across = Math.max(3, isLandscape ? most : shape & 7);
  const down = Math.max(3, isLandscape ? shape & 7 : most);
  if (hasAlpha && hash.length < 6) return null;

  const nibbles = nibbleReader(hash, hasAlpha ? 6 : 5);
  const lightness = channel((head & 63) / 63, ((head >> 18) & 31) / 31, across, down, nibbles);
  // The encoder stores colours a little weaker than they are.
  const yellow = channel(((head >> 6) & 63) / 31.5 - 1, (((shape >> 3) & 63) / 63) * 1.25, 3, 3, nibbles);
  const red = channel(((head >> 12) & 63) / 31.5 - 1, (((shape >> 9) & 63) / 63) * 1.25, 3, 3, nibbles);
  const alpha = hasAlpha ? channel((hash[5] & 15) / 15, (hash[5] >> 4) / 15, 5, 5, nibbles) : null;

  const ratio = ratioOf(hash);
  const width = Math.max(1, Math.round(ratio > 1 ? SIDE : SIDE * ratio));
  const height = Math.max(1, Math.round(ratio > 1 ? SIDE / ratio : SIDE));
  const grid = { across: cosines(width), down: cosines(height) };
  const rgba = new Uint8ClampedArray(width * height * 4);
  for (let y = 0, at = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1, at += 4) {
      const l = valueAt(lightness, grid, x, y);
      const p = valueAt(yellow, grid, x, y);
      const q = valueAt(red, grid, x, y);
      const b = l - (2 / 3) * p;
      const r = (3 * l - b + q) / 2;
      rgba[at] = 255 * r;
      rgba[at + 1] = 255 * (r - q);
      rgba[at + 2] = 255 * b;
      rgba[at + 3] = alpha ? 255 * valueAt(alpha, grid, x, y) : 255;
    }
  }
  return { width, height, rgba };
}

/** Return about how wide the picture is for its height. */
function ratioOf(hash) {
  const hasAlpha = (hash[2] & 0x80) !== 0;
  const isLandscape = (hash[4] & 0x80) !== 0;
  const most = hasAlpha ? 5 : 7;
  const least = Math.max(1, hash[3] & 7);
  return isLandscape ? most / least : least / most;
}

function nibbleReader(hash, start) {
  let index = 0;
  return () => {
    const byte = hash[start + (index >> 1)] ?? 0x77;
    const value = (byte >> ((index & 1) << 2)) & 15;
    index += 1;
    return value;
  };
}

function channel(mean, scale, nx, ny, nibble) {
  const terms = [];
  for (let cy = 0; cy < ny; cy += 1) {
    for (let cx = cy ? 0 : 1; cx * ny < nx * (ny - cy); cx += 1) {
      terms.push([cx, cy, (nibble() / 7.5 - 1) * scale]);
    }
  }
  return { mean, terms };
}

/** Return the cosines of each frequency at each of `size` pixels; they are the same in every row. */
function cosines(size) {
  return Array.from({ length: FREQUENCIES }, (_, frequency) =>
    Float64Array.from({ length: size }, (_, at) => Math.cos((Math.PI / size) * (at + 0.5) * frequency)),
  );
}

function valueAt({ mean, terms }, { across, down }, x, y) {
  let value = mean;
  for (const [cx, cy, factor] of terms) {
    value += 2 * factor * across[cx][x] * down[cy][y];
  }
  return value;
}
