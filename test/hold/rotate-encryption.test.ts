import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { generateSync } from "otplib";
import type { Pool } from "pg";
import { lookAtSealed } from "../../src/features/encryption/look-at-sealed";
import { makeSeal, type Seal } from "../../src/platform/seal";
import { CREATE_ADA, latchkey, startLatchkey } from "../support/command-line";
import { openTestDatabase } from "../support/database";
import { PASSWORD, setupKey } from "../support/people";
import { type Program, runProgram } from "../support/program";
import { sealValues } from "../support/seal-values";
import { Visitor } from "../support/visitor";

// Many processes, one after another.
jest.setTimeout(300_000);

const OLD = "the secret that was there from the beginning";
const NEW = "the secret that takes the place of the other";
const ROTATE = ["keys", "rotate-encryption"];
const KILLS = 10;

const running: Program[] = [];
afterEach(async () => {
  for (const program of running.splice(0))
    if (program.process.exitCode === null) await program.end("SIGTERM");
});

async function start(env: Record<string, string>): Promise<Program> {
  const program = await runProgram(env);
  running.push(program);
  return program;
}

/** The code of now, or of so many steps later: each is good once, and the next one counts already. */
function code(secret: string, later = 0): string {
  return generateSync({ secret, epoch: Math.floor(Date.now() / 1000) + later * 30 });
}

async function setUp({ origin, setUpAddresses }: Program): Promise<{ visitor: Visitor; secret: string }> {
  const address = new URL(setUpAddresses()[0] ?? "");
  const visitor = await new Visitor(origin).open(address.pathname + address.search);
  visitor.fill("First Name", "Ada").fill("Last Name", "Lovelace").fill("Email", "ada@example.com");
  await visitor.fill("Password", PASSWORD).press("Create administrator");
  const secret = setupKey(visitor);
  await visitor.fill("One-time code", code(secret)).press("Verify");
  await visitor.press("Done");
  return { visitor, secret };
}

async function givePassword(origin: string, email: string, password = PASSWORD): Promise<Visitor> {
  const visitor = await new Visitor(origin).open("/sign-in");
  return visitor.fill("Email", email).fill("Password", password).press("Sign in");
}

/** Adds somebody and enrols them at this program; returns their authenticator's secret. */
async function join(env: Record<string, string>, { origin }: Program, email: string): Promise<string> {
  const name = ["--email", email, "--first-name", "Grace", "--last-name", "Hopper"];
  const added = await latchkey(env, ["admin", "create", ...name, "--password-stdin"], `${PASSWORD}\n`);
  expect(added).toMatchObject({ code: 0 });
  const visitor = await givePassword(origin, email);
  const secret = setupKey(visitor);
  await visitor.fill("One-time code", code(secret)).press("Verify");
  expect(visitor.text).toContain("recovery codes");
  return secret;
}

async function signsIn({ origin }: Program, email: string, secret: string): Promise<string> {
  const visitor = await givePassword(origin, email);
  return (await visitor.fill("One-time code", code(secret, 1)).press("Verify")).path;
}

describe("two programs on one Postgres", () => {
  it("change the secret one after the other, in the order of the README, with nobody turned away", async () => {
    const database = await openTestDatabase();
    const env = (APP_SECRET: string) => ({ DATABASE_URL: database.url, APP_SECRET });
    let [left, right] = [await start(env(OLD)), await start(env(OLD))];
    const { visitor } = await setUp(left);
    /** A page whose QR code one program has sealed shows the same at the other, and the session is good there. */
    const sameAtBoth = async () => {
      for (const [one, other] of [
        [left, right],
        [right, left],
      ] as const) {
        visitor.origin = one.origin;
        await visitor.open("/profile/two-factor/reset");
        const key = setupKey(visitor);
        expect(key).toMatch(/^[A-Z2-7]{32}$/);
        await database.db.query("delete from second_factors where pending_in is not null");
        const fresh = setupKey(await visitor.open("/profile/two-factor/reset"));
        visitor.origin = other.origin;
        expect(setupKey(await visitor.open("/profile/two-factor/reset"))).toBe(fresh);
      }
    };
    const replace = async (program: Program, secret: string) => {
      expect(await program.end("SIGTERM")).toBe(0);
      return start(env(secret));
    };
    await sameAtBoth();
    const early = await latchkey(env(`${NEW},${OLD}`), ROTATE);
    expect(early).toMatchObject({
      code: 1,
      out: expect.stringContaining("2 running programs seal with another"),
    });

    left = await replace(left, `${OLD},${NEW}`);
    await sameAtBoth();
    right = await replace(right, `${OLD},${NEW}`);
    await sameAtBoth();
    left = await replace(left, `${NEW},${OLD}`);
    await sameAtBoth();
    const grace = await join(env(`${NEW},${OLD}`), left, "grace@example.com");
    expect(await signsIn(right, "grace@example.com", grace)).toBe("/profile");
    const tooEarly = await latchkey(env(`${NEW},${OLD}`), ROTATE);
    expect(tooEarly).toMatchObject({
      code: 1,
      out: expect.stringContaining("1 running program seals with another"),
    });
    const henry = await join(env(`${NEW},${OLD}`), right, "henry@example.com");
    right = await replace(right, `${NEW},${OLD}`);
    await sameAtBoth();

    const beside = () => ({ ...env(`${NEW},${OLD}`), PORT: new URL(left.origin).port });
    const halfWay = await latchkey(beside(), ["doctor"]);
    expect(halfWay).toMatchObject({
      code: 0,
      out: expect.stringMatching(/note +Secret: \d+ values are sealed under an older secret: run/),
    });
    const rotated = await latchkey(env(`${NEW},${OLD}`), ROTATE);
    expect(rotated).toMatchObject({ code: 0, err: "" });
    expect(rotated.out).toMatch(
      /anew under the first secret: \d authenticators, .* and the key of the password hashes/,
    );
    expect(rotated.out).toContain("leave only the first in APP_SECRET and restart");
    const done = await latchkey(beside(), ["doctor"]);
    expect(done).toMatchObject({
      code: 0,
      out: expect.stringContaining("nothing is sealed under secret 2 of the list any more"),
    });

    left = await replace(left, NEW);
    await sameAtBoth();
    expect(await signsIn(left, "henry@example.com", henry)).toBe("/profile");
    right = await replace(right, NEW);
    await sameAtBoth();
    const late = await start(env(OLD));
    expect(late.process.exitCode).toBe(1);
    expect(late.printed()).toMatch(
      /^Latchkey cannot start\. APP_SECRET is not the one .* Set it to the value/m,
    );
    for (const program of running) expect(program.printed()).not.toContain("cannot be");
    await left.end("SIGTERM");
    await right.end("SIGTERM");
    expect((await database.db.query("select from replicas")).rowCount).toBe(0);
    await database.close();
  });
});

async function contents(db: Pool, seal: Seal): Promise<Map<string, string>> {
  const values = await everything(db);
  return new Map(values.map((value) => [value.key, seal.open(value.sealed, value.purpose).toString("hex")]));
}

/** Changes with each row that is written. */
async function latestChange(db: Pool): Promise<string> {
  const { rows } = await db.query(
    `select max(x::text::bigint) as latest from (select max(xmin::text::bigint) as x from second_factors
     union all select max(xmin::text::bigint) from parked_forms union all select max(xmin::text::bigint) from mail
     union all select max(xmin::text::bigint) from installation) changes`,
  );
  return rows[0].latest;
}

async function everything(db: Pool): Promise<{ key: string; sealed: Buffer; purpose: string }[]> {
  const { rows } = await db.query(
    `select 'factor ' || id as key, sealed_secret as sealed, 'second-factor:' || person_id as purpose from second_factors
     union all select 'form ' || sid, sealed_fields, 'parked-form:' || person_id from parked_forms
     union all select 'letter ' || id, sealed_letter, 'letter' from mail
     union all select 'pepper', sealed_pepper, 'pepper' from installation`,
  );
  return rows;
}

describe("keys rotate-encryption, killed with SIGKILL", () => {
  it(`${KILLS} times at any point, loses nothing, goes on where it was, and never lets a program start too early`, async () => {
    const database = await openTestDatabase();
    let [older, newer] = [OLD, NEW];
    const env = () => ({ DATABASE_URL: database.url, APP_SECRET: `${newer},${older}` });
    expect(await latchkey({ ...env(), APP_SECRET: older }, CREATE_ADA)).toMatchObject({ code: 0 });
    await sealValues(database.db, makeSeal(older), 3_000);
    const content = await contents(database.db, makeSeal(older));
    const left = async () => (await lookAtSealed(database.db, makeSeal(newer, older), 2)).underEach[1] ?? 0;
    let [kills, midway] = [0, 0];
    while (kills < KILLS) {
      const before = await left();
      const { child, ended } = startLatchkey(env(), ROTATE);
      const seen = await latestChange(database.db);
      while (child.exitCode === null && (await latestChange(database.db)) === seen) await pause(2);
      await pause(Math.random() * 250);
      child.kill("SIGKILL");
      const { code: exit, out } = await ended;
      const after = await left();
      expect(await contents(database.db, makeSeal(newer, older))).toEqual(content);
      if (exit === null) {
        kills++;
        if (after > 0 && after < before) midway++;
      }
      if (exit !== null)
        expect({ exit, out }).toEqual({ exit: 0, out: expect.stringContaining("Nothing is sealed under") });
      if (after === 0) {
        [older, newer] = [newer, older];
      } else if (after < before && midway % 5 === 1) {
        const { out: doctor } = await latchkey({ ...env(), APP_SECRET: newer }, ["doctor"]);
        expect(doctor).toContain("APP_SECRET is not the one this database was made with");
      }
    }
    expect(midway).toBeGreaterThan(KILLS / 2);
    expect(await latchkey(env(), ROTATE)).toMatchObject({ code: 0 });
    expect(await lookAtSealed(database.db, makeSeal(newer), 1)).toMatchObject({
      underEach: [9_001],
      unopenable: [],
    });
    await database.close();
  });
});

describe("the secret in the data folder", () => {
  let folder: string;
  let env: Record<string, string>;
  let file: string;
  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), "latchkey-rotate-"));
    env = { DATA_DIR: path.join(folder, "data") };
    file = path.join(folder, "data", "app-secret");
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));
  const secrets = () => readFileSync(file, "utf8").trim().split("\n");

  it("is changed by --new while the program runs: then a restart, then the rotation", async () => {
    let program = await start(env);
    const { visitor } = await setUp(program);
    const [old] = secrets();
    // Asked twice at once, one makes a secret: otherwise what one of them seals might open under none.
    const asked = await Promise.all([1, 2].map(() => latchkey(env, [...ROTATE, "--new"])));
    asked.sort((one, other) => (one.code ?? 0) - (other.code ?? 0));
    expect(asked).toMatchObject([
      { code: 0, err: "", out: expect.stringContaining("Restart Latchkey") },
      { code: 1, out: "", err: expect.stringContaining("lists several secrets already") },
    ]);
    expect(secrets()).toEqual([expect.any(String), old]);
    const early = await latchkey(env, ROTATE);
    expect(early).toMatchObject({
      code: 1,
      out: expect.stringContaining("1 running program seals with another"),
    });
    expect((await visitor.open("/profile/two-factor/reset")).status).toBe(200);

    await program.end("SIGTERM");
    program = await start(env);
    visitor.origin = program.origin;
    expect((await visitor.open("/profile")).path).toBe("/profile");
    expect(await latchkey(env, ROTATE)).toMatchObject({
      code: 0,
      out: expect.stringContaining(`leave only the first in ${file}`),
    });
    await program.end("SIGTERM");
    writeFileSync(file, `${secrets()[0]}\n`);
    program = await start(env);
    visitor.origin = program.origin;
    expect((await visitor.open("/profile")).path).toBe("/profile");
    const stranger = await givePassword(program.origin, "ada@example.com");
    expect(stranger.path).toBe("/sign-in/two-factor");
  });

  it("is changed by --new alone while it is stopped; the old one alone starts nothing then, nor does an empty or lost file", async () => {
    let program = await start(env);
    const { secret } = await setUp(program);
    await program.end("SIGTERM");
    const [old = ""] = secrets();
    const rotated = await latchkey(env, [...ROTATE, "--new"]);
    expect(rotated).toMatchObject({
      code: 0,
      out: expect.stringContaining("1 authenticator, 0 letters, 0 parked forms, and the key"),
    });
    const [made = ""] = secrets();
    for (const [text, says] of [
      [old, `The file ${file} is not the one this database was made with`],
      ["", `The file ${file} is shorter than 32 characters`],
      [undefined, `The file ${file} is missing`],
    ] as const) {
      if (text === undefined) rmSync(file);
      else writeFileSync(file, text);
      program = await start(env);
      expect({ code: program.process.exitCode, printed: program.printed() }).toEqual({
        code: 1,
        printed: expect.stringContaining(says),
      });
    }
    writeFileSync(file, made);
    program = await start(env);
    expect(await signsIn(program, "ada@example.com", secret)).toBe("/profile");
    const both = await latchkey({ ...env, APP_SECRET: OLD }, ["doctor"]);
    expect(both.out).toContain(`Or leave APP_SECRET unset, if the secret in ${file} is`);
    const withVariable = await latchkey({ ...env, APP_SECRET: made }, [...ROTATE, "--new"]);
    expect(withVariable).toMatchObject({
      code: 1,
      err: expect.stringContaining("--new is for the secret in the data folder"),
    });
  });
});
