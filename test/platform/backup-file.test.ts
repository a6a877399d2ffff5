import { createHash, randomBytes, randomInt } from "node:crypto";
import { appendFileSync, mkdtempSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { gzipSync } from "node:zlib";
import {
  BackupUnreadable,
  contentOf,
  needsPassphrase,
  readBackup,
  readTables,
  writeBackup,
  writeTables,
} from "../../src/platform/backup-file";
import { openBlocks, sealBlocks } from "../../src/platform/backup-file/blocks";
import { HEADER_BYTES, makeHeader, type Opening } from "../../src/platform/backup-file/header";
import type { Part } from "../../src/platform/backup-file/parts";

const PASSPHRASE = "a passphrase of some length";
const BLOCK = 64 * 1024;

const folder = mkdtempSync(path.join(tmpdir(), "latchkey-backup-file-"));
const file = path.join(folder, "some.backup");
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function* each<T>(...things: T[]): AsyncGenerator<T> {
  yield* things;
}

async function written(parts: AsyncIterable<Part>, passphrase?: string): Promise<Buffer> {
  const blocks: Buffer[] = [];
  await writeBackup(parts, passphrase, async (block) => blocks.push(block));
  return Buffer.concat(blocks);
}

async function collect<T>(things: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const thing of things) all.push(thing);
  return all;
}

/** What reading these bytes as a backup comes to. */
async function read(bytes: Buffer, passphrase?: string): Promise<Part[]> {
  writeFileSync(file, bytes);
  return readBackup(file, passphrase, collect);
}

/** Some blocks that do not compress. */
const PARTS: Part[] = [
  { note: { a: "ü\n" } },
  { data: randomBytes(2.5 * BLOCK) },
  { data: Buffer.alloc(9) },
  { note: null },
];

describe("a backup file", () => {
  it.each([
    ["readable by anybody", undefined],
    ["encrypted", PASSPHRASE],
  ])("that is %s comes back as it was written", async (_how, passphrase) => {
    const bytes = await written(each(...PARTS), passphrase);
    expect(await read(bytes, passphrase)).toEqual(PARTS);
    expect(await needsPassphrase(file)).toBe(passphrase !== undefined);
    const compressed = bytes.subarray(HEADER_BYTES, HEADER_BYTES + 10).equals(gzipSync("").subarray(0, 10));
    expect(compressed).toBe(passphrase === undefined);
    expect(await read(await written(each(), passphrase), passphrase)).toEqual([]);
  });

  it("is another each time, so that two of the same hold no block in common", async () => {
    for (const passphrase of [undefined, PASSPHRASE]) {
      const [one, other] = [
        await written(each(...PARTS), passphrase),
        await written(each(...PARTS), passphrase),
      ];
      const mixed = Buffer.concat([one.subarray(0, HEADER_BYTES), other.subarray(HEADER_BYTES)]);
      await expect(read(mixed, passphrase)).rejects.toThrow("damaged or cut short (in block 0)");
    }
  });

  it("is refused, as what it is, with another passphrase or none", async () => {
    const bytes = await written(each(...PARTS), PASSPHRASE);
    await expect(read(bytes, `${PASSPHRASE} `)).rejects.toThrow("The passphrase is not the one");
    await expect(read(bytes)).rejects.toThrow("it needs its passphrase");
    // Two keyboards compose an umlaut differently.
    expect(
      await read(await written(each(...PARTS), "pass\u0308phrase"), "pass\u0308phrase".normalize("NFD")),
    ).toEqual(PARTS);
  });

  it("of a later format, or no backup at all, is refused as such", async () => {
    const bytes = await written(each(...PARTS));
    bytes[16] = 2;
    createHash("sha256")
      .update(bytes.subarray(0, HEADER_BYTES - 32))
      .digest()
      .copy(bytes, HEADER_BYTES - 32);
    await expect(read(bytes)).rejects.toThrow("has format 2, which this Latchkey does not know");
    for (const none of ["", "PGDMP", "latchkey"])
      await expect(read(Buffer.from(none))).rejects.toThrow("is not a backup");
    await expect(readBackup(folder, undefined, collect)).rejects.toThrow("is not a file");
    await expect(readBackup(path.join(folder, "none"), undefined, collect)).rejects.toThrow(
      "There is no file",
    );
  });

  it("with any one byte of its header, or any of many others, damaged is refused", async () => {
    const bytes = await written(each(...PARTS));
    const many = Array.from({ length: 300 }, () => randomInt(HEADER_BYTES, bytes.length));
    const edges = [HEADER_BYTES, HEADER_BYTES + BLOCK, HEADER_BYTES + BLOCK + 32, bytes.length - 1];
    for (const at of [...Array(HEADER_BYTES).keys(), ...many, ...edges]) {
      const damaged = Buffer.from(bytes);
      damaged[at] = (bytes[at] ?? 0) ^ (1 << randomInt(8));
      await expect(read(damaged).then(() => at)).rejects.toThrow(BackupUnreadable);
    }
  });

  it("cut short anywhere, or longer than it was, is refused", async () => {
    const bytes = await written(each(...PARTS));
    writeFileSync(file, bytes);
    appendFileSync(file, "x");
    await expect(readBackup(file, undefined, collect)).rejects.toThrow(BackupUnreadable);
    const size = BLOCK + 32;
    const ends = [1, 2].map((blocks) => HEADER_BYTES + blocks * size);
    const around = ends.flatMap((end) => [end + 1, end, end - 1, end - 32]);
    const many = Array.from({ length: 100 }, () => randomInt(bytes.length));
    for (const length of [...around, ...many, HEADER_BYTES, 0].sort((a, b) => b - a)) {
      truncateSync(file, Math.min(length, statSync(file).size));
      await expect(readBackup(file, undefined, collect).then(() => length)).rejects.toThrow(BackupUnreadable);
    }
  });
});

describe("an encrypted backup's blocks", () => {
  let opening: Opening;
  let plain: Buffer;
  let sealed: Buffer[];
  beforeAll(async () => {
    opening = await makeHeader(PASSPHRASE);
    plain = randomBytes(4.5 * BLOCK);
    // Without the header.
    sealed = (await collect(sealBlocks(opening, each(plain)))).slice(1);
  });
  const opened = async (blocks: Buffer[]) =>
    Buffer.concat(await collect(openBlocks(opening, each(Buffer.concat(blocks)))));

  it("come back as they were, however the disk hands them over", async () => {
    expect((await opened(sealed)).equals(plain)).toBe(true);
    const bytes = Buffer.concat(sealed);
    const pieces: Buffer[] = [];
    for (let at = 0; at < bytes.length; ) {
      const length = randomInt(1, 100_000);
      pieces.push(bytes.subarray(at, at + length));
      at += length;
    }
    expect(Buffer.concat(await collect(openBlocks(opening, each(...pieces)))).equals(plain)).toBe(true);
  });

  it("are refused in another order, one of them missing or twice, and cut off after any of them", async () => {
    const without = (gone: number) => sealed.filter((_, i) => i !== gone);
    for (let i = 0; i < sealed.length; i++) {
      await expect(opened(sealed.slice(0, i))).rejects.toThrow(BackupUnreadable);
      await expect(opened(without(i))).rejects.toThrow(BackupUnreadable);
      await expect(opened([...sealed.slice(0, i + 1), ...sealed.slice(i)])).rejects.toThrow(BackupUnreadable);
      for (let j = i + 1; j < sealed.length; j++) {
        const swapped = [...sealed];
        [swapped[i], swapped[j]] = [sealed[j] as Buffer, sealed[i] as Buffer];
        await expect(opened(swapped)).rejects.toThrow(BackupUnreadable);
      }
    }
  });

  it("are refused with any of many bytes damaged, and nothing of the damaged block is handed on", async () => {
    const bytes = Buffer.concat(sealed);
    for (let round = 0; round < 300; round++) {
      const at = randomInt(bytes.length);
      const damaged = Buffer.from(bytes);
      damaged[at] = (bytes[at] ?? 0) ^ (1 << randomInt(8));
      const handedOn: Buffer[] = [];
      const reading = (async () => {
        for await (const block of openBlocks(opening, each(damaged))) handedOn.push(block);
      })();
      await expect(reading.then(() => at)).rejects.toThrow(BackupUnreadable);
      expect(plain.subarray(0, Buffer.concat(handedOn).length).equals(Buffer.concat(handedOn))).toBe(true);
    }
  });

  it("have another salt for each file, so that a key never seals twice", async () => {
    const other = await makeHeader(PASSPHRASE);
    expect(other.header.equals(opening.header)).toBe(false);
    const [, first = Buffer.of()] = await collect(sealBlocks(other, each(plain)));
    expect(first.equals(sealed[0] as Buffer)).toBe(false);
  });
});

describe("the tables in a backup", () => {
  const TABLES = [
    { name: "full", columns: ["a", "b"] },
    { name: "empty", columns: ["c"] },
  ];
  const LINES = Array.from({ length: 20_000 }, (_, n) => Buffer.from(`${n}\ttext of row ${n}\n`));
  const NOTHING = {
    begin: () => {},
    table: async (_: unknown, data: AsyncIterable<Buffer>) => void (await collect(data)),
  };
  const parts = () =>
    writeTables(
      { of: "a test" },
      TABLES,
      ({ name }) => each(...(name === "full" ? LINES : [])),
      () => {},
    );

  it("come back with their rows counted and hashed, however they were cut into pieces", async () => {
    const contents = await readTables(parts(), NOTHING);
    expect(contents.map(({ name, rows }) => [name, rows])).toEqual([
      ["full", 20_000],
      ["empty", 0],
    ]);
    const [full] = contents;
    expect(full?.sha256).toBe(createHash("sha256").update(Buffer.concat(LINES)).digest("hex"));
    expect(await contentOf(TABLES[0] as (typeof TABLES)[0], each(Buffer.concat(LINES)))).toEqual(full);
    // Row by row would be a part each.
    expect((await collect(parts())).length).toBeLessThan(20);
  });

  it("are refused when one of them is not as its note says, one is missing, or something follows", async () => {
    const all = await collect(parts());
    const changed = all.map((part, i) => (i === 2 ? { data: Buffer.from("0\tother\n") } : part));
    for (const wrong of [changed, all.slice(0, -1), [...all, { note: {} }], all.slice(1), []]) {
      await expect(readTables(each(...wrong), NOTHING)).rejects.toThrow(BackupUnreadable);
    }
  });
});
