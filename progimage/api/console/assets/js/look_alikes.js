// Groups of pictures that look alike, by their perceptual hashes.

const PARTS_BITS = 64;

/**
 * Return groups of at least two records whose hashes differ in at most `distance` bits, in the
 * order of their first records; the largest picture of each group comes first.
 *
 * Records belong together too if both belong together with a third. A picture of a single colour
 * has the hash 0 and looks like no other.
 */
export function lookAlikes(records, distance) {
  const every = records.filter(({ perceptual_hash: hash }) => hash && /[1-9a-f]/.test(hash));
  const looks = every.map(({ perceptual_hash: hash }) => BigInt(`0x${hash}`));
  const halves = looks.map((look) => [Number(look >> 32n), Number(look & 0xffffffffn)]);
  const leaders = every.map((_, at) => at);
  const leaderOf = (at) => {
    let found = at;
    while (leaders[found] !== found) {
      leaders[found] = leaders[leaders[found]];
      found = leaders[found];
    }
    return found;
  };
  for (const [one, other] of pairs(looks, halves, distance)) {
    const [first, second] = [leaderOf(one), leaderOf(other)].sort((a, b) => a - b);
    leaders[second] = first;
  }
  const groups = new Map();
  every.forEach((record, at) => {
    const leader = leaderOf(at);
    groups.set(leader, [...(groups.get(leader) ?? []), record]);
  });
  return [...groups.values()].filter((group) => group.length > 1).map((group) => group.sort(largestFirst));
}

function largestFirst(one, other) {
  return other.width * other.height - one.width * one.height || other.size_bytes - one.size_bytes || (one.id < other.id ? -1 : 1);
}

/**
 * Yield the numbers of hashes that differ in at most `distance` bits.
 *
 * If hashes are cut into one part more than that, two of them are equal in a part at least. So
 * only those with an equal part are compared.
 */
function* pairs(looks, halves, distance) {
  const parts = distance + 1;
  for (let part = 0; part < parts; part += 1) {
    const low = Math.floor((PARTS_BITS * part) / parts);
    const high = Math.floor((PARTS_BITS * (part + 1)) / parts);
    const withEqualPart = new Map();
    for (let at = 0; at < looks.length; at += 1) {
      const key = BigInt.asUintN(high - low, looks[at] >> BigInt(low));
      const there = withEqualPart.get(key) ?? [];
      for (const other of there) {
        if (bitsIn(halves[at][0] ^ halves[other][0]) + bitsIn(halves[at][1] ^ halves[other][1]) <= distance) yield [other, at];
      }
      there.push(at);
      withEqualPart.set(key, there);
    }
  }
}

/** Return how many bits of a number of 32 bits are set. */
function bitsIn(value) {
  let bits = value - ((value >>> 1) & 0x55555555);
  bits = (bits & 0x33333333) + ((bits >>> 2) & 0x33333333);
  return (((bits + (bits >>> 4)) & 0x0f0f0f0f) * 0x01010101) >>> 24;
}
