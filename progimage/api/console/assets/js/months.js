// Groups of pictures by month.

const MONTH = new Intl.DateTimeFormat("en", { month: "long", year: "numeric" });

/** True if a list in this order, a value of `sort`, can be grouped by month. */
export const hasMonths = (sort) => /^-?(created|taken)$/.test(sort);

/**
 * Return the month of a record, as `{key, title}`, in a list in the order `sort`.
 *
 * The service compares local times as cameras write them, and the UTC of uploads without one.
 */
export function monthOf(record, sort) {
  const isTaken = sort.endsWith("taken");
  const text = (isTaken && record.capture?.taken) || record.created;
  const [year, month] = text.slice(0, 7).split("-").map(Number);
  return { key: `${year}-${month}`, title: MONTH.format(new Date(year, month - 1, 15)) };
}
