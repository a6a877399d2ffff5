import type { Request } from "express";
import { apiKeyId } from "../base/api-key-format";
import { readCredentials } from "../base/credentials";
import { checkApiKey } from "./check-api-key";
import type { Desk } from "./desk";
import { type Identity, identityOfKey, identityOfPerson } from "./identity-headers";
import { isTouchDue } from "./live-sessions";
import { readSid } from "./session-cookie";
import { hashSid } from "./session-store";
import { TooManyTries } from "./throttle";

/**
 * Who sends this request to an application behind a reverse proxy: by API key where it carries one, else by session
 * cookie, whose session it keeps alive unless `activity` is false. Undefined for nobody, and for somebody half signed in.
 * Beside a live session, credentials that are no key of ours are the application's own and count as none.
 */
export async function findIdentity(
  desk: Desk,
  { headers, ip }: Request,
  { activity }: { activity: boolean },
): Promise<Identity | TooManyTries | undefined> {
  const credentials = readCredentials(headers);
  const isOurs = credentials !== undefined && apiKeyId(credentials.key) !== undefined;
  const person = isOurs ? undefined : await findPersonOfSession(desk, headers.cookie, activity);
  if (person || !credentials) return person;
  const key = await checkApiKey(desk, desk.findApiKeyWithOwner, headers, ip);
  return key === undefined || key instanceof TooManyTries ? key : identityOfKey(key);
}

async function findPersonOfSession(
  desk: Desk,
  cookie: string | undefined,
  activity: boolean,
): Promise<Identity | undefined> {
  const value = readSid(cookie, desk.cookie);
  if (value === undefined) return undefined;
  const sid = hashSid(value);
  const session = await desk.sessions.find(sid);
  if (!session?.alive || session.stage !== "signed-in") return undefined;
  if (activity && isTouchDue(session)) await desk.sessions.touch(sid);
  return identityOfPerson(session.person);
}
