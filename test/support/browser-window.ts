import type { BrowserContext, Locator, Page } from "playwright-core";

const PATIENCE_MS = 8_000;

/** What went wrong behind the page: what a person sees only in the browser's console. */
type Trouble = string;

/** One window of a browser, used as a person does: by the visible words. */
export class Window {
  /** Errors in the console, failed files, requests that left this site. */
  readonly troubles: Trouble[] = [];
  /** The status of the last page. */
  status = 0;

  private constructor(
    readonly page: Page,
    readonly origin: string,
  ) {
    page.setDefaultTimeout(PATIENCE_MS);
    page.on("request", ({ url }) => this.#note(!url().startsWith(origin) && !url().startsWith("data:"), "left for", url()));
  }

  static async open(context: BrowserContext, origin: string): Promise<Window> {
    return new Window(await context.newPage(), origin);
  }

  #note(..._: unknown[]) {}
}
