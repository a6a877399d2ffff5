import { Refusal } from "../base/refusal";
import { isUuid } from "../base/uuid";
import { findServiceAccount, type ServiceAccount } from "../records/service-accounts";
import type { Visit } from "./visit";

/** The service account an address names. Throws a Refusal (404). */
export async function serviceAccountOf({ desk, req }: Visit): Promise<ServiceAccount> {
  const { id } = req.params;
  const account = isUuid(id) ? await findServiceAccount(desk.db, id) : undefined;
  if (!account) throw new Refusal(404, "There is no such service account.");
  return account;
}
