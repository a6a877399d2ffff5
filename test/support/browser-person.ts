import { Authenticator } from "./browser-authenticator";
import type { Screen } from "./browser-screen";

/** Somebody who uses Latchkey in a browser: their names, what they know, and the authenticator on their phone. */
export class Person {
  #authenticator: Authenticator | undefined;

  constructor(
    readonly firstName: string,
    readonly lastName: string,
    public email: string,
    public password: string,
    /** The browser they mostly use. */
    readonly screen: Screen,
  ) {}

  get name(): string {
    return `${this.firstName} ${this.lastName}`;
  }

  get authenticator(): Authenticator {
    if (!this.#authenticator) throw new Error(`${this.name} has not enrolled`);
    return this.#authenticator;
  }

  /** Becomes the first administrator at the address in the log, and enrols. */
  async setUp(address: string): Promise<void> {
    await this.screen.visit(address);
    await this.screen.fill({ ...this.#names(), Email: this.email, Password: this.password });
    await this.screen.press("Create administrator");
    await this.enrol();
  }

  /** Opens the link of an invitation and joins, which leads to enrolment. */
  async join(link: string): Promise<void> {
    await this.screen.visit(link);
    await this.screen.fill({ ...this.#names(), Password: this.password });
    await this.screen.press("Join");
  }

  /** Scans the QR code on the enrolment page, enrols by a code, and goes on. */
  async enrol(): Promise<void> {
    this.#authenticator = await Authenticator.scan(this.screen.page);
    await this.giveCode();
    await this.screen.press("Done");
  }

  /** Email and password, on the sign-in page. */
  async givePassword(screen = this.screen): Promise<void> {
    await screen.fill({ Email: this.email, Password: this.password });
    await screen.press("Sign in");
  }

  /** A code of the authenticator, where one is asked for. */
  async giveCode(screen = this.screen): Promise<void> {
    await screen.fill({ "One-time code": await this.authenticator.code() });
    await screen.press("Verify");
  }

  /** Password and code, on the sign-in page. */
  async signIn(screen = this.screen): Promise<void> {
    await this.givePassword(screen);
    await this.giveCode(screen);
  }

  async signOut(): Promise<void> {
    await this.screen.press("Sign out");
  }

  #names(): Record<string, string> {
    return { "First Name": this.firstName, "Last Name": this.lastName };
  }
}
