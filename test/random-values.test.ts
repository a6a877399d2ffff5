import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { generateSync } from "otplib";
import { openTestDatabase } from "./support/database";
import { PASSWORD, recoveryCodes, setupKey } from "./support/people";
import { type Program, runProgram } from "./support/program";
import { Visitor } from "./support/visitor";

let database: Awaited<ReturnType<typeof openTestDatabase>>;
let program: Program;
let folder: string;
beforeAll(async () => {
  database = await openTestDatabase();
  folder = mkdtempSync(path.join(tmpdir(), "latchkey-random-"));
  const same = path.join(folder, "same.js");
  writeFileSync(same, "Math.random = () => 0.5;");
  program = await runProgram({
    DATABASE_URL: database.url,
    APP_SECRET: "a secret for the tests of random values alone",
    NODE_OPTIONS: `--require ${same}`,
  });
});
afterAll(async () => {
  await program.end("SIGTERM");
  await database.close();
  rmSync(folder, { recursive: true });
});

/** Collects what is made anew each time, by kind. */
class Made {
  readonly values: Record<string, string[]> = {};

  add(kind: string, ...values: string[]): void {
    this.values[kind] = [...(this.values[kind] ?? []), ...values];
  }

  addCookie(visitor: Visitor): void {
    const cookies = [...visitor.cookies.values()].map((value) => decodeURIComponent(value));
    this.add("session", ...cookies.map((value) => value.split(".")[0] ?? ""));
  }

  /** A form's token without the salt before it, which is no secret. */
  addToken(visitor: Visitor): void {
    this.add("token of a form", visitor.hidden("_csrf").replace(/^[^-]*-/, ""));
  }
}

describe("what nobody may guess", () => {
  it("comes otherwise each time, and whole, also where Math.random gives one and the same number", async () => {
    const made = new Made();
    const [address = ""] = program.setUpAddresses();
    const ada = await new Visitor(program.origin).open(address.slice(program.origin.length));
    ada.fill("First Name", "Ada").fill("Last Name", "Lovelace").fill("Email", "ada@example.com");
    await ada.fill("Password", PASSWORD).press("Create administrator");
    made.addCookie(ada);
    const enrol = async () => {
      const secret = setupKey(ada);
      made.add("setup key", secret);
      await ada.fill("One-time code", generateSync({ secret })).press("Verify");
      made.add("recovery code", ...recoveryCodes(ada));
      await ada.press("Done");
      made.addCookie(ada);
    };
    await enrol();
    await ada.open("/profile");
    made.addToken(ada);
    await ada.press("Reset Two-Factor Authentication");
    await enrol();

    await ada.open("/profile");
    await ada.press("Generate API Key");
    made.add("API key", ada.value("API key"));
    for (let again = 0; again < 2; again++) {
      await (await ada.open("/profile")).press("Regenerate API Key");
      await ada.press("Regenerate API Key");
      made.add("API key", ada.value("API key"));
    }
    for (const email of ["b@example.com", "c@example.com", "d@example.com"]) {
      await ada.open("/admin/people/invite");
      await ada.fill("Email", email).press("Send invitation");
      made.add("link", ada.$("#invitation-link").text().split("token=")[1] ?? "");
    }
    for (let again = 0; again < 3; again++) {
      const other = await new Visitor(program.origin).open("/sign-in");
      await other.fill("Email", "ada@example.com").fill("Password", PASSWORD).press("Sign in");
      made.addCookie(other);
      made.addToken(other);
    }
    const kinds = Object.fromEntries(Object.entries(made.values).map(([kind, all]) => [kind, all.length]));
    expect(kinds).toEqual({
      session: 6,
      "token of a form": 4,
      "setup key": 2,
      "recovery code": 20,
      "API key": 3,
      link: 3,
    });
    for (const [kind, all] of Object.entries(made.values)) {
      expect([kind, new Set(all).size]).toEqual([kind, all.length]);
      // Not one letter over and over either, which a string drawn with such a Math.random would be.
      for (const value of all) expect([kind, value, new Set(value).size > 5]).toEqual([kind, value, true]);
    }
  });
});
