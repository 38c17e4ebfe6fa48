// Formats numbers, sizes and times for people.

const NUMBER = new Intl.NumberFormat("en");
const WHEN = new Intl.DateTimeFormat("en", { dateStyle: "medium", timeStyle: "short" });

export const number = (value) => NUMBER.format(value);

export const when = (text) => WHEN.format(new Date(text));

export function count(value, one, many = `${one}s`) {
  return `${number(value)} ${value === 1 ? one : many}`;
}

export function bytes(value) {
  if (value < 1000) return count(value, "byte");
  const units = ["kB", "MB", "GB", "TB"];
  let scaled = value / 1000;
  let unit = 0;
  while (scaled >= 999.5 && unit < units.length - 1) {
    scaled /= 1000;
    unit += 1;
  }
  return `${scaled < 10 ? scaled.toFixed(1) : Math.round(scaled)} ${units[unit]}`;
}

export function milliseconds(value) {
  return value < 10 ? `${value.toFixed(1)} ms` : `${number(Math.round(value))} ms`;
}

/** Return the display name of a picture: its title, or else its file name. */
export function nameOf(record) {
  return record.title || record.file_name || "Untitled picture";
}
