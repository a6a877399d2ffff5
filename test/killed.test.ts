import { rmSync } from "node:fs";
import path from "node:path";
import { generateSync } from "otplib";
import { newDatabaseFolder } from "./support/database-folder";
import { PASSWORD, setupKey } from "./support/people";
import { freePort, type Program, runProgram } from "./support/program";
import { Visitor } from "./support/visitor";

const ROUNDS = Number(process.env.KILLS ?? 10);

/** Does one thing after another until the program is gone; calls `answered` after each answer. */
async function keepDoing(act: () => Promise<void>): Promise<void> {
  for (;;) {
    try {
      await act();
    } catch {
      return;
    }
  }
}

describe("killed with SIGKILL while profiles are saved and keys regenerated", () => {
  const folder = newDatabaseFolder("killed");
  let program: Program;
  afterAll(async () => {
    if (program.process.exitCode === null) await program.end("SIGTERM");
    rmSync(folder, { recursive: true, force: true });
  });

  it(`${ROUNDS} times, it starts again each time with every answered change present`, async () => {
    const env = { DATA_DIR: path.join(folder, "data"), PORT: String(await freePort()) };
    program = await runProgram(env);
    const saver = await setUp(program);
    const holder = saver.tab();
    let saved = 0;
    let sending = 0;
    let key = (await holder.open("/profile").then((page) => page.press("Generate API Key"))).value("API key");
    const dead: string[] = [];
    let regenerating = false;
    let [saves, keys] = [0, 0];

    for (let round = 0; round < ROUNDS; round++) {
      const saving = keepDoing(async () => {
        await saver.open("/profile");
        sending = saved + 1;
        await saver.fill("First Name", `Name ${sending}`).press("Save Changes");
        if (saver.status !== 200) throw new Error(`A save was answered with ${saver.status}`);
        saved = sending;
        saves++;
      });
      const renewing = keepDoing(async () => {
        await holder.open("/profile/api-key/regenerate");
        regenerating = true;
        await holder.press("Regenerate API Key");
        dead.push(key);
        key = holder.value("API key");
        regenerating = false;
        keys++;
      });
      // On a busy machine too, each kill comes in the midst of work.
      const before = { saves, keys };
      while (saves === before.saves || keys === before.keys) await pause(5);
      await pause(Math.random() * 300);
      await program.end("SIGKILL");
      await Promise.all([saving, renewing]);

      program = await runProgram(env);
      expect(program.process.exitCode).toBeNull();

      const shown = Number((await saver.tab().open("/profile")).value("First Name").replace("Name ", ""));
      expect([saved, sending]).toContain(shown);
      saved = shown;

      const page = await holder.tab().open("/profile/api-key/regenerate");
      const live = page.hidden("replaces");
      if (live !== key.slice(2, 10)) {
        // A regeneration was under way: it was committed whole, and its key was seen by nobody.
        expect(regenerating).toBe(true);
        expect(await works(program, key)).toBe(false);
        dead.push(key);
        await page.press("Regenerate API Key");
        key = page.value("API key");
      }
      regenerating = false;
      expect(await works(program, key)).toBe(true);
      for (const old of dead.slice(-5)) expect(await works(program, old)).toBe(false);
    }
  }, 200_000);
});

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

async function setUp({ origin, setUpAddresses }: Program): Promise<Visitor> {
  const address = new URL(setUpAddresses()[0] ?? "");
  const visitor = await new Visitor(origin).open(address.pathname + address.search);
  visitor.fill("First Name", "Name 0").fill("Last Name", "Lovelace").fill("Email", "ada@example.com");
  await visitor.fill("Password", PASSWORD).press("Create administrator");
  await visitor.fill("One-time code", generateSync({ secret: setupKey(visitor) })).press("Verify");
  return visitor;
}

async function works({ origin }: Program, key: string): Promise<boolean> {
  const answer = await new Visitor(origin).raw("/v1/authentication/verify", {
    headers: { "x-api-key": key },
  });
  return answer.status === 200;
}
