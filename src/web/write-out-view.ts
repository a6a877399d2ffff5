import path from "node:path";

/** A view with the views it includes written out in it: one text for EJS, without includes. */
export type WrittenOut = {
  text: string;
  /** The names it reads, each of which its text has as `$name`. */
  reads: Set<string>;
};

const TAG = /<%([-=]?)(?![%#_])([\s\S]*?)([-_]?%>)/g;
const INCLUDE = /^\s*include\(\s*(?:'([^']+)'|"([^"]+)")\s*(?:,\s*\{([\s\S]*)\}\s*)?\)\s*$/;

/**
 * Writes a view out. An include is looked for beside the view that names it, then among all; its view gets what the including one
 * got and what it is given. Throws where there is no such view, and for an include that says more than a name and an object
 * of what is given, or stands within other code.
 */
export function writeOutView(views: ReadonlyMap<string, string>, name: string): WrittenOut {
  const reads = new Set<string>();

  function write(view: string, within: string[]): string {
    if (within.includes(view)) throw new Error(`${view} includes itself`);
    const source = views.get(view) as string;
    const names = namesIn(codeIn(source));
    for (const read of names) reads.add(read);
    const text = source.replace(TAG, (_tag, kind: string, code: string, close: string) => {
      // What a view declares itself must not hide what it was given.
      const own = code.replace(/(?<![\w$.])locals\.([\w$]+)/g, (_all, read) => {
        reads.add(read);
        return `$${read}`;
      });
      if (!/\binclude\(/.test(withoutTexts(own))) return `<%${kind}${own}${close}`;
      const [, single, double, given = ""] = INCLUDE.exec(own) ?? [];
      const included = single ?? double;
      if (included === undefined || kind !== "-")
        throw new Error(`${view} includes a view that it does not name`);
      const part = nameOf(included, view);
      const inner = write(part, [...within, view]);
      return `<% { ${handOver(given, view)} %>${inner}<% } } ${close}`;
    });
    const aliases = [...names].map((read) => `${read} = $${read}`);
    return `<% { ${aliases.length > 0 ? `const ${aliases.join(", ")};` : ""} { %>${text}<% } } %>`;
  }

  function nameOf(included: string, by: string): string {
    const beside = path.posix.join(path.posix.dirname(by), included);
    const found = [beside, included].find((view) => views.has(view));
    if (found === undefined) throw new Error(`${by} includes ${included}: there is no such view`);
    return found;
  }

  return { text: write(name, []), reads };
}

// Worked out before it gets its names, which may be those of what it is worked out from.
function handOver(given: string, view: string): string {
  const entries = splitAtCommas(given).map((entry) => /^\s*([\w$]+)\s*(?::([\s\S]*))?$/.exec(entry));
  if (entries.length === 0) return "{";
  const pairs = entries.map((entry) => {
    if (!entry) throw new Error(`${view} gives an include what cannot be read: ${given.trim()}`);
    const [, name = "", value = name] = entry;
    return { name, value };
  });
  const workedOut = pairs.map(({ value }, i) => `$${i} = (${value})`);
  const named = pairs.map(({ name }, i) => `$${name} = $${i}`);
  return `const ${workedOut.join(", ")}; { const ${named.join(", ")};`;
}

/** The parts of a text between the commas that stand in no bracket and no text; a comma at the end begins none. */
function splitAtCommas(code: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let from = 0;
  for (const { 0: piece, index } of code.matchAll(
    /'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|`(?:[^`\\]|\\.)*`|[([{}\]),]/g,
  )) {
    if ("([{".includes(piece)) depth += 1;
    else if (")]}".includes(piece)) depth -= 1;
    else if (piece === "," && depth === 0) {
      parts.push(code.slice(from, index));
      from = index + 1;
    }
  }
  const last = code.slice(from);
  return last.trim() === "" ? parts : [...parts, last];
}

const WORDS_OF_EJS = ["locals", "include", "escapeFn", "rethrow"];
const WORDS_OF_JAVASCRIPT =
  "const let var if else for of in new return typeof instanceof true false null undefined function while do switch case break continue".split(
    " ",
  );
const NO_LOCALS = new Set([...WORDS_OF_EJS, ...WORDS_OF_JAVASCRIPT]);

/** What stands between the marks of EJS, but remarks. */
function codeIn(text: string): string {
  return [...text.matchAll(/<%(?!#)[-=_]?([\s\S]*?)[-_]?%>/g)].map(([, inner = ""]) => inner).join("\n");
}

function withoutTexts(code: string): string {
  return code.replace(/'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"/g, " ");
}

/** What code may mean by a local: every name in it, but in texts, behind a dot (three spread it), or known to JavaScript. */
function namesIn(code: string): Set<string> {
  const names = withoutTexts(code).matchAll(/(?<![\w$]|(?<!\.\.)\.)[A-Za-z_$][\w$]*/g);
  return new Set(
    [...names].map(([name]) => name).filter((name) => !NO_LOCALS.has(name) && !(name in globalThis)),
  );
}
