import { SETTINGS } from "../platform/config";
import type { Command } from "./command";

/** `settings`: every variable of the environment that Latchkey reads. */
export const settings: Command = {
  usage: "settings",
  brief: "lists every variable of the environment that Latchkey reads",
  help: "Lists every variable of the environment that Latchkey reads, what it is, and what holds where it is not set.",
  options: {},
  positionals: 0,
  async run() {
    const settings = SETTINGS.map(({ is, otherwise, ...setting }) => ({
      ...setting,
      is: plain(is),
      unlessSet: plain(otherwise),
    }));
    const lines = settings.flatMap(({ name, unlessSet, is, secret }) => [
      name + (secret ? `, or ${name}_FILE` : ""),
      `    ${is}`,
      `    unless set: ${unlessSet}`,
    ]);
    return { ok: true, lines, json: { settings } };
  },
};

// README's words, without its marks.
function plain(words: string): string {
  return words.replaceAll("`", "").replace(/ \((above|below)\)/, " (see README)");
}
