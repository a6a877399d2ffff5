import { headerValue } from "../base/header-value";
import type { Person } from "../base/person";
import type { OwnedApiKey } from "../records/api-keys/api-keys";
import { ForwardHeaders } from "./api/schemas";

/** Somebody whom an application behind a reverse proxy is told about. */
export type Identity = {
  id: string;
  kind: "person" | "service-account";
  /** Null for a service account. */
  email: string | null;
  name: string;
  roles: string[];
  /** Null where a session was shown. */
  keyId: string | null;
};

/** Whose session it is. */
export function identityOfPerson({ id, email, firstName, lastName, roles }: Person): Identity {
  return { id, kind: "person", email, name: `${firstName} ${lastName}`, roles, keyId: null };
}

/** Whose key it is. */
export function identityOfKey({ id, owner, name, firstName, lastName, roles }: OwnedApiKey): Identity {
  if (owner.kind === "service-account") return { ...owner, email: null, name, roles, keyId: id };
  return { ...owner, email: name, name: `${firstName} ${lastName}`, roles, keyId: id };
}

/**
 * What applications are told in headers. All are always there, empty where there is nothing to say: a proxy that copies
 * them then overwrites whatever a client has sent under their names. Values are read by percent-decoding.
 */
export function identityHeaders({ id, kind, email, name, roles, keyId }: Identity): Record<string, string> {
  return ForwardHeaders.parse({
    "X-Latchkey-User-Id": id,
    "X-Latchkey-Kind": kind,
    "X-Latchkey-Email": headerValue(email ?? ""),
    "X-Latchkey-Name": headerValue(name),
    "X-Latchkey-Roles": headerValue(roles.join(",")),
    "X-Latchkey-Key-Id": keyId ?? "",
  });
}
