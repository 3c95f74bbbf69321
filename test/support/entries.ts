import type { MonitorClient } from '#codi/client/monitor-client.js';
import { allRows } from './oracle.ts';

export interface Writer {
  /** Messages whose `Accepted` arrived. */
  accepted: string[];
  done: Promise<void>;
}

/** Writes `count` entries through one client, a bounded number of them under way at once. */
export function writeEntries(client: MonitorClient, name: string, count: number): Writer {
  const accepted: string[] = [];
  const run = async () => {
    const answers: Promise<void>[] = [];
    for (let number = 0; number < count; number++) {
      await client.room();
      const message = `${name} ${number}`;
      const answer = client.log({ level: 'Info', component: 'load', message });
      answers.push(answer.then(() => void accepted.push(message)));
    }
    await Promise.all(answers);
  };
  return { accepted, done: run() };
}

/** How often each message of the component is stored. */
export async function storedMessages(
  client: MonitorClient,
  component = 'load',
): Promise<Map<string, number>> {
  const rows = await allRows(client, 'QueryLogs', 'entries', {
    filter: { component },
    order: 'oldest',
    count: 'none',
    include_archived: true,
  });
  const stored = new Map<string, number>();
  for (const row of rows) {
    const message = String(row['message']);
    stored.set(message, (stored.get(message) ?? 0) + 1);
  }
  return stored;
}

/** Acknowledged but missing, and stored more than once: both must be empty. */
export function violations(accepted: Iterable<string>, stored: Map<string, number>) {
  const lost = [...accepted].filter((message) => !stored.has(message));
  const doubled = [...stored].filter(([, times]) => times > 1).map(([message]) => message);
  return { lost: lost.slice(0, 10), doubled: doubled.slice(0, 10) };
}
