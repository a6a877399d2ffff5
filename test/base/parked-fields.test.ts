import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { fieldsToPark, mayBeKept } from "../../src/base/parked-fields";

const VIEWS = path.join(__dirname, "..", "..", "views");

describe("what is kept of a form while somebody signs in again", () => {
  it("is what was typed and chosen, with the version it was drawn from", () => {
    const form = {
      _csrf: "t",
      version: "3",
      firstName: "Ada",
      sessionTimeout: "900",
      "role:code-reader": "on",
    };
    expect(fieldsToPark(form)).toEqual({
      version: "3",
      firstName: "Ada",
      sessionTimeout: "900",
      "role:code-reader": "on",
    });
  });

  it.each([
    [{ _csrf: "t" }],
    [{ _csrf: "t", version: "3", was: "member" }],
    [{ currentPassword: "x", newPassword: "y" }],
    [{ code: "123456", secondFactor: "7" }],
    [{ recoveryCode: "7K2M-QX4T-9DHW-3VRB" }],
    [{ replaces: "8sNw2Q1x" }],
  ])("is nothing of %j", (form) => {
    expect(fieldsToPark(form)).toBeUndefined();
  });

  it("is no text with an API key in it, whatever the field is called", () => {
    const key = `lk${"aB3".repeat(16).slice(0, 46)}`;
    expect(fieldsToPark({ purpose: `use ${key} for it`, name: "nightly" })).toEqual({ name: "nightly" });
  });

  it("is no field in which a page asks for a password or a code", () => {
    const views = readdirSync(VIEWS, { recursive: true, encoding: "utf8" }).filter((file) =>
      file.endsWith(".ejs"),
    );
    const fields = views.flatMap((file) => [
      ...readFileSync(path.join(VIEWS, file), "utf8").matchAll(
        /include\('[./]*partials\/field', \{ name: '(\w+)'[^}]*\}/g,
      ),
    ]);
    const secret = fields
      .filter(([call]) => /type: 'password'|one-time-code|recovery/i.test(call))
      .map(([, name = ""]) => name);
    expect(new Set(secret).size).toBeGreaterThanOrEqual(5);
    for (const name of secret) expect([name, mayBeKept(name, "x")]).toEqual([name, false]);
  });
});
