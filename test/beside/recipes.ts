import { readFileSync } from "node:fs";
import path from "node:path";

const README = readFileSync(path.join(__dirname, "..", "..", "README.md"), "utf8");

/** The one block of this language in README that holds these words, as it stands there. */
export function recipe(language: string, words: string): string {
  const blocks = [...README.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].filter(
    ([, itsLanguage, text]) => itsLanguage === language && text?.includes(words),
  );
  if (blocks.length !== 1) throw new Error(`README has ${blocks.length} ${language} blocks with ${words}`);
  return blocks[0]?.[2] ?? "";
}

/** The recipe with other values in the places of its own; throws where it does not hold one of them. */
export function withValues(text: string, values: Record<string, string>): string {
  let changed = text;
  for (const [own, other] of Object.entries(values)) {
    if (!changed.includes(own)) throw new Error(`The recipe does not hold ${own}`);
    changed = changed.replaceAll(own, other);
  }
  return changed;
}
