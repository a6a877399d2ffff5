import type { QueryResult, QueryResultRow } from "pg";

export { openPool, type Patience, wayToDatabase } from "./pools";
export { forOneRequest, mayHaveSaved, snapshot, transaction } from "./transactions";

/** Anything a statement can be sent through: the pool, or one connection inside a transaction. */
export type Queryable = {
  query<Row extends QueryResultRow>(text: string, values?: unknown[]): Promise<QueryResult<Row>>;
};
