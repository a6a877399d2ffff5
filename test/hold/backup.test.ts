import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { generateSync } from "otplib";
import { findRunningPostgres } from "../../src/platform/embedded-postgres";
import { latchkey } from "../support/command-line";
import { PASSWORD, setupKey } from "../support/people";
import { type Program, runProgram } from "../support/program";
import { asking, rowsIn } from "../support/restored";
import { Visitor } from "../support/visitor";

jest.setTimeout(240_000);

const BACKUP_PASSPHRASE = "a passphrase of some length";
const ROUNDS = 2;

let folder: string;
let running: Program[];
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), "latchkey-backup-"));
  running = [];
});
afterEach(async () => {
  for (const program of running) if (program.process.exitCode === null) await program.end("SIGTERM");
  rmSync(folder, { recursive: true, force: true });
});

const inFolder = (name: string) => path.join(folder, name);

async function start(name: string): Promise<Program> {
  const program = await runProgram({ DATA_DIR: inFolder(name) });
  running.push(program);
  return program;
}

async function done(env: Record<string, string>, args: string[], stdin?: string) {
  const { code, out, err } = await latchkey(env, [...args, "--json"], stdin);
  expect({ code, err, out: code === 0 ? "" : out }).toEqual({ code: 0, err: "", out: "" });
  return JSON.parse(out);
}

/** Somebody with an authenticator; it shows the code of the next half minute, which is accepted too. */
type Person = { email: string; secret: string; visitor: Visitor };

const nextCode = (secret: string) => generateSync({ secret, epoch: Math.floor(Date.now() / 1000) + 30 });

async function givePassword(visitor: Visitor, email: string): Promise<void> {
  await visitor.open("/sign-in");
  await visitor.fill("Email", email).fill("Password", PASSWORD).press("Sign in");
}

async function enrol(visitor: Visitor, email: string): Promise<Person> {
  const secret = setupKey(visitor);
  await visitor.fill("One-time code", generateSync({ secret })).press("Verify");
  await visitor.press("Done");
  return { email, secret, visitor };
}

async function setUp({ origin, setUpAddresses }: Program): Promise<Person> {
  const address = new URL(setUpAddresses()[0] ?? "");
  const visitor = await new Visitor(origin).open(address.pathname + address.search);
  visitor.fill("First Name", "Ada").fill("Last Name", "Lovelace").fill("Email", "ada@example.com");
  await visitor.fill("Password", PASSWORD).press("Create administrator");
  return enrol(visitor, "ada@example.com");
}

async function addAdministrator(
  program: Program,
  env: Record<string, string>,
  email: string,
): Promise<Person> {
  const named = ["--email", email, "--first-name", "Grace", "--last-name", "Hopper", "--password-stdin"];
  await done(env, ["admin", "create", ...named], `${PASSWORD}\n`);
  const visitor = new Visitor(program.origin);
  await givePassword(visitor, email);
  return enrol(visitor, email);
}

async function keyOf({ visitor }: Person): Promise<string> {
  await visitor.open("/profile/api-key/generate").then((page) => page.press("Generate API Key"));
  return visitor.value("API key");
}

async function works({ origin }: Program, key: string): Promise<boolean> {
  const headers = { "x-api-key": key };
  return (await new Visitor(origin).raw("/v1/authentication/verify", { headers })).status === 200;
}

describe("a backup under write load", () => {
  it(`restored elsewhere is equal by content hash, ${ROUNDS} times, and sign-in and keys work there`, async () => {
    const env = { DATA_DIR: inFolder("here"), BACKUP_PASSPHRASE };
    const here = await start("here");
    const ada = await setUp(here);
    const grace = await addAdministrator(here, env, "grace@example.com");
    const katherine = await addAdministrator(here, env, "katherine@example.com");
    const key = await keyOf(ada);
    await keyOf(grace);

    let stopped = false;
    const did = { saves: 0, keys: 0, signIns: 0, checks: 0 };
    const keepDoing = async (what: keyof typeof did, act: () => Promise<unknown>) => {
      for (; !stopped; did[what]++) {
        await act();
        await sleep(20);
      }
    };
    const load = [
      keepDoing("saves", async () => {
        await ada.visitor.open("/profile");
        await ada.visitor.fill("First Name", `Ada ${did.saves}`).press("Save Changes");
        expect(ada.visitor.status).toBe(200);
      }),
      keepDoing("keys", async () => {
        await grace.visitor.open("/profile/api-key/regenerate");
        await grace.visitor.press("Regenerate API Key");
        expect(grace.visitor.value("API key")).toHaveLength(48);
      }),
      keepDoing("signIns", async () => {
        const visitor = new Visitor(here.origin);
        await givePassword(visitor, katherine.email);
        expect(visitor.path).toBe("/sign-in/two-factor");
      }),
      keepDoing("checks", async () => expect(await works(here, key)).toBe(true)),
    ];
    const hashes = new Set<string>();
    for (let round = 0; round < ROUNDS; round++) {
      const before = { ...did };
      const made = await done(env, ["backup", inFolder(`${round}.backup`)]);
      for (const what of ["saves", "keys", "signIns", "checks"] as const)
        expect(did[what]).toBeGreaterThan(before[what]);
      const elsewhere = { DATA_DIR: inFolder(`there-${round}`), BACKUP_PASSPHRASE };
      const restored = await done(elsewhere, ["restore", inFolder(`${round}.backup`)]);
      expect(restored).toMatchObject({ sha256: made.sha256, rows: made.rows, tables: made.tables });
      hashes.add(made.sha256);
      expect(await done(elsewhere, ["audit", "verify"])).toMatchObject({ intact: true });
    }
    expect(hashes.size).toBe(ROUNDS);
    stopped = true;
    await Promise.all(load);

    const there = await start(`there-${ROUNDS - 1}`);
    const url = (await findRunningPostgres(inFolder(`there-${ROUNDS - 1}`))) ?? "";
    // One instant: as many saves and keys as the trail tells of.
    const { rows } = await asking(url, (client) =>
      client.query(
        `select (select version - 1 from people where email = 'ada@example.com')::int as saved,
                (select count(*) from api_keys where replaced_by is not null)::int as replaced,
                (select count(*) from trail where action = 'profile.changed')::int as "savesTold",
                (select count(*) from trail where action = 'api-key.regenerated')::int as "keysTold"`,
      ),
    );
    const { saved, replaced, savesTold, keysTold } = rows[0];
    expect({ saved, replaced }).toEqual({ saved: savesTold, replaced: keysTold });
    expect(saved).toBeGreaterThan(0);

    const again = await latchkey({ DATA_DIR: inFolder(`there-${ROUNDS - 1}`), BACKUP_PASSPHRASE }, [
      "restore",
      inFolder("0.backup"),
    ]);
    expect(again).toMatchObject({ code: 1, err: expect.stringContaining("A Latchkey is running on") });

    expect(await works(there, key)).toBe(true);
    expect((await ada.visitor.open("/profile")).path).toBe("/profile");
    ada.visitor.origin = there.origin;
    expect((await ada.visitor.open("/profile")).path).toContain("/sign-in");
    const back = new Visitor(there.origin);
    await givePassword(back, ada.email);
    await back.fill("One-time code", nextCode(ada.secret)).press("Verify");
    expect(back.path).toBe("/profile");
    expect(back.value("First Name")).toMatch(/^Ada \d+$/);
    await back.fill("First Name", "Ada elsewhere").press("Save Changes");
    await back.open("/profile/activity");
    expect(back.status).toBe(200);
    expect(await done({ DATA_DIR: inFolder(`there-${ROUNDS - 1}`) }, ["audit", "verify"])).toMatchObject({
      intact: true,
    });
  });

  it("taken in quiet leaves no row out but of sessions, forms, letters that wait, and authenticators half set up", async () => {
    const env = { DATA_DIR: inFolder("here") };
    const here = await start("here");
    const ada = await setUp(here);
    await keyOf(ada);
    await ada.visitor.open("/profile/two-factor/reset");
    expect(setupKey(ada.visitor)).not.toBe("");
    const url = (await findRunningPostgres(inFolder("here"))) ?? "";
    await asking(url, (client) =>
      client.query(
        "insert into mail (recipient, sealed_letter, next_attempt_at) values ('x@example.com', 'x', 'infinity')",
      ),
    );
    await here.end("SIGTERM");
    await done(env, ["backup", inFolder("one.backup")]);
    expect(readdirSync(folder).sort()).toEqual(["here", "one.backup"]);
    const secret = {
      APP_SECRET: readFileSync(inFolder("here/app-secret"), "utf8").trim(),
    };
    await done({ DATA_DIR: inFolder("there"), ...secret }, ["restore", inFolder("one.backup")]);
    const rows = async (name: string) => {
      const program = await runProgram({ DATA_DIR: inFolder(name), ...secret });
      running.push(program);
      // Which program runs is another one there.
      const { replicas, ...found } = await rowsIn((await findRunningPostgres(inFolder(name))) ?? "");
      expect(replicas).toHaveLength(1);
      await program.end("SIGTERM");
      return found;
    };
    const before = await rows("here");
    const mail = before.mail?.filter((row) => !row.includes("infinity"));
    expect(mail).toHaveLength((before.mail?.length ?? 0) - 1);
    const factors = before.second_factors?.filter((row) => !/,[0-9a-f]{64},/.test(row));
    expect(factors).toHaveLength(1);
    expect(await rows("there")).toEqual({ ...before, mail, second_factors: factors });
  });
});
