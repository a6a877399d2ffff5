// Made once, when it is first wanted: making one takes longer than drawing a page, and the first of a process much longer.
let format: Intl.DateTimeFormat | undefined;

const DAY_MS = 24 * 60 * 60 * 1000;
const MOST_KEPT = 10_000;
const kept = new Map<number, string>();

/** The day of a time in UTC, like "24 November 2026". */
export function dayInWords(at: Date): string {
  const day = Math.floor(at.getTime() / DAY_MS);
  const known = kept.get(day);
  if (known !== undefined) return known;
  format ??= new Intl.DateTimeFormat("en-GB", { dateStyle: "long", timeZone: "UTC" });
  const words = format.format(at);
  if (kept.size === MOST_KEPT) kept.clear();
  kept.set(day, words);
  return words;
}
