import type { Request } from "express";
import { clientAddress } from "../base/client";
import type { Desk } from "./desk";

/** Whose request was refused, by id; nothing for a stranger. */
type Refused = { person?: string | undefined; serviceAccount?: string; key?: string };

/** Logs that a request was not allowed or not in order: whose it was, from which address, and why, in words of ours alone. */
export function logRefusal({ log }: Desk, { id, ip }: Request, refused: Refused, why: string): void {
  log.info({ id, ...refused, address: clientAddress(ip), why }, "A request was refused");
}
