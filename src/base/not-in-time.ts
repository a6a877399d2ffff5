/** A request was not answered in time. What it began may go on, and what it was to save may be saved yet. */
export class NotInTime extends Error {}
