import { RetentionDesk } from '#codi/actors/storage/retention-desk.js';
import { HttpDoor } from '#codi/actors/serving/http-door.js';
import { SpoolDesk } from '#codi/actors/serving/spool-desk.js';
import { RootTable } from '#codi/actors/watching/root-table.js';
import type { TreeNode } from '#codi/supervisor/index.js';
import { ScrubDesk } from '#codi/actors/storage/scrub-desk.js';
import { AuditDesk } from '#codi/wiring/audit-desk.js';
import { CommittedFacts } from '#codi/wiring/committed-facts.js';
import { ReportDesk } from '#codi/wiring/report-desk.js';
import { AnswerDesk } from '#codi/wiring/serving-ports.js';
import type { Shared } from '#codi/wiring/shared.js';
import { rememberTelemetry } from './actor-world.ts';
import { GapWorld } from './gaps.ts';
import { newHealingDesk } from './healing.ts';

/** A node of a tree, a supervisor when it has children. */
export function treeNode(
  path: string,
  state: string,
  children: TreeNode[] = [],
  extra: Partial<TreeNode> = {},
): TreeNode {
  return {
    path,
    id: path,
    type: children.length > 0 ? 'supervisor' : 'worker',
    state,
    restart: 'permanent',
    isolation: 'inline',
    epoch: 1,
    restarts: 2,
    uptimeMs: 0,
    mailbox: { count: 0, bytes: 0, highWater: 0, dropped: 0 },
    children,
    ...extra,
  };
}

/** What the branches share, around a tree that is made up, 2.25 s after its start. */
export function fakeShared(children: () => TreeNode[]) {
  const roots = new RootTable(() => undefined);
  roots.markLoaded();
  const log = rememberTelemetry();
  const gaps = new GapWorld().book;
  const shared = {
    gaps,
    audit: new AuditDesk(log.telemetry, () => undefined),
    scrub: new ScrubDesk(log.telemetry, () => undefined),
    facts: new CommittedFacts(() => 0),
    roots,
    lives: { count: 0 },
    reports: new ReportDesk(log.telemetry),
    desk: new AnswerDesk(),
    httpDoor: new HttpDoor(() => undefined),
    spools: new SpoolDesk(),
    retention: new RetentionDesk(),
    tokens: { problem: undefined },
    healing: newHealingDesk(),
    buffer: { bytes: 17 },
    startedAtMs: 1_000,
    system: {
      tree: () => treeNode('root', 'running', children()),
      counters: () => ({ messages: 5, crashes: 4, fenced: 3, deadLetters: 2, dropped: 1 }),
      ask: async () => ({ ok: true, value: undefined }),
    },
    options: {
      environment: { clock: { nowMs: () => 3_250, monotonicMs: () => 0 } },
      telemetry: log.telemetry,
      version: '1.2.3',
      pid: 4711,
      dataDir: '/data',
    },
  } as unknown as Shared;
  return { shared, roots, gaps, log };
}
