/** Conditions of a WHERE clause with their values, in step. */
export class Conditions {
  readonly #sql: string[] = [];
  readonly values: unknown[] = [];

  add(sql: string, ...values: unknown[]): this {
    this.#sql.push(sql);
    this.values.push(...values);
    return this;
  }

  get isEmpty(): boolean {
    return this.#sql.length === 0;
  }

  /** ' AND a AND b', to follow another condition; nothing when empty. */
  get andSql(): string {
    return this.#sql.map((sql) => ` AND ${sql}`).join('');
  }
}
