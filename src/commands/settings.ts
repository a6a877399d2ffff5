import { SETTINGS } from "../platform/config";
import type { Command } from "./command";

/** `settings`: every variable of the environment that Latchkey reads. */
export const settings: Command = {
  usage: "settings",
  help: "Lists every variable of the environment that Latchkey reads, what it is, and what holds where it is not set.",
  options: {},
  positionals: 0,
  async run() {
    const lines = SETTINGS.flatMap(({ name, otherwise, is, secret }) => [
      name + (secret ? `, or ${name}_FILE` : ""),
      `    ${is} (unless set: ${otherwise})`.replaceAll("`", ""),
    ]);
    return { ok: true, lines, json: { settings: SETTINGS } };
  },
};
