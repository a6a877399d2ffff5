import * as fc from "fast-check";
import {
  type Envelope,
  encode,
  envelope,
  fieldShape,
  oddPassword,
  oddValue,
  plain,
  strangeFields,
} from "./odd";
import type { Row } from "./rows";
import type { Sent } from "./wire";
import type { World } from "./world";

/** A value for a field as it is written in a form; undefined stands for the good one. */
type Chosen = string | undefined;

/** One request, before the good values of the world are known. */
export type Drawn = {
  fields: Record<string, Chosen>;
  query: Record<string, Chosen>;
  token: Chosen;
  id: Chosen;
  end: string;
  shape: "once" | "twice" | "list" | "object";
  strange: string | undefined;
  free: string | undefined;
  envelope: Envelope;
};

/** One time in so many; undefined otherwise. */
const sometimes = <T>(arbitrary: fc.Arbitrary<T>, oneIn: number): fc.Arbitrary<T | undefined> =>
  fc.oneof({ arbitrary: fc.constant(undefined), weight: oneIn - 1 }, { arbitrary, weight: 1 });

/** Links are looked up before anything else of their forms is read. */
const isLink = (good: string | null) => good?.endsWith("Token") ?? false;

const usually = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.oneof({ arbitrary, weight: 39 }, { arbitrary: fc.constant(undefined), weight: 1 });

/** Mostly all fields are odd at once, else one alone, so that it is looked at by whatever comes last. */
function fieldsOf(row: Row, of: Row["fields"] = {}): fc.Arbitrary<Record<string, Chosen>> {
  const entries = Object.entries(of);
  const others = behindLink(row).length > 0;
  const record = (odd: (name: string) => boolean) =>
    fc.record(
      Object.fromEntries(
        entries.map(([name, good]) => {
          if (isLink(good)) return [name, others ? sometimes(oddValue, 2) : usually(oddValue)];
          if (good !== null && !odd(name)) return [name, fc.constant(undefined)];
          return [name, name === row.newPassword ? oddPassword : oddValue];
        }),
      ),
    );
  const alone = entries
    .filter(([, good]) => good !== null && !isLink(good))
    .map(([name]) => record((each) => each === name));
  if (alone.length === 0) return record(() => true);
  return fc.oneof(
    { arbitrary: record(() => true), weight: 12 },
    { arbitrary: fc.oneof(...alone), weight: 4 },
    // Good in themselves: what is odd is around them.
    { arbitrary: record(() => false), weight: 1 },
  );
}

const behindLink = ({ fields, query }: Row) =>
  Object.entries({ ...fields, ...query }).flatMap(([name, good]) => (isLink(good) ? [] : [name]));

/** A request for this row, with something odd in it. */
export function requestOf(row: Row): fc.Arbitrary<Drawn> {
  const post = row.method === "POST";
  const alone = parametersOf(row).includes(ID);
  return fc.record({
    fields: fieldsOf(row, row.fields),
    query: fieldsOf(row, row.query),
    token: post ? sometimes(oddValue, 40) : fc.constant(undefined),
    id: row.id ? (alone ? usually(oddValue) : sometimes(oddValue, 20)) : fc.constant(undefined),
    end: fc.constantFrom(...(row.ends ?? [""])),
    shape: fieldShape,
    strange: sometimes(strangeFields, 15),
    free: row.free ? usually(oddValue) : fc.constant(undefined),
    envelope: post ? envelope : fc.constant(plain),
  });
}

/** What was odd in a request where it is read: not behind an odd id, token, link or kind of body. */
export function oddParameters(row: Row, { fields, query, token, id, free, envelope }: Drawn): string[] {
  if (envelope !== plain) return [];
  if (token !== undefined) return ["_csrf"];
  if (id !== undefined) return [ID];
  const goods = { ...row.fields, ...row.query };
  const odd = Object.entries({ ...fields, ...query }).flatMap(([name, value]) =>
    value === undefined ? [] : [name],
  );
  const links = odd.filter((name) => isLink(goods[name] ?? null));
  if (links.length > 0) return links;
  return free === undefined ? odd : [...odd, FREE];
}

/** Stands for fields whose names are made of what is in the database. */
const FREE = "*";

const ID = ":id";

/** The parameters that each have to be odd often enough; an id in the address where there is nothing else. */
export function parametersOf({ fields, query, free, id }: Row): string[] {
  const named = [...Object.keys({ ...fields, ...query }), ...(free ? [FREE] : [])];
  return named.length === 0 && id ? [ID] : named;
}

/** Writes a request as its bytes; `agent` is the name by which the trail tells it from others. */
export function write(row: Row, drawn: Drawn, { good, senders }: World, agent: string): Sent {
  const resolved = (text: string | null | undefined) =>
    encode(text?.startsWith("@") ? (good[text.slice(1)] ?? "") : (text ?? ""));
  const pairs = (fields: Record<string, Chosen>, goods: Record<string, string | null> = {}) =>
    Object.entries(fields).map(([name, value]) => {
      const is = value ?? resolved(goods[name]);
      if (drawn.shape === "twice") return `${name}=${is}&${name}=${is}`;
      return `${name}${{ list: "[]", object: "[b]", once: "" }[drawn.shape]}=${is}`;
    });
  const more = [
    ...(drawn.strange === undefined ? [] : [drawn.strange]),
    ...(drawn.free === undefined ? [] : (row.free ?? []).map((begin) => `${begin}${drawn.free}=on`)),
  ];
  const { cookie, token } = senders[row.by];
  const own = [...pairs(drawn.fields, row.fields), ...more];
  const query = (row.method === "GET" ? own : pairs(drawn.query, row.query)).join("&");
  const path = row.path.replace(":id", pathPart(drawn.id) ?? good[row.id ?? ""] ?? "") + drawn.end;
  // What is longer than a line of HTTP may be is left out of addresses; Node would answer it by itself.
  const address = query ? `${path}?${visible(query).slice(0, 12_000)}` : path;
  const csrf = `_csrf=${drawn.token ?? encode(token)}`;
  const { body, headers } = drawn.envelope([csrf, ...own].join("&"));
  const lines = [
    `${row.method} ${address} HTTP/1.1`,
    "Host: latchkey.example",
    `User-Agent: ${agent}`,
    ...(cookie ? [`Cookie: ${cookie}`] : []),
    ...(row.method === "GET" ? [] : [...headers, `Content-Length: ${body.length}`]),
  ];
  const head = Buffer.from(`${lines.join("\r\n")}\r\n\r\n`, "latin1");
  return { bytes: row.method === "GET" ? head : Buffer.concat([head, body]) };
}

/** One part of a path, of signs that may stand in a request line. */
function pathPart(id: Chosen): Chosen {
  return id === undefined ? undefined : visible(id).replace(/[/?#]/g, "").slice(0, 8_000);
}

function visible(text: string): string {
  return text.replace(/[^\x21-\x7e]/g, "");
}
