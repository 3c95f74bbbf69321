/** What is said of databases that are damaged. */

/** Something in a database is not what was written. */
export interface Damage {
  store: 'ledger' | 'state';
  /** The block that does not match its leaf, when that is what was found. */
  block?: number;
  reason: string;
}
