import { readFileSync } from "node:fs";
import type { CDPSession, Page } from "playwright-core";
import type { Screen } from "./browser-screen";

const WIDE = { width: 1280, height: 900 };
const PHONE = { width: 320, height: 640 };

const AXE = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
const TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
const EVERYTHING = { runOnly: TAGS };
// What of it depends on the colours; the width can change anything.
const COLOURS = { runOnly: { type: "rule", values: ["color-contrast"] } };

const runAxe = (
  rules: object,
) => `axe.run(document, ${JSON.stringify({ ...rules, resultTypes: ["violations"] })}).then(
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
  await (await debuggerOf(page)).send("Runtime.evaluate", { expression: AXE });
  const found: Record<string, string[]> = {};
  await page.emulateMedia({ colorScheme: "light" });
  found["light, wide"] = await page.evaluate(runAxe(EVERYTHING));
  await page.emulateMedia({ colorScheme: "dark" });
  found["dark, wide"] = await page.evaluate(runAxe(COLOURS));
  await page.setViewportSize(PHONE);
  found["dark, phone"] = await page.evaluate(runAxe(EVERYTHING));
  found["sideways on a phone"] = await page.evaluate(TOO_WIDE);
  await page.setViewportSize(WIDE);
  await page.emulateMedia({ colorScheme: "light" });
  found["in the console"] = screen.troubles.splice(0);
  expect(Object.fromEntries(Object.entries(found).filter(([, problems]) => problems.length > 0))).toEqual({});
}

// Playwright's own evaluate takes twice as long over a script of half a megabyte.
const debuggers = new WeakMap<Page, Promise<CDPSession>>();
function debuggerOf(page: Page): Promise<CDPSession> {
  const session = debuggers.get(page) ?? page.context().newCDPSession(page);
  debuggers.set(page, session);
  return session;
}

/** Inspects the page as it is drawn with mistakes: with this status, and telling them. */
export async function inspectMistakes(screen: Screen, heading: string, status = 422): Promise<void> {
  expect(screen.status).toBe(status);
  await inspect(screen, heading, "Error: ");
}
