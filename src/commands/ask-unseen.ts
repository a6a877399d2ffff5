import { createInterface } from "node:readline/promises";
import { Writable } from "node:stream";
import { CommandRefused, type Terminal } from "./command";

/**
 * Asks on the terminal for something that is not shown while it is typed, and if `again` once more unless nothing was
 * typed. Throws CommandRefused when it is stopped, or the two are not the same.
 */
export async function askUnseen(
  { stdin, stderr }: Terminal,
  what: string,
  question: string,
  again: boolean,
): Promise<string> {
  // readline echoes to its output, and this one swallows everything; while it is open the terminal echoes nothing.
  const unseen = new Writable({ write: (_chunk, _encoding, done) => done() });
  const reader = createInterface({ input: stdin, output: unseen, terminal: true });
  const stopped = new Promise<never>((_resolve, reject) => {
    reader.once("SIGINT", () => reject(new CommandRefused("Stopped. Nothing was changed.")));
    reader.once("close", () => reject(new CommandRefused(`No ${what} was typed. Nothing was changed.`)));
  });
  stopped.catch(() => {});
  const ask = async (words: string) => {
    stderr.write(words);
    return Promise.race([reader.question(""), stopped]).finally(() => stderr.write("\n"));
  };
  try {
    const first = await ask(question);
    if (first === "" || !again || first === (await ask("The same once more: "))) return first;
    throw new CommandRefused(`The two ${what}s are not the same. Nothing was changed.`);
  } finally {
    reader.close();
  }
}
