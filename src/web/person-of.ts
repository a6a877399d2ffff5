import type { Person } from "../base/person";
import type { Visit } from "./visit";

/** The active person whose live session this request carries, at whatever stage it is. */
export function personOf({ req }: Visit): Person | undefined {
  const row = req.session?.row;
  return row?.alive ? row.person : undefined;
}
