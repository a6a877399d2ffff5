import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import {
  AppSecretLost,
  findAppSecret,
  keepAppSecret,
  listSecrets,
  problemOfSecrets,
  putNewSecretFirst,
  readAppSecret,
} from "../../src/platform/app-secret";

const [A, B, C] = ["a", "b", "c"].map((letter) => letter.repeat(32)) as [string, string, string];

describe("APP_SECRET", () => {
  it.each([
    [A, [A]],
    ["a pass phrase with spaces, ".slice(0, -2), ["a pass phrase with spaces"]],
    [` ${A} `, [` ${A} `]],
    [`"${A}"`, [`"${A}"`]],
    [`${A},${B}`, [A, B]],
    [`${A}, ${B},`, [A, B]],
    [`${A}\n${B}\n${C}\n`, [A, B, C]],
    [`${A}\r\n${B}`, [A, B]],
    [`"${A}","${B}"`, [`"${A}"`, `"${B}"`]],
    [`${A},"${B},${C}"`, [A, `${B},${C}`]],
    [`"${B},${C}" , ${A}`, [`${B},${C}`, A]],
    [`"${B},${C}",${A}`, [`${B},${C}`, A]],
    [`${A}, ,${B}, `, [A, B]],
    [`${A}\n"${B}\n"`, [A, `${B}\n`]],
    [",", []],
  ])("%j lists %j", (text, values) => {
    expect(listSecrets(text)).toEqual(values);
  });

  it.each([
    [[A], undefined],
    [[A, B], undefined],
    [[], "holds no value"],
    [["short"], "is shorter than 32 characters"],
    [
      [A, "short", B],
      "lists 3 values with commas or line breaks between them, and value 2 is shorter than 32 characters",
    ],
    [
      ["short", A],
      "lists 2 values with commas or line breaks between them, and value 1 is shorter than 32 characters",
    ],
    [[A, B, A], "lists the same value twice: values 1 and 3 are alike"],
  ])("as %j: %s", (values, problem) => {
    expect(problemOfSecrets(values)).toBe(problem);
  });
});

describe("the secret in the data folder", () => {
  let folder: string;
  let file: string;
  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), "latchkey-secret-"));
    file = path.join(folder, "app-secret");
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it("is read without the end of its line, and none takes its place", () => {
    writeFileSync(file, `${A}\n`);
    expect(findAppSecret(folder)).toBe(A);
    expect(keepAppSecret(folder, B)).toBe(A);
    expect(readFileSync(file, "utf8")).toBe(`${A}\n`);
  });

  it("is never made anew where the one that was there is missing, but asked for", () => {
    expect(() => readAppSecret(folder, false)).toThrow(AppSecretLost);
    expect(readdirSync(folder)).toEqual([]);
  });

  it("that is there and cannot be read is not taken for one that is missing", () => {
    mkdirSync(file);
    expect(() => readAppSecret(folder, false)).toThrow("EISDIR");
    expect(() => findAppSecret(folder)).toThrow("EISDIR");
  });

  it("gets a new one before it, a line each, readable by its owner only, with nothing left beside it", () => {
    const old = readAppSecret(folder, true);
    chmodSync(file, 0o644);
    const { uid, gid } = statSync(file);
    expect(putNewSecretFirst(folder)).toBe("done");
    const [first = "", second, ...rest] = listSecrets(readAppSecret(folder, false));
    expect([second, rest]).toEqual([old, []]);
    expect(first).toMatch(/^[\w-]{43}$/);
    expect(first).not.toBe(old);
    expect(statSync(file)).toMatchObject({ uid, gid, mode: 0o100600 });
    expect(readdirSync(folder)).toEqual(["app-secret"]);
  });

  it("gets a new one before it also where it is one value with a comma in it", () => {
    writeFileSync(file, `"${B},${C}"\n`);
    expect(putNewSecretFirst(folder)).toBe("done");
    expect(listSecrets(readAppSecret(folder, false)).slice(1)).toEqual([`${B},${C}`]);
  });

  it("gets no third one", () => {
    writeFileSync(file, `${A}\n${B}\n`);
    expect(putNewSecretFirst(folder)).toBe("listed");
    expect(readFileSync(file, "utf8")).toBe(`${A}\n${B}\n`);
  });

  it("keeps its owner, and stays a link where it is one", () => {
    const elsewhere = path.join(folder, "elsewhere");
    writeFileSync(elsewhere, `${A}\n`);
    const [uid, gid] =
      process.getuid?.() === 0 ? [1234, 1234] : [process.getuid?.() ?? 0, process.getgid?.() ?? 0];
    chownSync(elsewhere, uid, gid);
    symlinkSync(elsewhere, file);
    expect(putNewSecretFirst(folder)).toBe("done");
    expect(readdirSync(folder).sort()).toEqual(["app-secret", "elsewhere"]);
    expect(readFileSync(elsewhere, "utf8").split("\n")).toEqual([expect.any(String), A, ""]);
    expect(statSync(elsewhere)).toMatchObject({ uid, gid });
  });
});
