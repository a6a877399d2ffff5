/** A backup file cannot be read: a sentence for the operator. */
export class BackupUnreadable extends Error {}

/** What is said of a file that is not what was once written. */
export function damaged(where: string): BackupUnreadable {
  return new BackupUnreadable(
    `The backup is damaged or cut short (${where}): it is not what was once written, so nothing of it is used.`,
  );
}
