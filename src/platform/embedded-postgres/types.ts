import type { Account } from "./account";
import type { DataFolder } from "./data-folder";
import type { Programs } from "./programs";

/** The part of a pino logger that is used here. */
export type Log = {
  info(o: object, m: string): void;
  warn(o: object, m: string): void;
  error(o: object, m: string): void;
};

/** What a caller decides about the database it brings along. */
export type Options = {
  folder: string;
  log: Log;
  /** False only in tests: gives up surviving a power cut for speed. */
  durable?: boolean;
  /** Further lines of postgresql.conf. */
  extraSettings?: Record<string, string>;
};

/** Everything that stays the same from one start of the server to the next within one app. */
export type Site = {
  data: DataFolder;
  account: Account;
  programs: Programs;
  log: Log;
  durable: boolean;
  settings: Record<string, string>;
};
