import { leave } from "../../web/leave";
import type { Visit } from "../../web/visit";

/** GET /: there is nothing but the profile to come for. */
export async function show(visit: Visit): Promise<void> {
  await leave(visit, "/profile");
}
