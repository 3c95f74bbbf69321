// Given many programs that log, each with a client of its own. Break: the daemon and the programs are killed with
// SIGKILL at random, the daemon stays away for a while each time, and programs that were killed are started again.
// Expect after: of each run of a program the ledger has its entries once, in order and without a hole; everything
// that was acknowledged, by the daemon or by the spool; and the spool is empty.
// `npm run client-kills` is the long form: 20 programs, 2 minutes.
import { fork, type ChildProcess } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, test } from 'vitest';
import { newPlace, startDaemon, type RunningDaemon } from '../support/daemon.ts';
import { deadline, eventually } from '../support/deadline.ts';
import { allRows } from '../support/oracle.ts';
import { newSeed, seededRandom } from '../support/random.ts';

const ENTRY = fileURLToPath(new URL('../support/writing-client.mjs', import.meta.url));
const isLong = process.env['CODI_CLIENT_KILLS_MS'] !== undefined;
const durationMs = Number(process.env['CODI_CLIENT_KILLS_MS'] ?? 12_000);
const programs = Number(process.env['CODI_CLIENT_KILLS_PROGRAMS'] ?? 6);
const POLICIES = ['always', 'interval', 'never'] as const;
/** Small ones make many files, so that the daemon looks at the folder while they come. */
const FILE_BYTES = [2 * 1024, 8 * 1024, 64 * 1024] as const;
/** The long form also runs on machines that have more to do than they can. */
const patienceMs = isLong ? 300_000 : 60_000;
const seed = newSeed();
const random = seededRandom(seed);
const between = (low: number, high: number) => low + random() * (high - low);

const place = newPlace();
let daemon: RunningDaemon | undefined;
const runs: Run[] = [];
afterEach(async () => {
  for (const run of runs) run.child.kill('SIGKILL');
  await daemon?.stop();
  place.remove();
});

/** One run of a program. */
interface Run {
  name: string;
  child: ChildProcess;
  exited: Promise<number | null>;
  accepted: number;
  /** What it sent in all; known when it was not killed. */
  sent: number | undefined;
  spooled: number;
  complaints: string[];
}

function start(program: number, life: number): Run {
  const name = `program-${program}-${life}`;
  const { dataDir, socketPath } = place;
  const fsync = POLICIES[(program + life) % POLICIES.length];
  const fileBytes = FILE_BYTES[Math.floor(random() * FILE_BYTES.length)];
  const pauseMs = Math.round(between(2, 15));
  const options = { dataDir, socketPath, name, fsync, fileBytes, pauseMs };
  const child = fork(ENTRY, [JSON.stringify(options)], {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  const exited = new Promise<number | null>((resolve) => child.once('close', resolve));
  const run: Run = {
    name,
    child,
    exited,
    accepted: 0,
    sent: undefined,
    spooled: 0,
    complaints: [],
  };
  let rest = '';
  child.stdout!.setEncoding('utf8').on('data', (text: string) => {
    rest += text;
    for (let end = rest.indexOf('\n'); end >= 0; end = rest.indexOf('\n')) {
      const [word, ...values] = rest.slice(0, end).split(' ');
      rest = rest.slice(end + 1);
      if (word === 'accepted') run.accepted = Number(values[0]);
      else if (word === 'closed') [run.sent, run.spooled] = values.map(Number) as [number, number];
      else run.complaints.push(`${word} ${values.join(' ')}`);
    }
  });
  child.stderr!.setEncoding('utf8').on('data', (text: string) => run.complaints.push(text));
  runs.push(run);
  return run;
}

test(
  'entries of many programs are stored once and in order, whoever is killed',
  async () => {
    daemon = await startDaemon(place, [], { timeoutMs: patienceMs });
    const living = Array.from({ length: programs }, (_, program) => start(program, 0));
    const lives = living.map(() => 0);
    const counts = { daemonKills: 0, programKills: 0 };
    const endMs = performance.now() + durationMs;
    while (performance.now() < endMs) {
      await new Promise((resolve) => setTimeout(resolve, between(100, 900)));
      if (random() < 0.4) {
        await daemon.kill();
        counts.daemonKills += 1;
        // Programs may be killed while there is no daemon, too.
        if (random() < 0.7) await new Promise((resolve) => setTimeout(resolve, between(0, 2_000)));
        if (random() < 0.5) await killOne(living, lives, counts);
        daemon = await startDaemon(place, [], { timeoutMs: patienceMs });
      } else await killOne(living, lives, counts);
    }
    for (const { child } of living) child.send('stop');
    await deadline(
      'the end of all programs',
      Promise.all(living.map((run) => run.exited)),
      patienceMs,
    );

    const client = await daemon.client();
    await eventually(
      'an empty spool',
      async () => (await client.request('Health', {})).spools?.files === 0,
      patienceMs,
    );
    const rows = await allRows(client, 'QueryLogs', 'entries', {
      filter: { component_prefix: 'program-' },
      order: 'oldest',
      count: 'none',
    });
    await client.close();
    const stored = new Map<string, number[]>();
    for (const row of rows) {
      const name = String(row['component']);
      if (!stored.has(name)) stored.set(name, []);
      stored.get(name)!.push(Number(row['message']));
    }
    for (const run of runs) {
      const numbers = stored.get(run.name) ?? [];
      const outOfPlace = numbers.findIndex((number, index) => number !== index);
      expect(outOfPlace, `${run.name}: ${numbers.slice(outOfPlace - 2, outOfPlace + 3)}`).toBe(-1);
      expect(numbers.length, `${run.name}: acknowledged`).toBeGreaterThanOrEqual(run.accepted);
      if (run.sent !== undefined) expect(numbers.length, run.name).toBe(run.sent);
      expect(run.complaints, run.name).toEqual([]);
    }
    expect(readdirSync(join(place.dataDir, 'spool'))).toEqual([]);
    expect(counts.daemonKills).toBeGreaterThan(0);
    expect(counts.programKills).toBeGreaterThan(0);
    const accepted = runs.reduce((sum, run) => sum + run.accepted, 0);
    if (isLong)
      console.log(
        `seed ${seed}: ${counts.daemonKills} kills of the daemon, ${counts.programKills} of programs, ` +
          `${runs.length} runs, ${accepted} entries acknowledged, ${rows.length} stored`,
      );
  },
  durationMs + 3 * patienceMs,
);

async function killOne(living: Run[], lives: number[], counts: { programKills: number }) {
  const program = Math.floor(random() * living.length);
  living[program]!.child.kill('SIGKILL');
  await deadline('the program to die', living[program]!.exited);
  counts.programKills += 1;
  lives[program]! += 1;
  living[program] = start(program, lives[program]!);
}
