import type { Actor } from "../base/actor";
import { deviceName } from "../base/device-name";
import type { Person } from "../base/person";
import type { Queryable } from "../platform/database";
import { signedInFromNewDevice } from "../platform/letters";
import { queueLetter } from "../records/mail";
import { listSignIns } from "../records/trail";
import type { Desk } from "./desk";

/**
 * Writes to somebody who signs in from a device and address they have not signed in from before, unless it is their
 * very first time. Called before this sign-in is in the trail.
 */
export async function tellOfNewDevice(
  tx: Queryable,
  desk: Desk,
  person: Person,
  { address, client }: Pick<Actor, "address" | "client">,
): Promise<void> {
  const before = await listSignIns(tx, person.id, address);
  // Compared in words: the next version of the same browser is no new device.
  const device = deviceName(client);
  const known = before.some((each) => each.sameAddress && deviceName(each.client) === device);
  if (before.length === 0 || known) return;
  await queueLetter(tx, desk.seal, person.email, signedInFromNewDevice(device, address, desk.now()));
}
