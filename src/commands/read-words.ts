import { parseArgs } from "node:util";
import { type Command, sentenceOf, UsageMistake } from "./command";

/** What was written after the name of a command. */
export type Written = { values: Record<string, string>; words: string[]; flags: Set<string> };

/**
 * Reads what was written after the name of a command, as it takes it; with the flag "help" whatever the words. Throws
 * UsageMistake.
 */
export function readWords({ options: own, positionals, fewer }: Command, args: string[]): Written {
  const options = { ...own, help: { type: "boolean", short: "h" }, json: { type: "boolean" } } as const;
  const unknown = findUnknownOption(args, options);
  if (unknown !== undefined)
    throw new UsageMistake(`There is no option ${unknown}: --help tells which there are.`);
  const read = parseStrictly(args, options);
  const entries = Object.entries(read.values);
  const flags = new Set(entries.filter(([, value]) => value === true).map(([name]) => name));
  const values = Object.fromEntries(entries.filter((entry) => typeof entry[1] === "string"));
  const count = read.positionals.length;
  if (!flags.has("help") && (count > positionals || (count < positionals && !fewer)))
    throw new UsageMistake("There are too few or too many words.");
  return { values: values as Record<string, string>, words: read.positionals, flags };
}

// As it was typed, without its value.
function findUnknownOption(args: string[], options: Command["options"]): string | undefined {
  const { tokens } = parseArgs({ args, options, strict: false, tokens: true, allowPositionals: true });
  const named = tokens.filter((token) => token.kind === "option");
  return named.find(({ name }) => !Object.hasOwn(options, name))?.rawName;
}

function parseStrictly(args: string[], options: Command["options"]) {
  try {
    return parseArgs({ args, options, allowPositionals: true });
  } catch (error) {
    throw new UsageMistake(sentenceOf(error));
  }
}
