import { carry } from "../support/carry";

const OTHER = process.env.OTHER_POSTGRES_URL;

describe("between the Postgres of the tests and another version", () => {
  if (OTHER === undefined) {
    const why = "OTHER_POSTGRES_URL names no second server (a superuser's postgres:// address)";
    process.stderr.write(`Skipped, between versions of Postgres nothing is carried: ${why}\n`);
    it.skip(`nothing is carried: ${why}`, () => {});
    return;
  }
  it("a backup of the other is restored here", () => carry(OTHER, undefined));
  it("a backup of this one is restored there", () => carry(undefined, OTHER));
});
