/**
 * What Stryker leaves alone: the conditions, comparisons and locks inside SQL, one broken at a time.
 * Finds them in a source's texts that begin like a statement, or that stand in a constant made for one.
 */
const WORDS = /\b(select|insert into|update|delete from|with|exists)\b|[<>=]|\bis (not )?null\b/;
const TEXT = /`(?:[^`\\]|\\.)*`|"(?:[^"\\\n]|\\.)*"/g;
const STATEMENT = /^.\s*(with|select|insert into|update|delete from)\b/;
const CONSTANT = /^[A-Z_]+ = $/;

const EXCHANGES = [
  [/ <= /g, " > "],
  [/ >= /g, " < "],
  [/ < /g, " >= "],
  [/ > /g, " <= "],
  [/ = (?=\$\d|any\()/g, " <> "],
  [/ is not null\b/g, " is null"],
  [/ is null\b/g, " is not null"],
  [/\bnot exists\b/g, "exists"],
  [/(?<!not )\bexists(?= \()/g, "not exists"],
  [/\bleast\(/g, "greatest("],
  [/\bgreatest\(/g, "least("],
  [/ for (no key )?update( skip locked)?/g, ""],
  [/ for (key )?share/g, ""],
  [/ \+ /g, " - "],
  [/ - /g, " + "],
];
const END =
  /^\s*(and|or|order|group|returning|limit|for|on conflict|union|set|where|from|when|then|else|end)\b/;

/** All mutants of a source: where, what it was, what it becomes, and the whole source with it. */
function sqlMutants(source) {
  const mutants = [];
  for (const { 0: text, index } of source.matchAll(TEXT)) {
    const before = source.slice(source.lastIndexOf("\n", index) + 1, index).replace(/^(export )?const /, "");
    if (!WORDS.test(text) || !(STATEMENT.test(text) || CONSTANT.test(before))) continue;
    for (const [at, length, instead] of [...exchanges(text), ...droppedConditions(text)]) {
      const from = index + at;
      mutants.push({
        line: source.slice(0, from).split("\n").length,
        was: source
          .slice(from, from + length)
          .replace(/\s+/g, " ")
          .trim(),
        instead: instead.trim(),
        source: source.slice(0, from) + instead + source.slice(from + length),
      });
    }
  }
  return mutants;
}

function* exchanges(text) {
  // "update … set a = $1" sets, and does not compare.
  for (const [pattern, instead] of EXCHANGES)
    for (const { 0: found, index } of text.matchAll(pattern)) {
      if (instead === " <> " && isSet(text.slice(0, index))) continue;
      yield [index, found.length, instead];
    }
}

function isSet(before) {
  return before.lastIndexOf(" set ") > Math.max(before.lastIndexOf("where"), before.lastIndexOf(" on "));
}

function* droppedConditions(text) {
  for (const { index } of text.matchAll(/\s(and|or) /g)) {
    let depth = 0;
    let end = index + 4;
    for (; end < text.length - 1; end += 1) {
      if (text[end] === "(") depth += 1;
      if (text[end] === ")" && depth-- === 0) break;
      if (depth === 0 && /\s/.test(text[end]) && END.test(text.slice(end))) break;
    }
    if (!/between\s+\S+$/.test(text.slice(0, index))) yield [index, end - index, ""];
  }
}

module.exports = { sqlMutants };
