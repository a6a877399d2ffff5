import { createHash } from "node:crypto";
import connectPgSimple from "connect-pg-simple";
import session, { type SessionData } from "express-session";
import type { Pool } from "pg";
import {
  findSession,
  type SessionRow,
  type SessionStage,
  saveSession,
  touchSession,
} from "../records/sessions";

declare module "express-session" {
  interface SessionData {
    /** These come from the row's columns at each request and are never written back. */
    publicId: string;
    personId: string;
    stage: SessionStage;
    alive: boolean;
    idleTimeout: number;
    absoluteLifetime: number;
    endedBy: SessionRow["endedBy"];
    parkedFor: SessionRow["parkedFor"];
    idleLeft: number;
    lifetimeLeft: number;
    csrfSecret: string;
    /** When the password was last given, in milliseconds since 1970. */
    passwordGivenAt: number;
    /** Where to go once signed in. */
    returnTo: string;
    /** What the next page says first. */
    notice: string;
  }
}

/** The stored name of a session: SHA-256 of the cookie's value, in hex. */
export function hashSid(sid: string): string {
  return createHash("sha256").update(sid).digest("hex");
}

const lookedAt = new WeakSet<object>();

/** Makes the request of this session no activity, unless it changes what the session remembers. */
export function onlyLookedAt(session: object): void {
  lookedAt.add(session);
}

const PgSession = connectPgSimple(session);
type Done = (error?: unknown) => void;

/**
 * connect-pg-simple on our own table, with three changes: the id is stored as a hash, the end follows the person's
 * row, and saving or touching never re-creates a session that has ended (its own `set` inserts).
 */
export class SessionStore extends PgSession {
  constructor(readonly pool: Pool) {
    super({ pool, tableName: "sessions", pruneSessionInterval: false });
  }

  /** Reads a session; one that has ended comes back with `alive: false`, so that its page can say why. */
  override get(sid: string, done: (error: unknown, session?: SessionData | null) => void): void {
    findSession(this.pool, hashSid(sid)).then((row) => {
      if (!row) return done(null, null);
      const { id: publicId, sess, ...columns } = row;
      done(null, { cookie: { originalMaxAge: null }, ...sess, publicId, ...columns } as SessionData);
    }, done);
  }

  override set(sid: string, data: SessionData, done: Done = () => {}): void {
    const { publicId, personId, stage, alive, ...rest } = data;
    const { idleTimeout, absoluteLifetime, endedBy, parkedFor, idleLeft, lifetimeLeft, ...remembered } = rest;
    saveSession(this.pool, hashSid(sid), remembered).then(() => done(), done);
  }

  override touch(sid: string, data: SessionData, done: Done = () => {}): void {
    if (lookedAt.has(data)) done();
    else touchSession(this.pool, hashSid(sid)).then(() => done(), done);
  }

  override destroy(sid: string, done: Done = () => {}): void {
    super.destroy(hashSid(sid), done);
  }
}
