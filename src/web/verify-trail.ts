import { CHAIN_BEGINS, hashLink } from "../base/trail-hash";
import type { Queryable } from "../platform/database";
import { countUnlinked, type Link, listLinks } from "../records/trail-chain";

const PAGE = 2_000;

/** Where in the chain a hash is: its position and entry; before the first entry, 0 and null. */
type Place = { position: number; entryId: string | null };

/** What became of the trail: all of it as it was written, or the first entry that is not. */
export type TrailVerdict =
  /** `waiting` entries are not in the chain yet; `was` is where the hash that was kept is. */
  | { intact: true; entries: number; lastHash: string; waiting: number; was?: Place | undefined }
  | {
      intact: false;
      found: "changed" | "removed" | "reordered" | "not-linked" | "cut-off";
      /** The entry's number; null where only its place in the chain is known. */
      entryId: string | null;
      position: number | null;
      sentence: string;
    };

/**
 * Reads the whole chain, works every hash out again, and names the first entry that was tampered with. `kept` is a hash
 * that was once its last: it has to be there still.
 */
export async function verifyTrail(db: Queryable, kept?: Buffer): Promise<TrailVerdict> {
  let position = 0;
  let hash: Buffer = CHAIN_BEGINS;
  let was: Place | undefined = kept?.equals(hash) ? { position, entryId: null } : undefined;
  for (let page = await listLinks(db, 0, PAGE); page.length > 0; page = await listLinks(db, position, PAGE)) {
    for (const link of page) {
      const problem = await problemOf(db, link, position + 1, hash);
      if (problem) return problem;
      ({ position, hash } = link);
      if (kept?.equals(hash)) was = { position, entryId: link.entryId };
    }
  }
  if (kept && !was) return cutOff(kept);
  const { waiting, forgotten, firstForgotten } = await countUnlinked(db);
  if (forgotten > 0) return notLinked(forgotten, firstForgotten);
  return { intact: true, entries: position, lastHash: hash.toString("hex"), waiting, was };
}

async function problemOf(
  db: Queryable,
  link: Link,
  expected: number,
  before: Buffer,
): Promise<TrailVerdict | undefined> {
  const { position, entryId } = link;
  if (position !== expected) {
    const sentence = `The link at position ${expected} was removed; the next one is for entry ${entryId}.`;
    return { intact: false, found: "removed", entryId: null, position: expected, sentence };
  }
  if (!link.columns) {
    const sentence = `Entry ${entryId} was removed (position ${position}).`;
    return { intact: false, found: "removed", entryId, position, sentence };
  }
  if (hashLink(before, link.columns).equals(link.hash)) return undefined;
  const rightful = await findRightful(db, link, before);
  if (rightful === undefined) {
    const sentence = `Entry ${entryId} was changed (position ${position}).`;
    return { intact: false, found: "changed", entryId, position, sentence };
  }
  const sentence = `Entry ${entryId} was reordered: at position ${position} entry ${rightful} was written.`;
  return { intact: false, found: "reordered", entryId, position, sentence };
}

/** The entry that was written at this place, if it is elsewhere in the chain now, alone or together with its hash. */
async function findRightful(db: Queryable, link: Link, before: Buffer): Promise<string | undefined> {
  let after = link.position;
  for (
    let page = await listLinks(db, after, PAGE);
    page.length > 0;
    page = await listLinks(db, after, PAGE)
  ) {
    for (const other of page) {
      const hash = other.columns && hashLink(before, other.columns);
      if (hash && (hash.equals(link.hash) || hash.equals(other.hash))) return other.entryId;
    }
    after = page.at(-1)?.position ?? after;
  }
  return undefined;
}

function notLinked(count: number, entryId: string | null): TrailVerdict {
  const sentence =
    count === 1
      ? `Entry ${entryId} is not in the chain, and does not wait for its place in it.`
      : `${count} entries are not in the chain, and do not wait for their place in it; the first is entry ${entryId}.`;
  return { intact: false, found: "not-linked", entryId, position: null, sentence };
}

function cutOff(kept: Buffer): TrailVerdict {
  const hash = kept.toString("hex");
  const sentence = `No entry has the hash ${hash}: the end of the chain was cut off or written anew, unless that hash is another installation's.`;
  return { intact: false, found: "cut-off", entryId: null, position: null, sentence };
}
