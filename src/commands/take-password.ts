import { randomInt } from "node:crypto";
import { createInterface } from "node:readline/promises";
import { Writable } from "node:stream";
import { CommandRefused, type Terminal } from "./command";

const ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnpqrstuvwxyz";
const GENERATED_LENGTH = 20;
const LONGEST_LINE = 10_000;

/** A password for a new account: typed (twice, unseen), from standard input, or made up. */
export async function takePassword(
  terminal: Terminal,
  fromInput: boolean,
): Promise<{ password: string; generated: boolean }> {
  if (fromInput) return { password: await firstLine(terminal.stdin), generated: false };
  const typed = terminal.stdin.isTTY ? await typeTwice(terminal) : "";
  if (typed !== "") return { password: typed, generated: false };
  const made = Array.from({ length: GENERATED_LENGTH }, () => ALPHABET.charAt(randomInt(ALPHABET.length)));
  return { password: made.join(""), generated: true };
}

async function firstLine(stdin: NodeJS.ReadStream): Promise<string> {
  let text = "";
  for await (const chunk of stdin.setEncoding("utf8")) {
    text += chunk;
    // Whatever follows may never end; and a line this long is no password, however it goes on.
    if (text.includes("\n") || text.length > LONGEST_LINE) break;
  }
  const [line = ""] = text.split(/\r?\n/);
  if (line === "") throw new CommandRefused("There was no password on standard input.");
  return line;
}

// readline echoes to its output, and this one swallows everything; while it is open the terminal itself echoes nothing.
async function typeTwice({ stdin, stderr }: Terminal): Promise<string> {
  const unseen = new Writable({ write: (_chunk, _encoding, done) => done() });
  const reader = createInterface({ input: stdin, output: unseen, terminal: true });
  const stopped = new Promise<never>((_resolve, reject) => {
    reader.once("SIGINT", () => reject(new CommandRefused("Stopped. Nothing was changed.")));
    reader.once("close", () => reject(new CommandRefused("No password was typed. Nothing was changed.")));
  });
  stopped.catch(() => {});
  const ask = async (question: string) => {
    stderr.write(question);
    return Promise.race([reader.question(""), stopped]).finally(() => stderr.write("\n"));
  };
  try {
    const first = await ask("Password (nothing typed: one is made up): ");
    if (first === "") return "";
    if (first === (await ask("The same once more: "))) return first;
    throw new CommandRefused("The two passwords are not the same. Nothing was changed.");
  } finally {
    reader.close();
  }
}
