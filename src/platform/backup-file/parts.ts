import { damaged } from "./unreadable";

/** What a backup is made of, in order: notes (written as JSON) and data between them. */
export type Part = { note: unknown } | { data: Buffer };

// A part is its length (four bytes), its kind (one byte), and itself.
const FRONT = 5;
const NOTE = 1;
const DATA = 2;
const LONGEST = 16 * 1024 * 1024;

/** The bytes of these parts. */
export async function* writeParts(parts: AsyncIterable<Part>): AsyncGenerator<Buffer> {
  for await (const part of parts) {
    const body = "data" in part ? part.data : Buffer.from(JSON.stringify(part.note));
    if (body.length > LONGEST) throw new Error(`A part of ${body.length} bytes is too long for a backup`);
    const front = Buffer.alloc(FRONT);
    front.writeUInt32BE(body.length);
    front[4] = "data" in part ? DATA : NOTE;
    yield front;
    yield body;
  }
}

/** The parts of these bytes. Throws BackupUnreadable. */
export async function* readParts(source: AsyncIterable<Buffer>): AsyncGenerator<Part> {
  let held: Buffer = Buffer.alloc(0);
  for await (const chunk of source) {
    held = Buffer.concat([held, chunk]);
    for (let next = takePart(held); next; next = takePart(held)) {
      yield next.part;
      held = held.subarray(next.length);
    }
  }
  if (held.length > 0) throw damaged("a part is not whole");
}

function takePart(held: Buffer): { part: Part; length: number } | undefined {
  if (held.length < FRONT) return undefined;
  const length = FRONT + held.readUInt32BE();
  if (length > FRONT + LONGEST) throw damaged("a part is too long");
  if (held.length < length) return undefined;
  const body = held.subarray(FRONT, length);
  return { part: held[4] === NOTE ? { note: JSON.parse(body.toString()) } : { data: body }, length };
}
