// The window for machines, on the real daemon: what it shows, what it withstands, and that nobody misses it.
import { execFileSync, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect, createServer, type AddressInfo } from 'node:net';
import { request } from 'node:http';
import { join } from 'node:path';
import type { TreeNodeView } from '#codi/protocol/debug/tree-views.js';
import { ACTOR_KINDS, actorKindOf } from '#codi/telemetry/actor-kinds.js';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { newPlace, startDaemon, type DaemonPlace, type RunningDaemon } from '../support/daemon.ts';
import { deadline, eventually } from '../support/deadline.ts';
import { writeEntries } from '../support/entries.ts';
import { skipUnless } from '../support/skip.ts';

let places: DaemonPlace[];
let daemons: RunningDaemon[];
beforeEach(() => {
  places = [];
  daemons = [];
});
afterEach(async () => {
  for (const daemon of daemons) await daemon.stop();
  for (const place of places) place.remove();
});

async function start(env: Record<string, string> = {}): Promise<RunningDaemon> {
  const place = newPlace();
  places.push(place);
  const daemon = await startDaemon(place, [], { env });
  daemons.push(daemon);
  return daemon;
}

const card = ({ place }: RunningDaemon) =>
  JSON.parse(readFileSync(join(place.dataDir, 'daemon.json'), 'utf8')) as { http_url?: string };
const urlOf = (daemon: RunningDaemon) => card(daemon).http_url!;

async function statusOf(daemon: RunningDaemon) {
  const client = await daemon.client();
  try {
    return await client.request('Health', {});
  } finally {
    await client.close();
  }
}

/** Samples by their name with labels. */
async function scrape(daemon: RunningDaemon): Promise<Map<string, number>> {
  const response = await fetch(`${urlOf(daemon)}/metrics`);
  expect(response.status).toBe(200);
  const lines = (await response.text()).split('\n').filter((line) => /^[a-z]/.test(line));
  return new Map(
    lines.map((line) => {
      const at = line.lastIndexOf(' ');
      return [line.slice(0, at), Number(line.slice(at + 1))];
    }),
  );
}

test('What is nested too deeply is refused and counted by the limit, entries and questions apart.', async () => {
  const daemon = await start();
  const deep = `${'['.repeat(40)}1${']'.repeat(40)}`;
  const line = `{"level":"Info","component":"c","message":"m","metadata":{"deep":${deep}}}`;
  for (const body of [`"LogEntry":${line}`, `"QueryLogs":{"filter":{"deep":${deep}}}`]) {
    const socket = connect({ path: daemon.place.socketPath });
    socket.resume();
    socket.end(`{${body}}\n`);
    await once(socket, 'close');
  }
  const samples = await scrape(daemon);
  expect(samples.get('codi_entries_rejected_total{code="CODI_TOO_DEEP"}')).toBe(1);
  expect(samples.get('codi_frames_rejected_total{code="CODI_TOO_DEEP"}')).toBe(1);
});

test('It tells where it listens, what was committed and how long requests took.', async () => {
  const daemon = await start();
  expect(await statusOf(daemon)).toMatchObject({ state: 'healthy', http_url: urlOf(daemon) });
  const client = await daemon.client();
  await writeEntries(client, 'counted', 50).done;
  await client.close();
  const samples = await eventually('the entries', async () => {
    const found = await scrape(daemon);
    return found.get('codi_logs_total') === 50 && found;
  });
  expect(samples.get('codi_ready')).toBe(1);
  expect(samples.get('codi_healthy')).toBe(1);
  expect(samples.get('codi_ipc_duration_seconds_count{kind="Health"}')).toBeGreaterThan(0);
  expect(samples.get('codi_actors{kind="ledger_writer"}')).toBe(1);
  for (const name of ['process_resident_memory_bytes', 'process_cpu_seconds_total'])
    expect(samples.get(name), name).toBeGreaterThan(0);
  expect([...samples.keys()].filter((name) => name.includes(places[0]!.home))).toEqual([]);
});

test('Every actor of the daemon has a kind.', async () => {
  const daemon = await start();
  const client = await daemon.client();
  const debug = await daemon.debug();
  const paths = (node: TreeNodeView): string[] => [node.path, ...node.children.flatMap(paths)];
  const kinds = paths(await debug.tree()).map((path) => [path, actorKindOf(path)]);
  debug.close();
  await client.close();
  expect(kinds.filter(([, kind]) => kind === 'other')).toEqual([]);
  expect(ACTOR_KINDS).toContain('other');
});

test('Killed, it comes back where it was, and its restart is counted.', async () => {
  const daemon = await start();
  const url = urlOf(daemon);
  const debug = await daemon.debug();
  for (const path of ['serving/http', 'core/telemetry']) await debug.kill(path);
  debug.close();
  const samples = await eventually('the restarts', async () => {
    const found = await scrape(daemon).catch(() => undefined);
    const count = (kind: string) => found?.get(`codi_actor_restarts_total{kind="${kind}"}`);
    return count('http') === 1 && count('telemetry') === 1 && found;
  });
  expect(urlOf(daemon)).toBe(url);
  expect(samples.get('codi_healthy')).toBe(1);
});

test('Daemons side by side do not fight over the port.', async () => {
  const unset = { CODI_HTTP_PORT: '' };
  const both = [await start(unset), await start(unset)];
  expect(new Set(both.map(urlOf)).size).toBe(2);
  for (const daemon of both) expect(await statusOf(daemon)).toMatchObject({ state: 'healthy' });
});

test('A named port that is taken leaves the daemon serving, degraded with a reason, until it is free.', async () => {
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  const { port } = other.address() as AddressInfo;
  const daemon = await start({ CODI_HTTP_PORT: String(port) });
  const status = await statusOf(daemon);
  expect([status.state, status.http_url, card(daemon).http_url]).toEqual([
    'degraded',
    undefined,
    undefined,
  ]);
  expect(status.reasons).toEqual([expect.stringMatching(`127.0.0.1:${port}: .*http\\.port`)]);
  const client = await daemon.client();
  await writeEntries(client, 'taken all the same', 5).done;
  await client.close();
  other.close();
  const healed = async () => (await statusOf(daemon)).state === 'healthy';
  await eventually('its port', healed, 40_000);
  expect(urlOf(daemon)).toBe(`http://127.0.0.1:${port}`);
}, 60_000);

test('Switched off it is not there, and nothing is wrong.', async () => {
  const daemon = await start({ CODI_HTTP_ENABLED: 'false' });
  const status = await statusOf(daemon);
  expect([status.state, status.http_url]).toEqual(['healthy', undefined]);
  expect(status.components.map(({ name }) => name)).not.toContain('serving/http');
});

/** Status and error code of a request that fetch would not send. */
async function send(url: string, options: object): Promise<[number, string]> {
  const sent = request(`${url}/health`, options);
  sent.end();
  const [response] = await deadline('an answer', once(sent, 'response'));
  let text = '';
  for await (const chunk of response) text += chunk;
  return [response.statusCode, JSON.parse(text).error.code];
}

test('Requests of web pages under other names, and all but GET and HEAD, are refused.', async () => {
  const url = urlOf(await start());
  const host = { host: 'rebound.example' };
  expect(await send(url, { headers: host })).toEqual([421, 'CODI_HTTP_HOST_REFUSED']);
  for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS'])
    expect(await send(url, { method })).toEqual([405, 'CODI_HTTP_REQUEST_INVALID']);
});

test('Under garbage, slow heads and a thousand connections it answers, and entries are taken.', async () => {
  const daemon = await start({ CODI_HTTP_REQUEST_TIMEOUT: '1s' });
  const port = Number(new URL(urlOf(daemon)).port);
  const attackers = Array.from({ length: 1_000 }, (_, index) => {
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => undefined).resume();
    socket.write(index % 3 === 0 ? Buffer.alloc(9_000, index) : 'GET /metrics HTTP/1.1\r\nX-');
    return socket;
  });
  const client = await daemon.client();
  const writer = writeEntries(client, 'meanwhile', 200);
  const ready = await eventually('an answer', async () => {
    const response = await fetch(`${urlOf(daemon)}/readyz`).catch(() => undefined);
    return response?.status === 200;
  });
  await deadline('the answers', writer.done, 30_000);
  await client.close();
  expect([ready, writer.accepted.length]).toEqual([true, 200]);
  const isGone = () => attackers.every((socket) => socket.destroyed);
  await eventually('the end of the attackers', isGone, 30_000);
  expect(await statusOf(daemon)).toMatchObject({ state: 'healthy', restarts: { total: 0 } });
});

const hasPromtool = spawnSync('promtool', ['--version']).status === 0;
const withPromtool = skipUnless(hasPromtool, 'promtool (Debian: prometheus) is not installed');

withPromtool('Prometheus itself finds nothing to say about the metrics.', async () => {
  const daemon = await start();
  const text = await (await fetch(`${urlOf(daemon)}/metrics`)).text();
  const found = spawnSync('promtool', ['check', 'metrics'], { input: text, encoding: 'utf8' });
  expect([found.stdout, found.stderr, found.status]).toEqual(['', '', 0]);
});

withPromtool('The example configuration and its alert rules are sound.', () => {
  const folder = join(import.meta.dirname, '../../config/prometheus');
  for (const args of [
    ['check', 'config', '--syntax-only', join(folder, 'prometheus.yml')],
    ['check', 'rules', join(folder, 'codi-alerts.yml')],
    ['test', 'rules', join(folder, 'codi-alerts.test.yml')],
  ])
    execFileSync('promtool', args, { stdio: 'pipe' });
});
