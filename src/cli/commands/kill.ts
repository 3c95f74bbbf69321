import type { Command } from 'commander';
import type { TreeNodeView } from '../../protocol/debug/tree-views.ts';
import { CodiError, isCodiError } from '../../protocol/errors.ts';
import { showShortDuration } from '../amounts.ts';
import type { CliContext } from '../context.ts';
import type { Invocation } from '../invocation.ts';
import { nearest } from '../nearest.ts';
import { safeText } from '../safe-text.ts';

const BACK_WITHIN_MS = 5_000;
const POLL_MS = 10;

/** `codi kill <path>` */
export function define(command: Command, context: CliContext): void {
  command
    .argument('<path>', 'the actor, as `codi tree --json` names it')
    .addHelpText(
      'after',
      `
The daemon lives on: its supervisor brings the actor back, with a new epoch.

Example:
  codi kill core/storage/ledger-writer`,
    )
    .action((path: string) => context.run(command, (invocation) => kill(path, invocation)));
}

async function kill(path: string, invocation: Invocation): Promise<void> {
  const { io, out, globals } = invocation;
  const startMs = io.nowMs();
  const victim = await invocation.withDebug(async (debug) => {
    const tree = await debug.tree();
    const node = find(tree, path);
    if (!node) throw unknownActor(path, tree);
    const epoch = node.epoch;
    // The killed actor may be the one that would answer.
    const answer = await debug.kill(node.path).catch((error: unknown) => {
      if (isCodiError(error) && error.code === 'CODI_CONNECTION_LOST') return undefined;
      throw error;
    });
    return { path: node.path, epoch: answer?.epoch ?? epoch, restart: node.restart };
  });
  const shown = `killed ${safeText(victim.path)} (epoch ${victim.epoch})`;
  if (victim.restart === 'temporary') {
    if (globals.json) return out.json({ path: victim.path, epoch: victim.epoch });
    return out.line(`${shown}; it is temporary and does not come back`);
  }
  const epoch = await waitForNewEpoch(victim, startMs + BACK_WITHIN_MS, invocation);
  const durationMs = io.nowMs() - startMs;
  if (globals.json) {
    const { path: killed, epoch: before } = victim;
    return out.json({ path: killed, epoch: before, new_epoch: epoch, duration_ms: durationMs });
  }
  await out.line(`${shown}, back as epoch ${epoch} in ${showShortDuration(durationMs)}`);
}

/** Looks again and again, over new connections where the old one is gone. */
async function waitForNewEpoch(
  victim: { path: string; epoch: number },
  endMs: number,
  invocation: Invocation,
): Promise<number> {
  let lastState = 'gone';
  while (invocation.io.nowMs() < endMs) {
    try {
      const epoch = await invocation.withDebug(async (debug) => {
        while (invocation.io.nowMs() < endMs) {
          const node = find(await debug.tree(), victim.path);
          if (node && node.epoch > victim.epoch && !isComingUp(node.state)) return node.epoch;
          lastState = node?.state ?? 'gone';
          await pause(POLL_MS);
        }
        return undefined;
      });
      if (epoch !== undefined) return epoch;
    } catch (error) {
      if (!isCodiError(error) || !error.retryable) throw error;
      await pause(POLL_MS);
    }
  }
  const reason = `${victim.path} was killed and is not back after ${BACK_WITHIN_MS} ms (${lastState})`;
  throw new CodiError('CODI_TRY_AGAIN', { reason }, { hint: 'look with `codi tree`' });
}

function isComingUp(state: string): boolean {
  return /^(starting|restarting|backing|stopping)/.test(state);
}

function find(node: TreeNodeView, path: string): TreeNodeView | undefined {
  if (node.path === path) return node;
  for (const child of node.children) {
    const found = find(child, path);
    if (found) return found;
  }
  return undefined;
}

function unknownActor(path: string, tree: TreeNodeView): CodiError {
  const paths = allPaths(tree);
  // People also give only the last part of a path.
  const like = paths.find((known) => known.endsWith(`/${path}`)) ?? nearest(path, paths);
  const hint = like === undefined ? 'see `codi tree`' : `did you mean ${like}? see \`codi tree\``;
  return new CodiError('CODI_ACTOR_NOT_FOUND', { path }, { hint });
}

export function allPaths(node: TreeNodeView): string[] {
  return [node.path, ...node.children.flatMap(allPaths)];
}

function pause(delayMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, delayMs));
}
