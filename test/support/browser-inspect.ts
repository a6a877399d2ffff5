import { readFileSync } from "node:fs";
import type { Screen } from "./browser-screen";

const WIDE = { width: 1280, height: 900 };
const PHONE = { width: 320, height: 640 };

const AXE = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
const TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];
const RUN_AXE = `axe.run(document, { runOnly: ${JSON.stringify(TAGS)}, resultTypes: ["violations"] }).then(
  ({ violations }) => violations.flatMap(({ id, nodes }) =>
    nodes.map(({ target, failureSummary }) => [id, target.join(" "), failureSummary].join(": "))))`;

// Elements that reach past the right edge and are not inside something that scrolls by itself.
const TOO_WIDE = `(() => {
  const root = document.documentElement;
  if (root.scrollWidth <= root.clientWidth) return [];
  const found = [...document.body.querySelectorAll("*")].filter((e) => e.getBoundingClientRect().right > root.clientWidth + 0.5);
  return [root.scrollWidth + " wide", ...found.slice(-5).map((e) => e.outerHTML.slice(0, 120))];
})()`;

/** How a device is on which pages are inspected: wide, and nothing moves. */
export const TO_INSPECT = { viewport: WIDE, reducedMotion: "reduce" } as const;

/** Looks at the page on the screen in light and dark, on a wide screen and on a phone. */
export async function inspect(screen: Screen, heading: string, title = heading): Promise<void> {
  const { page } = screen;
  expect(await screen.heading()).toBe(heading);
  expect(await screen.title()).toContain(title);
  await page.evaluate(AXE);
  const found: Record<string, string[]> = {};
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme });
    found[`${colorScheme}, wide`] = await page.evaluate(RUN_AXE);
  }
  await page.setViewportSize(PHONE);
  found["dark, phone"] = await page.evaluate(RUN_AXE);
  found["sideways on a phone"] = await page.evaluate(TOO_WIDE);
  await page.setViewportSize(WIDE);
  await page.emulateMedia({ colorScheme: "light" });
  found["in the console"] = screen.troubles.splice(0);
  expect(Object.fromEntries(Object.entries(found).filter(([, problems]) => problems.length > 0))).toEqual({});
}

/** Inspects the page as it is drawn with mistakes: with this status, and telling them. */
export async function inspectMistakes(screen: Screen, heading: string, status = 422): Promise<void> {
  expect(screen.status).toBe(status);
  await inspect(screen, heading, "Error: ");
}
