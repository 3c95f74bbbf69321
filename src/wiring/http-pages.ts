import { jsonReply, type HttpPage, type HttpReply } from '../actors/serving/http-ports.ts';
import type { MeasureMessage } from '../actors/telemetry/telemetry.actor.ts';
import type { TreeNode } from '../supervisor/index.ts';
import type { HttpRoute } from '../telemetry/labels.ts';
import { isAway, lookAtHealth } from './health.ts';
import type { Shared } from './shared.ts';

/** What was measured a moment ago is shown again; asking more often costs no more. */
const SCRAPE_REUSE_MS = 250;
/** When core/telemetry is away or slow, the last measurements are shown. */
const MEASURE_TIMEOUT_MS = 1_000;

/** The pages of the HTTP port. A later capability adds its own here. */
export function httpPages(shared: Shared): ReadonlyMap<HttpRoute, HttpPage> {
  return new Map<HttpRoute, HttpPage>([
    ['/metrics', metricsPage(shared)],
    // That it is answered says it all: the event loop turns.
    ['/livez', () => jsonReply('200', { status: 'live' })],
    ['/readyz', () => readyPage(shared)],
    ['/health', () => jsonReply('200', healthBody(shared))],
  ]);
}

function readyPage(shared: Shared): HttpReply {
  const { notReady } = lookAtHealth(shared);
  if (notReady.length === 0) return jsonReply('200', { status: 'ready' });
  return jsonReply('503', { status: 'not_ready', reasons: notReady });
}

/** What `codi status` says, for readers nobody knows: no paths of files, clients only counted. */
export function healthBody(shared: Shared) {
  const { options, startedAtMs } = shared;
  const reasons = lookAtHealth(shared).reasons.map(({ publicText }) => publicText);
  return {
    status: reasons.length === 0 ? 'healthy' : 'degraded',
    version: options.version,
    uptime_seconds: (options.environment.clock.nowMs() - startedAtMs) / 1_000,
    reasons: [...new Set(reasons)],
    components: componentsOf(shared.system.tree()),
  };
}

interface Component {
  name: string;
  state: string;
  restarts: number;
  /** Of a supervisor of like children: how many there are, and how many do not work. */
  children?: number;
  children_away?: number;
}

function componentsOf(node: TreeNode): Component[] {
  const { path: name, state, restarts, children } = node;
  if (node.type === 'worker') return [{ name, state, restarts }];
  if (node.strategy !== 'dynamic') return children.flatMap(componentsOf);
  const away = children.filter(isAway).length;
  return [{ name, state, restarts, children: children.length, children_away: away }];
}

function metricsPage(shared: Shared): HttpPage {
  const { telemetry, environment } = shared.options;
  const { clock } = environment;
  let takenAtMs = -Infinity;
  let scrape: Promise<HttpReply> | undefined;
  const take = async (): Promise<HttpReply> => {
    await shared.system.ask<MeasureMessage, void>(
      'core/telemetry',
      (reply) => ({ type: 'measure', done: () => reply() }),
      MEASURE_TIMEOUT_MS,
    );
    const body = await telemetry.showMetrics();
    return { status: '200', contentType: telemetry.metricsContentType, body };
  };
  return () => {
    const nowMs = clock.monotonicMs();
    if (scrape && nowMs - takenAtMs < SCRAPE_REUSE_MS) return scrape;
    takenAtMs = nowMs;
    scrape = take();
    return scrape;
  };
}
