/** One step of the file's layout. Released steps are never edited: a change is a new step. */
export interface Migration {
  /** The file's `user_version` afterwards; one more than that of the step before. */
  readonly version: number;
  readonly name: string;
  readonly statements: readonly string[];
}
