import { readFileSync } from "node:fs";
import { AppSecretLost } from "../platform/app-secret";
import { BackupUnreadable } from "../platform/backup-file";
import { type Config, ConfigProblems, parseConfig } from "../platform/config";
import { DataFolderRefused } from "../platform/embedded-postgres";
import { DatabaseIsNewer, MigrationHeldUp, ServerTooOld } from "../platform/migrations";
import { NewFileRefused } from "../platform/new-file";
import { readVersion } from "../platform/version";
import { WrongAppSecret } from "../web/open-seal";
import { adminCreate, adminResetTwoFactor } from "./admin";
import { auditVerify } from "./audit";
import { backup } from "./backup";
import {
  type Answer,
  type Command,
  CommandRefused,
  sentenceOf,
  type Terminal,
  UsageMistake,
} from "./command";
import { answerOf, doctor } from "./doctor/doctor";
import { keysRotateEncryption } from "./keys";
import { migrate } from "./migrate";
import { readWords, type Written } from "./read-words";
import { restore } from "./restore";
import { settings } from "./settings";
import { tellingUnreached } from "./tell-unreached";

/** What a command ends with: done, failed or refused, written wrongly. */
const [DONE, FAILED, MISUSED] = [0, 1, 2];

const SERVE = {
  usage: "serve",
  brief: "serves, as npm start does",
  help: "Serves. Configuration comes from the environment.",
};
const COMMANDS: Command[] = [
  migrate,
  doctor,
  settings,
  adminCreate,
  adminResetTwoFactor,
  keysRotateEncryption,
  auditVerify,
  backup,
  restore,
];

/** What an operator can mend is told in a sentence; anything else with its stack. */
const FOR_OPERATORS = [
  AppSecretLost,
  BackupUnreadable,
  ConfigProblems,
  DataFolderRefused,
  DatabaseIsNewer,
  MigrationHeldUp,
  NewFileRefused,
  ServerTooOld,
  WrongAppSecret,
  CommandRefused,
  UsageMistake,
];

/** Runs the command that the arguments name; resolves to the exit code, or to nothing while it serves. */
export async function runCommand(
  args: string[],
  env: NodeJS.ProcessEnv,
  terminal: Terminal,
): Promise<number | undefined> {
  const command = COMMANDS.find(({ usage }) => namesOf(usage).every((name, i) => args[i] === name));
  if (args[0] === "serve") return runServe(args.slice(1), env, terminal);
  if (!command) return tellCommands(args, terminal);
  return runOne(command, args.slice(namesOf(command.usage).length), env, terminal);
}

async function runServe(
  args: string[],
  env: NodeJS.ProcessEnv,
  terminal: Terminal,
): Promise<number | undefined> {
  if (args.includes("--help") || args.includes("-h")) return tellHelp(SERVE, terminal);
  if (args.length > 0) return misused(SERVE, `serve takes no ${args[0]}`, terminal, false);
  try {
    const config = readConfig(env);
    // Loaded here alone: the other commands start in two thirds of the time without all that draws pages.
    const { serve } = require("./serve") as typeof import("./serve");
    await tellingUnreached(config, serve(config, terminal.stdout.isTTY === true));
    return undefined;
  } catch (error) {
    terminal.stderr.write(`Latchkey cannot start. ${textOf(error)}\n`);
    return FAILED;
  }
}

async function runOne(
  command: Command,
  args: string[],
  env: NodeJS.ProcessEnv,
  terminal: Terminal,
): Promise<number> {
  // Also where the words cannot be read.
  const asJson = args.includes("--json");
  let written: Written;
  try {
    written = readWords(command, args);
  } catch (error) {
    return misused(command, sentenceOf(error), terminal, asJson);
  }
  if (written.flags.has("help")) return tellHelp(command, terminal);
  const stdout = command.writesOutput?.(written.words) ? terminal.stderr : terminal.stdout;
  try {
    return tell(await answer(command, { ...written, terminal }, env), asJson, { ...terminal, stdout });
  } catch (error) {
    if (error instanceof UsageMistake) return misused(command, error.message, terminal, asJson);
    if (asJson) stdout.write(`${JSON.stringify({ ok: false, error: textOf(error) })}\n`);
    else terminal.stderr.write(`${textOf(error)}\n`);
    return FAILED;
  }
}

async function answer(
  command: Command,
  given: Omit<Parameters<Command["run"]>[0], "config">,
  env: NodeJS.ProcessEnv,
): Promise<Answer> {
  try {
    const config = readConfig(env);
    return await tellingUnreached(config, command.run({ ...given, config }));
  } catch (error) {
    // The doctor says what is wrong with the configuration as one of its findings.
    if (command !== doctor || !(error instanceof ConfigProblems)) throw error;
    return answerOf(error.problems.map((says) => ({ about: "Configuration", state: "problem", says })));
  }
}

function readConfig(env: NodeJS.ProcessEnv): Config {
  return parseConfig(env, (file) => readFileSync(file, "utf8"));
}

function tell({ ok, lines, json }: Answer, asJson: boolean, { stdout }: Terminal): number {
  stdout.write(asJson ? `${JSON.stringify({ ok, ...json })}\n` : `${lines.join("\n")}\n`);
  return ok ? DONE : FAILED;
}

function tellHelp({ usage, help }: { usage: string; help: string }, { stdout }: Terminal): number {
  const json = usage === SERVE.usage ? "" : "--json   answer as one line of JSON\n";
  stdout.write(`latchkey ${usage}\n\n${help}\n\n${json}--help   this text\n`);
  return DONE;
}

function tellCommands(args: string[], { stdout, stderr }: Terminal): number {
  const [first = ""] = args;
  if (["--version", "-v", "version"].includes(first)) {
    stdout.write(`latchkey ${readVersion()}\n`);
    return DONE;
  }
  // "admin" alone is the beginning of commands.
  const begun = [SERVE, ...COMMANDS].filter(({ usage }) => namesOf(usage)[0] === first);
  const all = (begun.length > 0 ? begun : [SERVE, ...COMMANDS])
    .map(({ usage, brief }) => `  latchkey ${usage}\n      ${brief}\n`)
    .join("");
  const text = `Commands:\n${all}\nEach tells more with --help, and --version tells which version this is.\n`;
  const asked = begun.length > 0 ? args.slice(1) : args;
  if (["--help", "-h", "help"].includes(asked[0] ?? "")) {
    stdout.write(text);
    return DONE;
  }
  const named = args.slice(0, begun.length > 0 ? 2 : 1).join(" ");
  stderr.write(`${asked.length === 0 ? "" : `There is no command "${named}".\n`}${text}`);
  return MISUSED;
}

function misused(
  { usage }: { usage: string },
  problem: string,
  { stdout, stderr }: Terminal,
  asJson: boolean,
): number {
  const text = `${problem}\nUsage: latchkey ${usage}\n`;
  if (asJson) stdout.write(`${JSON.stringify({ ok: false, error: text.trim() })}\n`);
  else stderr.write(text);
  return MISUSED;
}

// An error with a code comes from the database or the system, and its message says it all.
function textOf(error: unknown): string {
  const plain = FOR_OPERATORS.some((kind) => error instanceof kind);
  const coded = error instanceof Error && "code" in error && typeof error.code === "string";
  return plain || coded || !(error instanceof Error) ? sentenceOf(error) : (error.stack ?? error.message);
}

function namesOf(usage: string): string[] {
  return usage.split(" ").filter((word) => /^[a-z][a-z0-9-]*$/.test(word));
}
