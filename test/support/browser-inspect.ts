import { mkdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { HtmlValidate } from "html-validate";
import type { CDPSession, Page } from "playwright-core";
import type { Screen } from "./browser-screen";

const WIDTHS = [360, 768, 1280] as const;
const SCHEMES = ["light", "dark"] as const;
const HEIGHT = 900;

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

// The one way to tell somebody without a script that the session has ended is a refresh at its end.
const MARKUP = new HtmlValidate({
  extends: ["html-validate:recommended"],
  rules: { "meta-refresh": "off" },
});

async function mistakesInMarkup(source: string): Promise<string[]> {
  const { results } = await MARKUP.validateString(source);
  return results.flatMap(({ messages }) =>
    messages.map(({ ruleId, message, line }) => `${ruleId}, line ${line}: ${message}`),
  );
}

// Elements that reach past the right edge and are not inside something that scrolls by itself.
const TOO_WIDE = `(() => {
  const root = document.documentElement;
  if (root.scrollWidth <= root.clientWidth) return [];
  const found = [...document.body.querySelectorAll("*")].filter((e) => e.getBoundingClientRect().right > root.clientWidth + 0.5);
  return [root.scrollWidth + " wide", ...found.slice(-5).map((e) => e.outerHTML.slice(0, 120))];
})()`;

const MOST_KILOBYTES = 30;
// Of the page and all it needs, as packed for the wire; what is in the cache counts as if it were not.
const WEIGHT = `[...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")]
  .reduce((bytes, { encodedBodySize }) => bytes + encodedBodySize, 0)`;

async function tooHeavy(page: Page): Promise<string[]> {
  const kilobytes = (await page.evaluate<number>(WEIGHT)) / 1024;
  expect(kilobytes).toBeGreaterThan(5);
  return kilobytes < MOST_KILOBYTES ? [] : [`${kilobytes.toFixed(1)} KB`];
}

/** How a device is on which pages are inspected: wide, and nothing moves. */
export const TO_INSPECT = { viewport: { width: 1280, height: HEIGHT }, reducedMotion: "reduce" } as const;

/**
 * Looks at the page on the screen in light and dark, on a phone, a tablet and a wide screen, and with text twice as
 * large; takes its pictures where SCREENSHOTS names a folder.
 */
export async function inspect(screen: Screen, heading: string, title = heading): Promise<void> {
  const { page } = screen;
  expect(await screen.heading()).toBe(heading);
  expect(await screen.title()).toContain(title.slice(0, 40));
  await (await debuggerOf(page)).send("Runtime.evaluate", { expression: AXE });
  const found: Record<string, string[]> = {
    "in the markup": await mistakesInMarkup(await screen.source()),
    "in the weight": await tooHeavy(page),
  };
  for (const width of WIDTHS) {
    await page.setViewportSize({ width, height: HEIGHT });
    for (const colorScheme of SCHEMES) {
      await page.emulateMedia({ colorScheme });
      const rules = colorScheme === "light" ? EVERYTHING : COLOURS;
      found[`${width} px, ${colorScheme}`] = await page.evaluate(runAxe(rules));
      await takePicture(page, `${title === heading ? "" : title}${heading}`, `${width}-${colorScheme}`);
    }
  }
  await page.emulateMedia({ colorScheme: "light" });
  await page.evaluate("document.documentElement.style.fontSize = '200%'");
  found["sideways with large text"] = await page.evaluate(TOO_WIDE);
  await page.evaluate("document.documentElement.style.fontSize = ''");
  await page.setViewportSize({ width: 320, height: HEIGHT });
  found["sideways at 320 px"] = await page.evaluate(TOO_WIDE);
  await page.setViewportSize(TO_INSPECT.viewport);
  found["in the console"] = screen.troubles.splice(0);
  expect(Object.fromEntries(Object.entries(found).filter(([, problems]) => problems.length > 0))).toEqual({});
}

/** Inspects the page as it is drawn with mistakes: with this status, and telling them. */
export async function inspectMistakes(screen: Screen, heading: string, status = 422): Promise<void> {
  expect(screen.status).toBe(status);
  await inspect(screen, heading, "Error: ");
}

let taken = 0;
const numbers = new Map<string, string>();

async function takePicture(page: Page, what: string, how: string): Promise<void> {
  const folder = process.env.SCREENSHOTS;
  if (!folder) return;
  const state = `${expect.getState().currentTestName} ${what} ${page.url()}`;
  const number = numbers.get(state) ?? String(++taken).padStart(3, "0");
  numbers.set(state, number);
  const walk = path.basename(expect.getState().testPath ?? "", ".pages.ts");
  const name = what.replace(/[^\p{L}\p{N}]+/gu, "-").slice(0, 60);
  mkdirSync(folder, { recursive: true });
  await page.screenshot({ path: path.join(folder, `${walk}-${number}-${name}-${how}.png`), fullPage: true });
}

// Playwright's own evaluate takes twice as long over a script of half a megabyte.
const debuggers = new WeakMap<Page, Promise<CDPSession>>();
function debuggerOf(page: Page): Promise<CDPSession> {
  const session = debuggers.get(page) ?? page.context().newCDPSession(page);
  debuggers.set(page, session);
  return session;
}
