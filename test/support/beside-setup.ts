import browserSetup from "./browser-setup";
import databaseSetup from "./global-setup";

/** What is tested beside other programs needs the run's Postgres and its browser. */
export default async function globalSetup(): Promise<void> {
  browserSetup();
  await databaseSetup();
}
