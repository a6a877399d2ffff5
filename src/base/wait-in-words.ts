/** How long to wait, rounded up so that waiting that long is enough: "40 seconds", "5 minutes", "2 hours". */
export function waitInWords(seconds: number): string {
  if (seconds <= 90) return count(Math.ceil(seconds), "second");
  if (seconds <= 90 * 60) return count(Math.ceil(seconds / 60), "minute");
  return count(Math.ceil(seconds / 3600), "hour");
}

function count(number: number, unit: string): string {
  return `${number} ${unit}${number === 1 ? "" : "s"}`;
}
