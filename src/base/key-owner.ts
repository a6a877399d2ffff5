/** Whose key it is: a person's own, or a service account's. */
export type KeyOwner = { kind: "person" | "service-account"; id: string };

/** The column of a key that names its owner. */
export const OWNER_COLUMN = { person: "person_id", "service-account": "service_account_id" } as const;

/** The owner of a key as pages and letters speak of them. */
export type KeyHolder = {
  owner: KeyOwner;
  /** What stands before the key in HTTP Basic. */
  name: string;
  /** The service account's name; absent for one's own key. */
  account?: string;
  /** True for a deactivated service account: its key can be revoked, but no other made. */
  inactive?: boolean;
  /** Who is written to when the key changes. */
  mailTo: string;
  /** The page the key belongs to; the pages about it are below it. */
  page: string;
};
