import { setTimeout as sleep } from "node:timers/promises";
import jsqr from "jsqr";
import { generateSync } from "otplib";
import type { Page } from "playwright-core";
import { PNG } from "pngjs";

const STEP = 30;

/** An authenticator app on a phone, which knows nothing but the QR code it was shown. */
export class Authenticator {
  /** The last step whose code it gave away. */
  #spent = 0;

  constructor(
    readonly secret: string,
    /** What the app would call this account. */
    readonly label: string,
    readonly issuer: string,
  ) {}

  /** Reads the QR code from the screen, as a camera would. */
  static async scan(page: Page): Promise<Authenticator> {
    const uri = new URL(await readQrCode(page));
    if (uri.protocol !== "otpauth:" || uri.host !== "totp") throw new Error(`The QR code holds ${uri.href}`);
    const { secret = "", issuer = "" } = Object.fromEntries(uri.searchParams);
    return new Authenticator(secret, decodeURIComponent(uri.pathname.slice(1)), issuer);
  }

  /**
   * A code that has not been given away and would be accepted now. A code one step early or late is, so three can be
   * had at once; only a fourth waits.
   */
  async code(): Promise<string> {
    const now = Date.now() / 1000;
    const step = Math.floor(now / STEP);
    // In the last seconds of a step the earliest code could lapse on its way.
    const earliest = now % STEP > STEP - 6 ? step : step - 1;
    const next = Math.max(this.#spent + 1, earliest);
    if (next > step + 1) {
      await sleep(((next - 1) * STEP - now) * 1000 + 200);
      return this.code();
    }
    this.#spent = next;
    return this.#codeAt(next);
  }

  /** Six digits that no step near this one has. */
  wrongCode(): string {
    const step = Math.floor(Date.now() / 1000 / STEP);
    const near = [-3, -2, -1, 0, 1, 2, 3].map((offset) => this.#codeAt(step + offset));
    const wrong = ["000000", "111111", "222222", "333333", "444444", "555555", "666666", "777777"];
    return wrong.find((code) => !near.includes(code)) ?? "";
  }

  #codeAt(step: number): string {
    return generateSync({ secret: this.secret, epoch: step * STEP });
  }
}

/** The words in the QR code on the screen. */
export async function readQrCode(page: Page): Promise<string> {
  const { data, width, height } = PNG.sync.read(
    await page.getByAltText("QR code", { exact: true }).screenshot(),
  );
  // Many apps do not read light on dark.
  const found = jsqr(Uint8ClampedArray.from(data), width, height, { inversionAttempts: "dontInvert" });
  if (!found) throw new Error("What the screen shows as QR code cannot be read");
  return found.data;
}
