/** Says, in one sentence for the operator, why Latchkey will not use this data folder. */
export class DataFolderRefused extends Error {
  override name = "DataFolderRefused";
}
