// The pictures that are selected in the gallery.

/** An ordered set of records by id; fires "change" after each change, and before that "clear" if all were deselected. */
export class Selection extends EventTarget {
  #records = new Map();
  #anchor = null;

  get size() {
    return this.#records.size;
  }

  get records() {
    return [...this.#records.values()];
  }

  has(id) {
    return this.#records.has(id);
  }

  /** Select or deselect a picture; it becomes the start of the next range. */
  toggle(record) {
    if (!this.#records.delete(record.id)) this.#records.set(record.id, record);
    this.#anchor = record.id;
    this.#changed();
  }

  /** Select everything between the last toggled picture and this one, in the order of `shown`. */
  extend(record, shown) {
    const ids = shown.map(({ id }) => id);
    const ends = [ids.indexOf(this.#anchor), ids.indexOf(record.id)].sort((one, other) => one - other);
    if (ends[0] < 0) {
      this.toggle(record);
      return;
    }
    for (const each of shown.slice(ends[0], ends[1] + 1)) this.#records.set(each.id, each);
    this.#changed();
  }

  add(records) {
    for (const record of records) this.#records.set(record.id, record);
    this.#changed();
  }

  /** Use the newer records of a map by id, and forget the pictures whose record is null. */
  update(changes) {
    for (const [id, record] of changes) {
      if (!this.#records.has(id)) continue;
      if (record) this.#records.set(id, record);
      else this.#records.delete(id);
    }
    this.#changed();
  }

  clear() {
    this.#records.clear();
    this.#anchor = null;
    this.dispatchEvent(new Event("clear"));
    this.#changed();
  }

  #changed() {
    this.dispatchEvent(new Event("change"));
  }
}
