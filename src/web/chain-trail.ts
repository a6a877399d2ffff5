import type { Pool } from "pg";
import { CHAIN_BEGINS, hashLink } from "../base/trail-hash";
import { transaction } from "../platform/database";
import type { Logger } from "../platform/log";
import { findLastLink, insertLinks, takeChainLock, takeUnlinked } from "../records/trail-chain";

const LINK_EVERY_MS = 1_000;
const BATCH = 1_000;

/**
 * Links what is committed and waiting, one batch. Links are made after the entries have committed, so that writers
 * never wait for one another. "busy" when another replica is at it; otherwise how many were linked.
 */
export async function linkBatch(db: Pool): Promise<number | "busy"> {
  return transaction(db, async (tx) => {
    if (!(await takeChainLock(tx))) return "busy";
    let { position, hash } = (await findLastLink(tx)) ?? { position: 0, hash: CHAIN_BEGINS };
    const entries = await takeUnlinked(tx, BATCH);
    const links = entries.map(({ entryId, columns }) => {
      position += 1;
      hash = hashLink(hash, columns);
      return { position, entryId, hash };
    });
    if (links.length > 0) await insertLinks(tx, links);
    return links.length;
  });
}

/** Keeps the chain of the trail growing in the background; every replica may run one. */
export class TrailChainer {
  #timer: NodeJS.Timeout | undefined;
  #working: Promise<void> | undefined;

  constructor(
    readonly db: Pool,
    readonly log: Logger,
  ) {}

  /** Links what waits, every second from now on. */
  start(): void {
    this.#timer ??= setInterval(() => this.flush(), LINK_EVERY_MS).unref();
  }

  /** Links everything that waits now. Never throws: after a database error the entries wait for the next time. */
  flush(): Promise<void> {
    this.#working ??= this.#linkAll().finally(() => {
      this.#working = undefined;
    });
    return this.#working;
  }

  /** Links what waits once more, and stops. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#timer = undefined;
    await this.#working;
    await this.flush();
  }

  async #linkAll(): Promise<void> {
    try {
      for (let linked: number | "busy" = BATCH; linked === BATCH; ) linked = await linkBatch(this.db);
    } catch (error) {
      this.log.warn({ err: error }, "The trail could not be chained; trying again");
    }
  }
}
