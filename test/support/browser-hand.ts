import type { Locator, Page } from "playwright-core";

/** How somebody works a page. */
export interface Hand {
  type(field: Locator, text: string): Promise<void>;
  /** Chooses in a drop-down, by its visible words. */
  choose(field: Locator, words: string): Promise<void>;
  tick(box: Locator): Promise<void>;
  /** Presses a button, follows a link, opens a disclosure. */
  use(control: Locator): Promise<void>;
}

export const byMouse: Hand = {
  type: (field, text) => field.fill(text),
  choose: async (field, words) => void (await field.selectOption({ label: words })),
  tick: (box) => box.check(),
  use: (control) => control.click(),
};

/** Nothing but keys: Tab to get there, and to get there it must be seen where one is. */
export const byKeyboard: Hand = {
  async type(field, text) {
    const { keyboard } = field.page();
    await tabTo(field);
    await keyboard.press("ControlOrMeta+a");
    await keyboard.press("Delete");
    await keyboard.type(text);
  },
  async choose(field, words) {
    const { keyboard } = field.page();
    await tabTo(field);
    await keyboard.press("Home");
    const options = (await field.locator("option").allTextContents()).map((option) => option.trim());
    for (let step = options.indexOf(words); step > 0; step--) await keyboard.press("ArrowDown");
    const chosen = (await field.locator("option:checked").allTextContents()).join().trim();
    if (chosen !== words) throw new Error(`Arrow keys chose ${chosen}, not ${words}`);
  },
  async tick(box) {
    await tabTo(box);
    if (!(await box.isChecked())) await box.page().keyboard.press("Space");
  },
  async use(control) {
    await tabTo(control);
    await control.page().keyboard.press("Enter");
  },
};

// A page of the desk has far fewer stops, so whoever needs more is in a trap or looks for what Tab does not reach.
const MOST_STOPS = 150;

/** Tabs on until this has the focus, and throws where the focus cannot be seen on the way. */
async function tabTo(target: Locator): Promise<void> {
  const page = target.page();
  const passed: string[] = [];
  while (passed.length < MOST_STOPS) {
    if (await target.evaluate((element) => element === element.ownerDocument.activeElement)) return;
    await page.keyboard.press("Tab");
    passed.push(await stop(page));
  }
  throw new Error(`Tab did not lead to ${target}, but past ${[...new Set(passed)].join(", ")}`);
}

/** What has the focus now, which must be drawn so that it can be seen. */
async function stop(page: Page): Promise<string> {
  const { words, seen } = await page.evaluate<{ words: string; seen: boolean }>(`(() => {
    const { activeElement: here, body } = document;
    if (here === body) return { words: "", seen: true };
    const { outlineStyle, outlineWidth } = getComputedStyle(here);
    const { width, height } = here.getBoundingClientRect();
    return {
      words: (here.labels?.[0] ?? here).textContent.replace(/\\s+/g, " ").trim().slice(0, 40),
      seen: outlineStyle !== "none" && parseFloat(outlineWidth) >= 2 && width > 1 && height > 1,
    };
  })()`);
  if (!seen) throw new Error(`The focus cannot be seen on ${words}`);
  return words;
}
