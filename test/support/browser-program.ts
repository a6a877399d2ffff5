import { rm } from "node:fs/promises";
import path from "node:path";
import { findRunningPostgres } from "../../src/platform/embedded-postgres";
import { newDatabaseFolder } from "./database-folder";
import { runProgram } from "./program";

/** The program as people run it: built, a process of its own, with the Postgres it brings. */
export type Program = {
  origin: string;
  /** The address its log told the operator to open. */
  setUpAddress: string;
  /** Everything it has printed so far. */
  log(): string;
  /** Where its Postgres listens. */
  databaseUrl(): Promise<string>;
  /** Asks it to stop, waits until it has, and removes its data; throws when it did not stop as it should. */
  stop(): Promise<void>;
};

/** Starts the built program on a fresh data folder, with what else is given in its environment. */
export async function startProgram(env: Record<string, string> = {}): Promise<Program> {
  const folder = newDatabaseFolder("browser");
  const program = await runProgram({ DATA_DIR: path.join(folder, "data"), ...env });
  const [setUpAddress] = program.setUpAddresses();
  if (setUpAddress === undefined) throw new Error(`No set-up address was printed:\n${program.printed()}`);
  return {
    origin: new URL(setUpAddress).origin,
    setUpAddress,
    log: program.printed,
    databaseUrl: async () => (await findRunningPostgres(path.join(folder, "data"))) ?? "",
    async stop() {
      const code = await program.end("SIGTERM");
      await rm(folder, { recursive: true, force: true });
      if (code !== 0) throw new Error(`The program ended with ${code}. It printed:\n${program.printed()}`);
    },
  };
}
