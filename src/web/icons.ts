import { readFileSync } from "node:fs";
import path from "node:path";

// Heroicons (MIT): https://heroicons.com shows them by the names used in the views.
const FOLDER = path.join(path.dirname(require.resolve("heroicons/package.json")), "24", "outline");

const drawn = new Map<string, string>();

/**
 * The icon of this name as inline SVG, in the colour and size of the words beside it, which screen readers are told
 * instead. Throws where there is no icon of that name.
 */
export function icon(name: string): string {
  const known = drawn.get(name) ?? draw(name);
  drawn.set(name, known);
  return known;
}

// The width and height hold where the styles are missing.
function draw(name: string): string {
  const paths = readFileSync(path.join(FOLDER, `${name}.svg`), "utf8").match(/<path[^>]*>/g) ?? [];
  const shape = paths.map((drawing) => drawing.replace(/ stroke-line(cap|join)="round"/g, "")).join("");
  return `<svg class="icon" viewBox="0 0 24 24" width="20" height="20" aria-hidden="true">${shape}</svg>`;
}
