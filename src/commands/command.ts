import type { ParseArgsConfig } from "node:util";
import type { Config } from "../platform/config";

/** What a command talks to: where it prints, and whom it can ask. */
export type Terminal = {
  stdin: NodeJS.ReadStream;
  stdout: NodeJS.WriteStream;
  stderr: NodeJS.WriteStream;
};

/** A command's answer: lines for people, the same as an object for programs, and whether it did what was asked. */
export type Answer = { ok: boolean; lines: string[]; json: object };

/** One thing the doctor looked at: fine, worth knowing, or a problem with what to do. */
export type Finding = { about: string; state: "ok" | "note" | "problem"; says: string };

/** One command of the command line. */
export type Command = {
  /** What follows the program's name: "admin create --email EMAIL". */
  usage: string;
  /** What it is for, in a few words, for the list of all commands. */
  brief: string;
  /** What it does, and what its options mean. */
  help: string;
  options: NonNullable<ParseArgsConfig["options"]>;
  /** How many words follow beside the options. */
  positionals: number;
  /** Whether fewer will do, because an option can say the same. */
  fewer?: boolean;
  /** Whether standard output is the work itself, given these words: then the answer is on standard error. */
  writesOutput?(words: string[]): boolean;
  run(given: {
    config: Config;
    values: Record<string, string>;
    words: string[];
    flags: Set<string>;
    terminal: Terminal;
  }): Promise<Answer>;
};

/** A command cannot do what was asked: a sentence for the operator. */
export class CommandRefused extends Error {}

/** The command was written wrongly: a sentence for the operator. */
export class UsageMistake extends Error {}

/** What went wrong, in one sentence. pg tells of the addresses it cannot reach as several errors in one. */
export function sentenceOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(sentenceOf).join("; ");
  return error instanceof Error ? error.message : String(error);
}
