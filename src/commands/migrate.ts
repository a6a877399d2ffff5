import { findPendingMigrations, migrate as runMigrations } from "../platform/migrations";
import type { Command } from "./command";
import { MIGRATIONS, openDatabase } from "./open-installation";

/** `migrate`: brings the database to this program's schema, as starting the program does. */
export const migrate: Command = {
  usage: "migrate",
  brief: "brings the database to this version, as serve does",
  help: "Brings the database to this version of Latchkey. Starting the program does the same.",
  options: {},
  positionals: 0,
  async run({ config }) {
    const { url, close } = await openDatabase(config, true);
    try {
      const pending = await findPendingMigrations(url, MIGRATIONS);
      if (pending.length > 0) await runMigrations(url, MIGRATIONS, () => {});
      const lines = pending.length > 0 ? [`Done: ${pending.join(", ")}.`] : ["The database is up to date."];
      return { ok: true, lines, json: { done: pending } };
    } finally {
      await close();
    }
  },
};
