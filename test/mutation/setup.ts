import globalSetup from "../support/global-setup";

/** One Postgres for as long as this process lives, which runs a test file for each of many mutants. */
export default async function setup(): Promise<void> {
  if (!("testPostgres" in globalThis)) await globalSetup();
}
