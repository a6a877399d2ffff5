import { timingSafeEqual } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import { apiKeyId, hashApiKey } from "../base/api-key-format";
import { clientAddress, clientName } from "../base/client";
import { readCredentials } from "../base/credentials";
import type { CheckedApiKey } from "../records/api-keys/api-keys";
import type { WrongKey } from "./count-wrong-keys";
import type { Desk } from "./desk";
import { TooManyTries } from "./throttle";

/**
 * The live key this request presents, as `find` has it by its id; `undefined` for none, unknown, wrong, ended or
 * another's. `find` asks the database every time: no cache may accept a key that has been revoked. Where too many wrong ones came from this
 * address, or for this account, it is how long to wait instead; a good key passes all the same, and one that has
 * ended is no guess.
 */
export async function checkApiKey<Key extends CheckedApiKey>(
  desk: Desk,
  find: (id: string) => Promise<Key | undefined>,
  headers: IncomingHttpHeaders,
  address: string | undefined,
): Promise<Key | TooManyTries | undefined> {
  const credentials = readCredentials(headers);
  if (!credentials) {
    desk.metrics?.keyRefused("none");
    return undefined;
  }
  const id = apiKeyId(credentials.key);
  const found = id === undefined ? undefined : await find(id);
  if (
    !found ||
    !timingSafeEqual(found.hash, hashApiKey(credentials.key)) ||
    !isNameOf(found, credentials.name)
  )
    return wrong(desk, { address: clientAddress(address), account: credentials.name ?? id });
  desk.calls.note({
    keyId: found.id,
    client: clientName(headers["user-agent"]),
    address: clientAddress(address),
    accepted: found.live,
    at: desk.now(),
  });
  if (found.live) return found;
  desk.metrics?.keyRefused("ended");
  return undefined;
}

async function wrong(desk: Desk, key: WrongKey): Promise<TooManyTries | undefined> {
  desk.metrics?.keyRefused("wrong");
  const waitSeconds = await desk.countWrongKey(key);
  if (waitSeconds === 0) return undefined;
  desk.metrics?.throttled("API key");
  return new TooManyTries(waitSeconds);
}

function isNameOf(found: CheckedApiKey, name: string | undefined): boolean {
  if (name === undefined || name === found.name) return true;
  return name.trim().normalize().toLowerCase() === found.name.normalize().toLowerCase();
}
