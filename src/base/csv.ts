/** Begins a CSV file, so that spreadsheets read it as UTF-8. */
export const CSV_BEGINS = "\uFEFF";

/**
 * One line of a CSV file (RFC 4180). What a spreadsheet would run as a formula gets an apostrophe before it: much in the
 * trail was typed by strangers.
 */
export function csvLine(cells: readonly (string | null)[]): string {
  return `${cells.map((cell) => quoted(harmless(cell ?? ""))).join(",")}\r\n`;
}

function harmless(cell: string): string {
  // Where a spreadsheet separates by semicolons or tabs, quotes inside a line do not keep it from beginning a cell there.
  return cell.replace(/^(?=[\t\r\n])|(?<=^|[;\t\r\n])(?=[\s"]*[=+\-@])/g, "'");
}

function quoted(cell: string): string {
  return `"${cell.replaceAll('"', '""')}"`;
}
