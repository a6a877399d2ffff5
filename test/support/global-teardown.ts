import { rmSync } from "node:fs";
import type { EmbeddedPostgres } from "../../src/platform/embedded-postgres";

/** Stops the Postgres of the run and removes its folder. */
export default async function globalTeardown(): Promise<void> {
  const { testPostgres, testPostgresFolder } = globalThis as unknown as {
    testPostgres: EmbeddedPostgres;
    testPostgresFolder: string;
  };
  await testPostgres.stop();
  rmSync(testPostgresFolder, { recursive: true, force: true });
}
