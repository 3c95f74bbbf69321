import type { ConnectionContext } from './ledger.messages.ts';

/** Contexts that a thread keeps decoded. */
const KEPT = 4_096;

const texts = new WeakMap<ConnectionContext, string>();

/** A context as it travels to the ledger thread; made once, because contexts are replaced and never changed. */
export function contextText(context: ConnectionContext): string {
  let text = texts.get(context);
  if (text === undefined) {
    text = JSON.stringify(context);
    texts.set(context, text);
  }
  return text;
}

/**
 * What contexts said when they came. A connection sends the same one with each of its frames, and a text is copied and
 * found again in a tenth of the time that an object takes from thread to thread.
 */
export class KnownContexts {
  readonly #known = new Map<string, ConnectionContext>();

  read(text: string): ConnectionContext {
    let context = this.#known.get(text);
    if (context === undefined) {
      // All are forgotten together: that takes no time while there are fewer, and they soon come again.
      if (this.#known.size >= KEPT) this.#known.clear();
      context = JSON.parse(text) as ConnectionContext;
      this.#known.set(text, context);
    }
    return context;
  }
}
