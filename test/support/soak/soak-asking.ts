import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { MonitorClient } from '#codi/client/index.js';
import { runAt } from '../cli-harness.ts';
import { codiProcess } from '../codi-process.ts';
import type { Activity } from './soak-load.ts';
import type { SoakPlace } from './soak-place.ts';

const TIMEOUT_MS = 60_000;

/** Every kind of question, over the socket, by commands and over HTTP. */
export function asking(place: SoakPlace): Activity[] {
  return [questions(place), verifying(place), commands(place), programs(place), pages(place)];
}

type Ask = (client: MonitorClient, place: SoakPlace, round: number) => Promise<unknown>;

const page = { limit: 50 };

const QUESTIONS: readonly Ask[] = [
  (client) => client.request('Health', {}),
  (client) => client.query({}, { limit: 100 }),
  (client) => client.query({ text: 'xxxx', level: 'Info' }, { limit: 20, count: 'none' }),
  (client) => client.query({ component_prefix: 'soak-' }, { count: 'exact', limit: 10 }),
  (client, { roots: [root] }) => client.request('ListFiles', { root, limit: 500 }),
  (client) => client.request('ListWatches', {}),
  // Of what stays: a root that is taken away meanwhile cannot be waited for.
  (client, { roots: [root] }) => client.request('Sync', { paths: [root], timeout_ms: TIMEOUT_MS }),
  (client) => client.request('StoreStats', {}),
  (client) => client.request('QueryEvents', { filter: {}, ...page, include_archived: true }),
  (client) => client.request('QueryGaps', { filter: {}, ...page }),
  (client) => client.request('QueryActs', { filter: {}, ...page }),
  (client) => client.request('ListSessions', page),
  (client) => client.request('QueryExports', { filter: {}, ...page }),
  (client) => client.request('ListDuplicates', page),
  (client, { roots: [root] }) =>
    client.request('QueryHistory', { path: join(root, 'first'), ...page }),
  (client) => client.request('AuditHead', {}),
  async (client) => {
    const { entries } = await client.query({}, { limit: 1 });
    const number = entries[0]!.id;
    await client.request('AuditProve', { stream: 'log', number }, { timeoutMs: TIMEOUT_MS });
  },
  // A page of what was archived.
  (client) => client.query({}, { limit: 100, order: 'oldest', include_archived: true }),
  // Refused: what an error leaves behind would grow, too.
  async (client) => {
    const asked = client.request('StopMonitoring', { path: '/nowhere/at/all' });
    await asked.then(
      () => Promise.reject(new Error('a root that is none was taken away')),
      () => undefined,
    );
  },
];

function questions(place: SoakPlace): Activity {
  let client: MonitorClient | undefined;
  return {
    name: 'questions',
    everyMs: 500,
    run: async (round) => {
      client ??= await place.connect({ requestTimeoutMs: TIMEOUT_MS });
      await QUESTIONS[round % QUESTIONS.length]!(client, place, round);
    },
    end: async () => client?.close(),
  };
}

/** What takes longer: verification, tokens, backups, what is due for the archive. */
function verifying(place: SoakPlace): Activity {
  return {
    name: 'verifying',
    everyMs: 10_000,
    run: async (round) => {
      const client = await place.connect({ requestTimeoutMs: TIMEOUT_MS });
      for (const database of ['ledger', 'state'] as const) {
        const { findings } = await client.request('AuditVerify', { database });
        if (findings.length > 0) throw new Error(JSON.stringify(findings));
      }
      await client.request('CreateToken', { name: 'soak', scopes: ['read'] });
      await client.request('ListTokens', {});
      await client.request('RevokeToken', { name: 'soak' });
      if (round % 6 === 1) {
        const directory = join(place.home, `backup-${round}`);
        mkdirSync(directory);
        await client.request('BackUpStore', { directory });
        rmSync(directory, { recursive: true });
        await client.request('CompactStore', {});
      }
      await client.close();
    },
  };
}

const COMMANDS = [
  'status',
  'query --limit 20',
  'tail -n 10',
  'events --limit 20 --archived',
  'files ls --limit 20',
  'files dup',
  'watch ls',
  'watch gaps',
  'session ls',
  'export ls',
  'store stats',
  'store ls',
  'audit head',
  'audit log --limit 20',
  'tree',
  'leaks',
  'crashes',
  'deadletters',
  'inspect core/storage/ledger-writer',
  'peek watching/roots',
  'log from-a-command',
  'sync work',
];

function commands(place: SoakPlace): Activity {
  return {
    name: 'commands',
    everyMs: 1_500,
    run: async (round) => {
      const line = COMMANDS[round % COMMANDS.length]!;
      const { exitCode, out, notes } = await runAt(place, ...line.split(' '));
      // A root that was just added is not looked through yet, and a collecting main thread cannot be asked.
      const isWell = [0, line === 'status' ? 6 : 75].includes(exitCode);
      if (!isWell) throw new Error(`codi ${line} ended with ${exitCode}: ${notes}${out}`);
    },
  };
}

/** Programs of their own, with a session around what they run. */
function programs(place: SoakPlace): Activity {
  return {
    name: 'programs',
    everyMs: 20_000,
    run: async (round) => {
      const args = round % 2 === 0 ? ['run', '--', 'true'] : ['query', '--limit', '50', '--json'];
      const program = codiProcess(place, args);
      const { code } = await program.ended;
      if (code !== 0) throw new Error(`codi ${args.join(' ')}: ${code} ${program.notes()}`);
    },
  };
}

const PAGES = ['/metrics', '/health', '/readyz', '/livez', '/nothing'];

function pages(place: SoakPlace): Activity {
  return {
    name: 'pages',
    everyMs: 2_000,
    run: async (round) => {
      const url = new URL(PAGES[round % PAGES.length]!, place.daemon.ready.httpUrl);
      const answer = await fetch(url, { headers: { connection: 'close' } });
      await answer.text();
    },
  };
}
