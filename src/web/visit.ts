import type { Request, Response } from "express";
import type { Actor } from "../base/actor";
import { clientAddress, clientName } from "../base/client";
import type { Person } from "../base/person";
import type { OwnedApiKey } from "../records/api-keys/api-keys";
import type { Desk } from "./desk";
import type { FoundSession } from "./live-sessions";

/** One request, as a handler behind the guard "public" gets it. */
export type Visit = {
  req: Request;
  res: Response;
  desk: Desk;
  /** Whether there is a page at the address of this request: a form that is sent to it stands there, as a rule. */
  hasPage?: boolean;
};

/** A request of someone whose session has reached the stage the guard asks for. */
export type PersonVisit = Visit & { person: Person; session: FoundSession };

/** A request that only looks at the session: how many seconds it has left without activity, 0 for none. */
export type Watching = Visit & { secondsLeft: number };

/** A request that came with a good API key. */
export type ApiKeyVisit = Visit & { apiKey: OwnedApiKey };

/** Who does what this request does. */
export function actorOf({ req }: Visit): Actor {
  const row = req.session?.row?.alive ? req.session.row : undefined;
  return {
    kind: row ? "person" : "visitor",
    personId: row?.personId ?? null,
    sessionId: row?.id ?? null,
    address: clientAddress(req.ip),
    client: clientName(req.get("user-agent")),
  };
}
