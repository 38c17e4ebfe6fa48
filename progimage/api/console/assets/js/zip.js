// Writes ZIP files without compression, since pictures are compressed already.
// Source of the format: PKWARE APPNOTE.TXT 6.3.10, sections 4.3.7, 4.3.12 and 4.3.16.

const UTF8_NAMES = 0x0800;
const VERSION = 20;
// Larger files and archives would need ZIP64.
const MOST_BYTES = 0xffffffff;
const MOST_FILES = 0xffff;

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit += 1) value = value & 1 ? 0xedb88320 ^ (value >>> 1) : value >>> 1;
  return value >>> 0;
});

/** Collects files of one archive. */
export class ZipWriter {
  #parts = [];
  #directory = [];
  #names = new Set();
  #offset = 0;

  /** Add a file; a name that is there already gets a number. Throws RangeError if it is too large. */
  async add(name, blob) {
    const bytes = new Uint8Array(await blob.arrayBuffer());
    if (this.#offset + bytes.length > MOST_BYTES - 0xffffff || this.#directory.length >= MOST_FILES) {
      throw new RangeError("The archive would be larger than 4 GB; select fewer pictures.");
    }
    const encoded = new TextEncoder().encode(this.#unused(name));
    const about = [VERSION, UTF8_NAMES, 0, 0, 0x21];
    const sizes = [crcOf(bytes), bytes.length, bytes.length];
    const local = record(0x04034b50, about, sizes, [encoded.length, 0]);
    this.#directory.push(
      record(0x02014b50, [VERSION, ...about], sizes, [encoded.length, 0, 0, 0, 0], [0, this.#offset]),
      encoded,
    );
    // The blob itself, which the browser may keep on disk.
    this.#parts.push(local, encoded, blob);
    this.#offset += local.length + encoded.length + bytes.length;
  }

  /** Return the archive. */
  blob() {
    const count = this.#directory.length / 2;
    const size = this.#directory.reduce((sum, part) => sum + part.length, 0);
    const end = record(0x06054b50, [0, 0, count, count], [size, this.#offset], [0]);
    return new Blob([...this.#parts, ...this.#directory, end], { type: "application/zip" });
  }

  #unused(name) {
    const plain = name.replace(/[\\/:*?"<>|\u0000-\u001f]/g, "_").replace(/^\.+/, "_") || "picture";
    const dot = plain.lastIndexOf(".");
    const [stem, extension] = dot > 0 ? [plain.slice(0, dot), plain.slice(dot)] : [plain, ""];
    let unused = plain;
    for (let number = 2; this.#names.has(unused.toLowerCase()); number += 1) unused = `${stem} (${number})${extension}`;
    this.#names.add(unused.toLowerCase());
    return unused;
  }
}

export function crcOf(bytes) {
  let value = 0xffffffff;
  for (const byte of bytes) value = CRC_TABLE[(value ^ byte) & 0xff] ^ (value >>> 8);
  return (value ^ 0xffffffff) >>> 0;
}

/** Return a record: its signature, then groups of 16-bit and 32-bit numbers in turn. */
function record(signature, ...groups) {
  const widths = groups.map((_, at) => (at % 2 ? 4 : 2));
  const view = new DataView(new ArrayBuffer(4 + groups.reduce((sum, group, at) => sum + widths[at] * group.length, 0)));
  view.setUint32(0, signature, true);
  let offset = 4;
  groups.forEach((group, at) => {
    for (const value of group) {
      if (widths[at] === 4) view.setUint32(offset, value, true);
      else view.setUint16(offset, value, true);
      offset += widths[at];
    }
  });
  return new Uint8Array(view.buffer);
}
