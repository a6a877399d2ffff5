import type { Opening } from "./header";
import { damaged } from "./unreadable";

const BLOCK = 64 * 1024;

/** The header, then the bytes in sealed blocks of 64 KiB; only the last may be shorter, and says that it is the last. */
export async function* sealBlocks(
  { header, sealing }: Opening,
  source: AsyncIterable<Buffer>,
): AsyncGenerator<Buffer> {
  yield header;
  let index = 0;
  let held: Buffer = Buffer.alloc(0);
  for await (const chunk of source) {
    held = Buffer.concat([held, chunk]);
    for (; held.length > BLOCK; held = held.subarray(BLOCK)) {
      yield sealing.seal(held.subarray(0, BLOCK), { index: index++, last: false });
    }
  }
  yield sealing.seal(held, { index, last: true });
}

/** The bytes again, from what follows the header. Throws BackupUnreadable at the first block that is not in its place. */
export async function* openBlocks(
  { sealing }: Opening,
  source: AsyncIterable<Buffer>,
): AsyncGenerator<Buffer> {
  const size = BLOCK + sealing.overhead;
  let index = 0;
  const open = (sealed: Buffer, last: boolean): Buffer => {
    const block = sealed.length < sealing.overhead ? undefined : sealing.open(sealed, { index, last });
    if (!block) throw damaged(`in block ${index}`);
    index++;
    return block;
  };
  let held: Buffer = Buffer.alloc(0);
  for await (const chunk of source) {
    held = Buffer.concat([held, chunk]);
    for (; held.length > size; held = held.subarray(size)) yield open(held.subarray(0, size), false);
  }
  yield open(held, true);
}
