import { unescape as decode } from "node:querystring";
import { gzipSync } from "node:zlib";
import * as fc from "fast-check";
import { PASSWORD_MAX, PASSWORD_MIN } from "../../../src/platform/password-strength";

/** In an odd value; it has to come back escaped, or not at all. */
export const MARKER = "zq<\"'>qz";

/** How a text is written in a form or a query string. */
export const encode = (text: string) =>
  encodeURIComponent(text.toWellFormed()).replace(
    /['()*!]/g,
    (sign) => `%${sign.charCodeAt(0).toString(16)}`,
  );

// Percent-encoded already: most of these are no text at all.
const BYTES = [
  ...["%ED%A0%80", "%ED%BF%BF", "%C0%AF", "%E0%80%80", "%F0%80%80%80", "%F4%90%80%80", "%FF", "%80", "%C3"],
  ...["%", "%%", "%z", "%1", "%u0041", "%00", "a%00b", "%0d%0a", "%0D%0ASet-Cookie:%20a=b", "%1b[31m", "%7f"],
  ...["+", "%2B", "%26", "%3D", "%EF%BB%BF", "%E2%80%AE", "%E2%80%A8", "%F3%A0%80%81", "%E2%80%8D", "%CC%81"],
];

const TEXTS = [
  MARKER,
  `${MARKER} onload=x`,
  `"><script>${MARKER}</script>`,
  `javascript:alert('${MARKER}')`,
  "//evil.example",
  "/\\evil.example",
  "https://evil.example/",
  "/profile\r\nLocation: https://evil.example",
  "'; drop table people; --",
  "1 or 1=1",
  "$1",
  "\\",
  "%_%",
  "a'b\"c`d",
  `{{7*7}} ${"$"}{7*7} <%= 7*7 %>`,
  '\r\n{"level":30,"msg":"forged"}\r\n',
  "__proto__",
  "constructor",
  "prototype",
  "toString",
  "hasOwnProperty",
  "null",
  "undefined",
  "true",
  "[object Object]",
  "NaN",
  "-1",
  "0",
  "1e309",
  "0x10",
  "1.5",
  "2147483648",
  "99999999999999999999",
  "２",
  "00000000-0000-0000-0000-000000000000",
  "00000000-0000-0000-0000-00000000000g",
  "😀👩‍👩‍👧‍👦",
  "Z͑ͫ̓a̴l̵g̶o̸",
  "שלום مرحبا",
  "İıſK",
  "ǅ ﬀ ½ Å",
  "\u202eevil",
  "\u0000",
  "\t",
  " ",
  "x5678",
  "ext 5",
  "name@example.com",
  `${"a".repeat(64)}@${"b".repeat(60)}.${"c".repeat(63)}.example`,
  '"quoted @ address"@example.com',
  "a@[127.0.0.1]",
  "member",
  "on",
  "none",
];

// At, below and over what the fields allow, in characters of one and of several bytes.
const LENGTHS = [0, 1, 16, 17, 50, 51, 99, 100, 101, 253, 254, 255, 300, 301, 500, 501, 4_000];
const UNITS = ["a", "1", "-", " ", "é", "😀", "\u0301", "%FF"].map((unit) =>
  unit.startsWith("%") ? unit : encode(unit),
);

const long = fc
  .tuple(fc.constantFrom(...UNITS), fc.constantFrom(...LENGTHS))
  .map(([unit, length]) => unit.repeat(length));
const huge = fc
  .tuple(fc.constantFrom("a", "%F0%9F%98%80", "%00"), fc.constantFrom(20_000, 99_000, 103_000, 250_000))
  .map(([unit, bytes]) => unit.repeat(Math.floor(bytes / unit.length)));
const bytes = fc.constantFrom(...BYTES);
const text = fc.constantFrom(...TEXTS).map(encode);
const random = fc.string({ unit: "binary", maxLength: 24 }).map(encode);
const digits = fc.stringMatching(/^[0-9A-Za-z+/=_. -]{1,24}$/).map(encode);
const mixed = fc
  .array(fc.oneof(bytes, text, random), { minLength: 2, maxLength: 4 })
  .map((all) => all.join(""));

/** An odd value for a field, a query parameter or a part of a path, as it is written there. */
export const oddValue: fc.Arbitrary<string> = fc.oneof(
  { arbitrary: text, weight: 30 },
  { arbitrary: random, weight: 20 },
  { arbitrary: mixed, weight: 12 },
  { arbitrary: bytes, weight: 10 },
  // Postgres holds every character but this one.
  { arbitrary: fc.constantFrom("%00", "a%00b"), weight: 3 },
  { arbitrary: long, weight: 15 },
  { arbitrary: digits, weight: 12 },
  { arbitrary: huge, weight: 1 },
);

/**
 * An odd value for a new password. Judging how soon one is guessed takes hundredths of a second, and is asked of what is
 * neither too short nor too long: of these one in twenty may be.
 */
export const oddPassword: fc.Arbitrary<string> = fc.oneof(
  { arbitrary: oddValue, weight: 1 },
  {
    arbitrary: oddValue.filter((value) => {
      const length = [...decode(value)].length;
      return length < PASSWORD_MIN || length > PASSWORD_MAX;
    }),
    weight: 19,
  },
);

/** Something no form of ours has: names that mean something in JavaScript, and ways other parsers write lists. */
export const strangeFields: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom(
    "__proto__=1",
    "constructor=1",
    "__proto__[isAdmin]=1",
    "constructor[prototype][a]=1",
    "=",
    "&&",
  ),
  oddValue.map((name) => `${name.slice(0, 200)}=1`),
  fc.constant(Array.from({ length: 101 }, (_, i) => `f${i}=1`).join("&")),
);

/** How the same fields can be written: once each, twice, as a list, as an object. */
export const fieldShape = fc.oneof(
  { arbitrary: fc.constant("once" as const), weight: 40 },
  { arbitrary: fc.constantFrom("twice" as const, "list" as const, "object" as const), weight: 1 },
);

/** A body and its headers: mostly as forms send it, else as something the desk does not read. */
export type Envelope = (form: string) => { body: Buffer; headers: string[] };

const FORM = "application/x-www-form-urlencoded";
const as = (
  type: string | undefined,
  write: (form: string) => string | Buffer = (form) => form,
): Envelope => {
  const headers = type === undefined ? [] : [`Content-Type: ${type}`];
  return (form) => ({ body: Buffer.from(write(form)), headers });
};
const packed = (encoding: string, write: (form: string) => string | Buffer): Envelope => {
  return (form) => ({
    body: Buffer.from(write(form)),
    headers: [`Content-Type: ${FORM}`, `Content-Encoding: ${encoding}`],
  });
};
const asJson = (form: string) => JSON.stringify(Object.fromEntries(new URLSearchParams(form)));
const multipart = (form: string) =>
  `${[...new URLSearchParams(form)]
    .map(([name, value]) => `--xx\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`)
    .join("")}--xx--\r\n`;
const BOMB = gzipSync(Buffer.alloc(5_000_000, "a"));

export const plain: Envelope = as(FORM);

const ENVELOPES: Envelope[] = [
  as(undefined),
  as("application/json", asJson),
  as("application/json", () => "{"),
  as("text/plain"),
  as("multipart/form-data; boundary=xx", multipart),
  as(`${FORM}; charset=utf-16`, (form) => Buffer.from(form, "utf16le")),
  as(`${FORM}; charset=iso-8859-1`),
  as(`${FORM}; charset=nonsense`),
  as("application/x-www-form-urlencoded; charset"),
  as(";;;"),
  packed("gzip", (form) => gzipSync(form)),
  packed("gzip", () => BOMB),
  packed("gzip", (form) => form),
  packed("br", (form) => form),
  packed("nonsense", (form) => form),
  packed("identity", (form) => form),
];

export const envelope: fc.Arbitrary<Envelope> = fc.oneof(
  { arbitrary: fc.constant(plain), weight: 40 },
  { arbitrary: fc.constantFrom(...ENVELOPES), weight: 1 },
);

/** What bytes a header can hold so that it is still one header; the rest Node refuses, or it would be another header. */
const HEADER_TEXTS = [
  MARKER,
  ...TEXTS.map((each) =>
    Buffer.from(each)
      .toString("latin1")
      .replace(/[\r\n\0]/g, " "),
  ),
  "\x80\xff",
  "\x01",
  "\x7f",
  "a\tb",
  "a, b",
  "*",
  "*/*",
  ";q=",
  "gzip;q=0, *;q=0",
  "Basic",
  "Basic  ",
  "Basic !!!!",
  `Basic ${Buffer.from("a").toString("base64")}`,
  `Basic ${Buffer.from(":").toString("base64")}`,
  `Basic ${Buffer.from("ada@example.com\0:x\0").toString("base64")}`,
  `Basic ${Buffer.from([0xff, 0xfe, 0x3a, 0xc0]).toString("base64")}`,
  "Bearer",
  "Bearer a b",
  `Bearer lk${"a".repeat(46)}`,
  `lk${"0".repeat(46)}`,
  "127.0.0.1, unknown, ::1, %00",
  "::ffff:999.1.1.1",
  "[::1]:80",
  "evil.example",
  "null",
  "same-origin",
  "cross-site",
  "https",
  "javascript",
  "latchkey=s:abc.def",
  "latchkey=s%3A%00.%00",
  "latchkey=%",
  "latchkey=; latchkey=; =;;;",
  "__proto__=x; constructor=y",
  "utf-16",
];
const headerText = fc.string({ unit: "binary", maxLength: 40 }).map((each) =>
  Buffer.from(each)
    .toString("latin1")
    .replace(/[\r\n]/g, " "),
);
const longHeader = fc.constantFrom(100, 4_000, 12_000, 17_000).map((length) => "h".repeat(length));
const basic = fc
  .tuple(fc.uint8Array({ maxLength: 20 }), fc.uint8Array({ maxLength: 60 }))
  .map(([name, key]) => `Basic ${Buffer.from([...name, ":".charCodeAt(0), ...key]).toString("base64")}`);

/** An odd value of a header, in Latin-1, as it is written. */
export const oddHeader: fc.Arbitrary<string> = fc.oneof(
  { arbitrary: fc.constantFrom(...HEADER_TEXTS), weight: 40 },
  { arbitrary: headerText, weight: 30 },
  { arbitrary: basic, weight: 15 },
  { arbitrary: longHeader, weight: 1 },
);
