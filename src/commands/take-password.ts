import { randomInt } from "node:crypto";
import { askUnseen } from "./ask-unseen";
import { CommandRefused, type Terminal } from "./command";

const ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnpqrstuvwxyz";
const GENERATED_LENGTH = 20;
const LONGEST_LINE = 10_000;
const QUESTION = "Password (nothing typed: one is made up): ";

/** A password for a new account: typed (twice, unseen), from standard input, or made up. */
export async function takePassword(
  terminal: Terminal,
  fromInput: boolean,
): Promise<{ password: string; generated: boolean }> {
  if (fromInput) return { password: await firstLine(terminal.stdin), generated: false };
  const typed = terminal.stdin.isTTY ? await askUnseen(terminal, "password", QUESTION, true) : "";
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
