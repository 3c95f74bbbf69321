// Given one daemon beside everything at a moderate rate: clients that log in every way, followers, questions, commands,
// files that change, exports, sessions, roots that come and go, debug clients, an archive and logs that rotate often.
// Break: nothing, for as long as is asked. Expect after: every entry once, index and events as the disk, an audit that
// finds nothing, no actor that ended, nothing dropped; and the daemon and its hosts hold what they held before: threads,
// descriptors, actors, connections, file watches, handles, timers. `npm run soak` is the long form.
import { existsSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, expect } from 'vitest';
import { runAt } from '../support/cli-harness.ts';
import { eventually } from '../support/deadline.ts';
import { differences, foldedEvents, inIndex, onDisk } from '../support/oracle.ts';
import { newSeed } from '../support/random.ts';
import { skipUnless } from '../support/skip.ts';
import { asking } from '../support/soak/soak-asking.ts';
import { attending } from '../support/soak/soak-attending.ts';
import { changing } from '../support/soak/soak-changing.ts';
import { SoakLoad } from '../support/soak/soak-load.ts';
import { SoakLook, type Held } from '../support/soak/soak-look.ts';
import { startSoak, type SoakPlace } from '../support/soak/soak-place.ts';
import { courses, table, type Timed } from '../support/soak/soak-report.ts';
import { writing } from '../support/soak/soak-writing.ts';

const isLong = process.env['CODI_SOAK_MINUTES'] !== undefined;
const isJson = process.env['CODI_SOAK_JSON'] === '1';
const minutes = Number(process.env['CODI_SOAK_MINUTES'] ?? 0.05);
const WARM_UP_MS = 60_000;
const SAMPLE_MS = isLong ? 10_000 : 1_000;
const SECOND_LOAD_ROUND = 1_000_000;
const PROGRESS_SAMPLES = 6;
/** Reader threads leave after 10 s without work; the short form begins with them. */
const REST_MS = isLong ? 15_000 : 0;
const REST_LIMIT_MS = isLong ? 180_000 : 60_000;
/** From so many minutes on the anonymous memory of daemon and hosts may not grow faster. */
const SLOPE_MINUTES = 30;
const SLOPE_MIB_PER_HOUR = 30;

/** Counters that nothing of the load moves. */
const STILL =
  /^codi_(actor_(crashes|exits|parks|restarts)|acts_unrecorded|answers_dropped|audit_alarms|checkpoint_failures|connections_(refused|throttled)|dead_letters|disk_stays_full|entries_(rejected|replayed)|events_dropped|export_failures|frames_rejected|host_over_budget|http_(connections_cut|page_failures)|log_lines_lost|mailbox_dropped|retention_(failures|stops)|scrub_damage|spool_(entries_missing|file_failures|lines_rejected)|storage_refusals|store_(damage_found|healed)|supervisor_meltdowns|transient_files_dropped|watch_(exhaustions|hints_disbelieved|repaired_directories))_total$/;

const say = (line: string) => {
  if (isLong) process.stdout.write(`${line}\n`);
};

let place: SoakPlace | undefined;
let load: SoakLoad | undefined;
let look: SoakLook | undefined;
afterEach(async () => {
  look?.close();
  await load?.stop();
  await place?.daemon.kill();
  place?.remove();
});

function everything(of: SoakPlace, firstRound: number): SoakLoad {
  const all = [...writing(of), ...changing(of), ...asking(of), ...attending(of)];
  // After frames the process is measured for 10 s more.
  return new SoakLoad(isLong ? all : all.filter(({ name }) => name !== 'tracers'), firstRound);
}

/** The most it holds of anything over some looks: timers and work of its own come and go. */
async function atRest(of: SoakLook): Promise<Held> {
  const sinceMs = performance.now();
  const held: Held = {};
  await eventually(
    'rest',
    async () => {
      const now = await of.held();
      // What the work before left goes within the first seconds.
      if (performance.now() - sinceMs < REST_MS) return false;
      for (const [name, count] of Object.entries(now))
        held[name] = Math.max(held[name] ?? 0, count);
      return performance.now() - sinceMs >= 2 * REST_MS;
    },
    REST_LIMIT_MS,
  );
  return held;
}

/** Waits until it holds no more than it held; what it holds beyond that. */
async function excess(of: SoakLook, wanted: Held): Promise<string[]> {
  let found: string[] = [];
  const isSame = async () => {
    found = Object.entries(await of.held()).flatMap(([name, count]) => {
      const before = wanted[name] ?? 0;
      return count > before ? [`${name}: ${count}, before ${before}`] : [];
    });
    return found.length === 0;
  };
  await eventually('rest', isSame, REST_LIMIT_MS).catch(() => undefined);
  return found;
}

/** Lets everything go on and takes samples. */
async function soak(at: SoakPlace, through: SoakLook): Promise<Timed[]> {
  const samples: Timed[] = [];
  const sinceMs = performance.now();
  load = everything(at, SECOND_LOAD_ROUND);
  let told = 0;
  while (performance.now() - sinceMs < minutes * 60_000) {
    await pause(SAMPLE_MS);
    const sample = await through.sample();
    const atMs = performance.now() - sinceMs;
    samples.push({ atMs, sample });
    if (isJson) say(JSON.stringify({ at_ms: Math.round(atMs), ...sample }));
    else if (samples.length % PROGRESS_SAMPLES === 0) say(progress(at, { atMs, sample }));
    if (!isLong) expect(load.complaints).toEqual([]);
    for (; told < load.complaints.length; told += 1) say(load.complaints[told]!);
  }
  await load.stop();
  expect(load.complaints).toEqual([]);
  return samples;
}

function progress(at: SoakPlace, { atMs, sample }: Timed): string {
  const shown = ['RSS MiB', 'anonymous MiB', 'heap MiB', 'hosts RSS MiB', 'descriptors', 'threads'];
  const values = shown.map((name) => `${name} ${sample[name]!.toFixed(1).replace(/\.0$/, '')}`);
  return `${(atMs / 60_000).toFixed(1)} min: ${at.acknowledged.total} entries, ${values.join(', ')}`;
}

async function judge({ acknowledged, connect, roots, ...at }: SoakPlace): Promise<void> {
  const client = await connect({ requestTimeoutMs: 120_000 });
  await client.request('Sync', { timeout_ms: 120_000 });
  for (const root of roots) {
    const disk = onDisk(root);
    const index = await inIndex(client, root);
    expect(differences(disk, index, ['on disk', 'recorded'])).toEqual([]);
    const folded = await foldedEvents(client, root);
    expect(differences(index, folded, ['recorded', 'folded'])).toEqual([]);
  }
  expect(await acknowledged.violations(client)).toEqual([]);
  await client.close();
  const { exitCode, out, notes } = await runAt(at, 'audit', 'verify');
  expect(exitCode, out + notes).toBe(0);
}

const onLinux = skipUnless(existsSync('/proc/self/task'), 'there is no /proc', {
  requiredOnCi: true,
});

onLinux(
  'a daemon beside steady work of every kind loses nothing, and holds what it held when the work is over',
  async () => {
    const seed = newSeed();
    say(`seed ${seed}`);
    place = await startSoak(seed, isLong);
    look = await SoakLook.open(place);
    if (isLong) {
      load = everything(place, 0);
      await pause(WARM_UP_MS);
      await load.stop();
      expect(load.complaints).toEqual([]);
    }
    const before = await atRest(look);
    say('warm');

    const samples = await soak(place, look);
    say('soaked');
    await judge(place);
    say('judged');
    expect(await excess(look, before), `seed ${seed}`).toEqual([]);
    const moved = Object.entries(await look.metrics()).filter(
      ([name, count]) => STILL.test(name) && count > 0,
    );
    expect(moved, place.daemon.stderr().slice(-5_000)).toEqual([]);

    const found = courses([
      ...samples,
      { atMs: samples.at(-1)!.atMs, sample: await look.sample() },
    ]);
    if (isJson) say(JSON.stringify({ seed, rounds: load!.rounds, courses: found }));
    else say(`${JSON.stringify(load!.rounds)}\n${table(found)}`);
    if (minutes < SLOPE_MINUTES) return;
    const tooSteep = found.filter(
      ({ name, perHour }) => name.endsWith('anonymous MiB') && perHour > SLOPE_MIB_PER_HOUR,
    );
    expect(tooSteep).toEqual([]);
  },
  minutes * 60_000 + WARM_UP_MS + 2 * REST_LIMIT_MS + 300_000,
);
