import { expect, test } from 'vitest';

import { EVENTS } from '#codi/telemetry/events.js';
import { createTelemetry } from '#codi/telemetry/telemetry.js';

function set(options: { level?: 'trace' | 'debug' | 'info' | 'warn' } = {}) {
  const lines: Record<string, unknown>[] = [];
  let nowMs = Date.UTC(2026, 0, 2, 3, 4, 5);
  const clock = { nowMs: () => nowMs, monotonicMs: () => nowMs };
  const telemetry = createTelemetry({
    destination: { write: (line: string) => void lines.push(JSON.parse(line) as never) },
    level: options.level ?? 'info',
    clock,
  });
  return { telemetry, lines, advance: (byMs: number) => (nowMs += byMs) };
}

test('An event is one JSON line with level, time, name, fields and a sentence.', () => {
  const { telemetry, lines } = set();
  telemetry.emit('ActorRestarted', { path: 'core/x', epoch: 2, reason: 'crash', afterMs: 84.25 });
  expect(lines).toEqual([
    {
      level: 'info',
      time: '2026-01-02T03:04:05.000Z',
      event: 'ActorRestarted',
      path: 'core/x',
      epoch: 2,
      reason: 'crash',
      afterMs: 84.25,
      kind: 'other',
      msg: 'Actor core/x is back after 84.25 ms.',
    },
  ]);
});

test('Events below the level move their metrics and write no line.', async () => {
  const { telemetry, lines } = set();
  telemetry.emit('EntriesCommitted', { count: 3, fileEvents: 2, bytes: 500, durationMs: 4 });
  telemetry.emit('EntriesCommitted', { count: 4, fileEvents: 0, bytes: 100, durationMs: 1 });
  expect(lines).toEqual([]);
  const metrics = await telemetry.showMetrics();
  expect(metrics).toContain('\ncodi_logs_total 7\n');
  expect(metrics).toContain('\ncodi_file_events_total 2\n');
  expect(metrics).toContain('\ncodi_commit_duration_seconds_count 2\n');
});

test('Lines that repeat are held back for ten seconds and counted in the next one.', () => {
  const { telemetry, lines, advance } = set();
  for (let index = 0; index < 5; index++) {
    telemetry.emit('FrameRejected', { code: 'CODI_FRAME_TOO_LARGE' });
  }
  telemetry.emit('FrameRejected', { code: 'CODI_FRAME_EMPTY' });
  expect(lines).toHaveLength(2);
  advance(10_000);
  telemetry.emit('FrameRejected', { code: 'CODI_FRAME_TOO_LARGE' });
  expect(lines[2]).toMatchObject({ code: 'CODI_FRAME_TOO_LARGE', held_back: 4 });
});

test('What is held back at the end is said before the end.', async () => {
  const { telemetry, lines } = set();
  telemetry.emit('AnswersDropped', { count: 1 });
  telemetry.emit('AnswersDropped', { count: 1 });
  await telemetry.flush();
  expect(lines[1]).toMatchObject({ event: 'AnswersDropped', held_back: 1 });
  await telemetry.flush();
  expect(lines).toHaveLength(2);
});

test('A value outside of its closed set is counted as other, so input cannot grow the metrics.', async () => {
  const { telemetry } = set();
  telemetry.emit('FrameRejected', { code: 'SOMETHING_NEW' as never });
  telemetry.emit('ConnectionClosed', { connection: 1 });
  const metrics = await telemetry.showMetrics();
  expect(metrics).toContain('codi_frames_rejected_total{code="other"} 1');
  expect(metrics).toContain('codi_connections_closed_total{reason="other"} 1');
  expect(metrics).not.toContain('SOMETHING_NEW');
});

test('A total that is counted elsewhere moves its counter by what it grew.', async () => {
  const { telemetry } = set();
  const numbers = { messages: 5, crashes: 0, dropped: 0, deadLetters: 0, fenced: 0 };
  for (const messages of [5, 5, 9]) telemetry.emit('SupervisionMeasured', { ...numbers, messages });
  expect(await telemetry.showMetrics()).toContain('\ncodi_messages_handled_total 9\n');
});

test('A counter whose first rise must be seen is there before it, at 0.', async () => {
  const { telemetry } = set();
  expect(await telemetry.showMetrics()).toContain('codi_actor_restarts_total{kind="http"} 0');
  telemetry.emit('ActorRestarted', {
    path: 'serving/http',
    epoch: 2,
    reason: 'crash',
    afterMs: 1,
  });
  expect(await telemetry.showMetrics()).toContain('codi_actor_restarts_total{kind="http"} 1');
});

test('What cannot be known moves nothing, and the version is a label.', async () => {
  const { telemetry } = set();
  const nothing = { cpuUserMs: 0, cpuSystemMs: 0, loopActiveMs: 0, loopIdleMs: 0, rssBytes: 1 };
  const heap = { heapUsedBytes: 1, heapTotalBytes: 1, externalBytes: 1, startedAtMs: 1 };
  telemetry.emit('ProcessMeasured', { ...nothing, ...heap, openFds: 7 });
  telemetry.emit('ProcessMeasured', { ...nothing, ...heap });
  telemetry.emit('DaemonStarted', { version: '1.2.3', pid: 1 });
  const metrics = await telemetry.showMetrics();
  expect(metrics).toContain('\nprocess_open_fds 7\n');
  expect(metrics).toContain('\ncodi_build_info{version="1.2.3"} 1\n');
});

test('A report of a supervisor shows its kind, its path and the error inside of it.', () => {
  const { telemetry, lines } = set();
  const reason = { kind: 'crash', error: new Error('no disk') };
  telemetry.emit('SupervisorReported', {
    report: { at: 1, kind: 'shutdownError', path: 'core/storage', reason },
  });
  expect(lines[0]).toMatchObject({
    path: 'core/storage',
    kind: 'shutdownError',
    report: { reason: { error: { message: 'no disk' } } },
  });
});

test('A destination that throws does not reach the caller; the loss is counted.', () => {
  const telemetry = createTelemetry({
    level: 'info',
    destination: {
      write: () => {
        throw new Error('EPIPE');
      },
    },
  });
  telemetry.emit('DaemonStarted', { version: '1', pid: 1 });
  expect(telemetry.lostLinesCount).toBe(1);
});

test('Fields that were not declared are not written.', () => {
  const { telemetry, lines } = set();
  const fields = { version: '1', pid: 1, token: 'geheim' };
  telemetry.emit('DaemonStarted', fields);
  expect(JSON.stringify(lines)).not.toContain('geheim');
});

test('The level can be changed while it runs.', () => {
  const { telemetry, lines } = set();
  telemetry.emit('ActorStarted', { path: 'a', epoch: 1 });
  telemetry.setLevel('debug');
  telemetry.emit('ActorStarted', { path: 'a', epoch: 1 });
  expect(lines).toHaveLength(1);
});

test('Every event is a sentence over its own fields, and its metrics are well named.', () => {
  const names = new Set<string>();
  for (const [name, event] of Object.entries(EVENTS)) {
    expect(event.sentence, name).toMatch(/^[A-Z{].*\.$/);
    for (const [, field = ''] of event.sentence.matchAll(/\{(\w+)\}/g)) {
      expect(Object.keys(event.fields), name).toContain(field);
    }
    for (const metric of 'metrics' in event ? (event.metrics ?? []) : []) {
      expect(names.has(metric.name), metric.name).toBe(false);
      names.add(metric.name);
      expect(metric.name).toMatch(/^(codi|process|nodejs)(_[a-z0-9]+)+$/);
      expect(metric.name.endsWith('_total')).toBe(metric.type === 'counter');
      expect(metric.help).toMatch(/^[A-Z].*\.$/);
    }
  }
});
