// Given a daemon at the standard workload. Break: a write or a sync of a database or its log fails, once with EIO, or
// with ENOSPC until the space is back. Expect during: the thread that saw a failed sync or a broken disk ends without
// another sync, and is replaced; a full disk is refused by its name, and nobody ends. Expect after: everything is
// accepted, stored once, and the chains verify. `npm run storage-errors` is the long form.
import { expect } from 'vitest';
import { newSeed, seededRandom } from '../support/random.ts';
import { skipUnless } from '../support/skip.ts';
import {
  failAt,
  isFullDisk,
  tellsClients,
  type ErrorResult,
  type StorageError,
} from '../support/storage-errors.ts';
import { hasStrace, NO_STRACE } from '../support/strace.ts';

/** The workload makes at least this many of each kind of call. */
const MOST_CALLS = 4;
const seed = newSeed();
const rounds = Number(process.env['CODI_ERROR_ROUNDS'] ?? 0);

/** Every kind of error in every round; the short form runs one of each error and call. */
function chosen(): StorageError[] {
  const random = seededRandom(seed);
  const n = () => 1 + Math.floor(random() * MOST_CALLS);
  const files = ['ledger.db-wal', 'state.db-wal', 'ledger.db'] as const;
  const short = (): StorageError[] => [
    { file: 'ledger.db-wal', calls: 'sync', error: 'EIO', n: n() },
    { file: 'state.db-wal', calls: 'pwrite64', error: 'EIO', n: n() },
    { file: 'ledger.db', calls: 'sync', error: 'ENOSPC', n: 1 },
    { file: 'ledger.db-wal', calls: 'pwrite64', error: 'ENOSPC', n: n() },
  ];
  const round = () =>
    files.flatMap((file) =>
      (['pwrite64', 'sync'] as const).flatMap((calls) =>
        (['EIO', 'ENOSPC'] as const).map((error) => ({ file, calls, error, n: n() })),
      ),
    );
  return rounds === 0 ? short() : Array.from({ length: rounds }, round).flat();
}

function judged(which: StorageError, result: ErrorResult): string[] {
  const { wasReached, restarts, postponed, wasCutOff } = result;
  if (!wasReached) return [];
  if (isFullDisk(which)) {
    const isTold = !tellsClients(which) || postponed.has('CODI_DISK_FULL');
    return [
      ...(restarts > Number(wasCutOff) ? ['a full disk ended the thread'] : []),
      ...(isTold ? [] : [`clients were told ${[...postponed].join(', ')}`]),
    ];
  }
  return restarts === 0 ? ['the thread that saw the error lived on'] : [];
}

const todo = chosen();

skipUnless(hasStrace, NO_STRACE, { requiredOnCi: true })(
  `a storage call that fails loses nothing that was acknowledged (seed ${seed}, ${todo.length} errors)`,
  async () => {
    const found: string[] = [];
    let reached = 0;
    for (const [at, which] of todo.entries()) {
      const { file, calls, error, n } = which;
      const result = await failAt(which);
      reached += Number(result.wasReached);
      const name = `${error} in ${calls} ${n} of ${file}`;
      const wrong = [...result.violations, ...judged(which, result)].map(
        (text) => `${name}: ${text}`,
      );
      found.push(...wrong);
      if (rounds > 0)
        process.stdout.write(
          `${at + 1}/${todo.length} ${name}: ${wrong.length === 0 ? 'ok' : wrong.join('; ')}, ` +
            `reached ${result.wasReached}, restarts ${result.restarts}, told ${[...result.postponed].join(' ')}\n`,
        );
    }
    expect(found).toEqual([]);
    expect(reached).toBeGreaterThan(0);
  },
  60_000 + todo.length * 60_000,
);
