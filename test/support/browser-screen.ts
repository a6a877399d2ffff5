import { type BrowserContext, errors, type Locator, type Page, type Response } from "playwright-core";
import { byMouse, type Hand } from "./browser-hand";

const PATIENCE_MS = 8_000;

/** A page in a browser, used as a person uses it: by the visible words. */
export class Screen {
  /** The status of the last page. */
  status = 0;
  #answer?: Response;
  /** What only the browser's console tells: script errors, what the page's own policy refused, files that failed, other hosts. */
  readonly troubles: string[] = [];

  private constructor(
    readonly page: Page,
    readonly origin: string,
    readonly hand: Hand,
  ) {
    page.setDefaultTimeout(PATIENCE_MS);
    page.on("pageerror", (error) => this.troubles.push(`script error: ${error.message}`));
    page.on("console", (message) => {
      // A refused form is told there too; files are looked at below, by their answers.
      const bad = message.type() === "error" || message.text().includes("-Policy header");
      if (bad && !message.text().startsWith("Failed to load resource")) {
        this.troubles.push(`console: ${message.text()}`);
      }
    });
    page.on("request", (request) => {
      const url = request.url();
      if (!url.startsWith(`${origin}/`) && !url.startsWith("data:"))
        this.troubles.push(`asked elsewhere: ${url}`);
    });
    page.on("response", (response) => {
      if (response.request().isNavigationRequest()) {
        this.status = response.status();
        this.#answer = response;
      } else if (response.status() >= 400) this.troubles.push(`${response.status()} for ${response.url()}`);
    });
  }

  static async open(context: BrowserContext, origin: string, hand: Hand = byMouse): Promise<Screen> {
    return new Screen(await context.newPage(), origin, hand);
  }

  get path(): string {
    return new URL(this.page.url()).pathname;
  }

  /** Types an address. */
  async visit(address: string): Promise<void> {
    await this.page.goto(new URL(address, this.origin).href);
  }

  field(label: string): Locator {
    return this.page.getByLabel(label, { exact: true });
  }

  button(words: string, place: Page | Locator = this.page): Locator {
    return place.getByRole("button", { name: words, exact: true });
  }

  /** The rows of tables that hold these words. */
  row(words: string): Locator {
    return this.page.getByRole("row").filter({ hasText: words });
  }

  async fill(values: Record<string, string>): Promise<void> {
    for (const [label, value] of Object.entries(values)) await this.hand.type(this.field(label), value);
  }

  /** Presses a button that leads to a page; in a part of this one, where other parts have the same. */
  async press(words: string, place?: Locator): Promise<void> {
    await this.#toNextPage(() => this.hand.use(this.button(words, place)));
  }

  /** Chooses in a drop-down, by label and words. */
  async choose(label: string, words: string): Promise<void> {
    await this.hand.choose(this.field(label), words);
  }

  /** Ticks a checkbox, by its label. */
  async tick(label: string): Promise<void> {
    await this.hand.tick(this.field(label));
  }

  /** Follows a link to a page. */
  async follow(words: string): Promise<void> {
    await this.#toNextPage(() => this.hand.use(this.page.getByRole("link", { name: words, exact: true })));
  }

  async reload(): Promise<void> {
    await this.page.reload();
  }

  /** The Back button. Chromium shows a page of its own where it would have to send a form again. */
  async back(): Promise<void> {
    const arrived = this.page.waitForEvent("framenavigated");
    await this.page.goBack().catch((error: Error) => {
      if (!error.message.includes("ERR_CACHE_MISS")) throw error;
    });
    await arrived;
  }

  title(): Promise<string> {
    return this.page.title();
  }

  heading(): Promise<string> {
    return textOf(this.page.getByRole("heading", { level: 1 }));
  }

  /** The last page as the server sent it, before any script or mending by the browser. */
  async source(): Promise<string> {
    if (!this.#answer) throw new Error("No page was asked for yet");
    return this.#answer.text();
  }

  /** All visible words, spaces folded. */
  words(): Promise<string> {
    return textOf(this.page.locator("body"));
  }

  /** Everything the page holds, seen or not: its whole source and what is in its fields. */
  async everything(): Promise<string> {
    const typed = await this.page.evaluate(
      "[...document.querySelectorAll('input')].map((i) => i.value).join(' ')",
    );
    return `${await this.page.content()} ${typed}`;
  }

  /** The label of the field that has the focus, or the words of the link, button or box; empty for none. */
  async focus(): Promise<string> {
    return this.page.evaluate(
      "(({ activeElement: e, body }) => e === body ? '' : (e.labels?.[0] ?? e).textContent.replace(/\\s+/g, ' ').trim())(document)",
    );
  }

  /** Where the person stands, for the report of a failure. */
  async describe(): Promise<string> {
    const words = await this.words().catch((error: Error) => `(${error.message})`);
    return `at ${this.page.url().replace(/token=.*/, "token=…")} (${this.status}), which says:\n  ${words.slice(0, 800)}`;
  }

  async #toNextPage(act: () => Promise<void>): Promise<void> {
    const arrived = this.page.waitForEvent("load");
    arrived.catch(() => {});
    await act();
    await arrived.catch((error) => {
      if (error instanceof errors.TimeoutError) throw new Error("That led to no other page");
      throw error;
    });
  }
}

/** The visible words of what is on the screen, spaces folded. */
export async function textOf(place: Locator): Promise<string> {
  return (await place.allInnerTexts()).join(" ").replace(/\s+/g, " ").trim();
}
