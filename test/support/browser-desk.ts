import type { Browser, BrowserContextOptions } from "playwright-core";
import { openBrowser } from "./browser";
import { byMouse, type Hand } from "./browser-hand";
import { type Program, startProgram } from "./browser-program";
import { Screen } from "./browser-screen";
import { PostOffice } from "./post-office";

/** The built program with a mail server of its own, and a browser in which several people have devices. */
export class BrowserDesk {
  /** Every device opened so far. */
  readonly screens: Screen[] = [];

  private constructor(
    readonly office: PostOffice,
    readonly program: Program,
    readonly browser: Browser,
  ) {}

  static async open(env: Record<string, string> = {}): Promise<BrowserDesk> {
    const office = await PostOffice.open();
    return new BrowserDesk(office, await startProgram({ SMTP_URL: office.url, ...env }), await openBrowser());
  }

  /** A device: a browser that shares no cookies with the others, worked by mouse unless something else is said. */
  async device(options: BrowserContextOptions, hand: Hand = byMouse): Promise<Screen> {
    const screen = await Screen.open(await this.browser.newContext(options), this.program.origin, hand);
    this.screens.push(screen);
    return screen;
  }

  /** The link in the next mail to this address about this. */
  async mailedLink(email: string, subject: string): Promise<string> {
    const { links, text } = await this.office.next(email, subject);
    if (links[0] === undefined) throw new Error(`There is no link in this mail:\n${text}`);
    return links[0];
  }

  async close(): Promise<void> {
    await this.browser.close();
    await this.program.stop();
    await this.office.close();
  }
}
