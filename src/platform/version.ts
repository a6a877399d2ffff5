import { readFileSync } from "node:fs";
import path from "node:path";

/** Which version of Latchkey this is. */
export function readVersion(): string {
  const file = path.join(__dirname, "..", "..", "package.json");
  return JSON.parse(readFileSync(file, "utf8")).version;
}
