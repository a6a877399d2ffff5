import { timingSafeEqual } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import { apiKeyId, hashApiKey } from "../base/api-key-format";
import { clientAddress, clientName } from "../base/client";
import { readCredentials } from "../base/credentials";
import type { CheckedApiKey } from "../records/api-keys/api-keys";
import type { Desk } from "./desk";

/**
 * The live key this request presents, with its owner; `undefined` for none, unknown, wrong, ended or another's. Asks
 * the database every time: no cache may accept a key that has been revoked.
 */
export async function checkApiKey(
  desk: Desk,
  headers: IncomingHttpHeaders,
  address: string | undefined,
): Promise<CheckedApiKey | undefined> {
  const credentials = readCredentials(headers);
  const id = credentials && apiKeyId(credentials.key);
  if (!credentials || id === undefined) return undefined;
  const found = await desk.findApiKey(id);
  if (!found || !timingSafeEqual(found.hash, hashApiKey(credentials.key))) return undefined;
  if (!isNameOf(found, credentials.name)) return undefined;
  desk.calls.note({
    keyId: found.id,
    client: clientName(headers["user-agent"]),
    address: clientAddress(address),
    accepted: found.live,
    at: desk.now(),
  });
  return found.live ? found : undefined;
}

function isNameOf(found: CheckedApiKey, name: string | undefined): boolean {
  return name === undefined || name.trim().normalize().toLowerCase() === found.name.normalize().toLowerCase();
}
