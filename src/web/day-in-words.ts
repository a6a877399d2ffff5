// Made once: making one takes longer than drawing a page.
const DAY = new Intl.DateTimeFormat("en-GB", { dateStyle: "long", timeZone: "UTC" });

/** The day of a time in UTC, like "24 November 2026". */
export function dayInWords(at: Date): string {
  return DAY.format(at);
}
