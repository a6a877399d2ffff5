import browserTeardown from "./browser-teardown";
import databaseTeardown from "./global-teardown";

/** Stops and removes both. */
export default async function globalTeardown(): Promise<void> {
  await databaseTeardown();
  browserTeardown();
}
