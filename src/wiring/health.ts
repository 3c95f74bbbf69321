import { showBytePath, type BytePath } from '../protocol/byte-path.ts';
import type { OpenGap } from '../actors/watching/gap-book.ts';
import type { GapReason } from '../protocol/gap.ts';
import type { TreeNode } from '../supervisor/index.ts';
import type { Shared } from './shared.ts';

/** States of a supervised child in which it does not do its work. */
const AWAY = new Set([
  'starting',
  'restarting',
  'backing-off',
  'parked',
  'stopped',
  'refusing',
  'suspended',
  'healing',
]);

/** Without these no entry is taken. */
const NEEDED_TO_BE_READY = [
  'core/storage/ledger-writer',
  'core/storage/state-writer',
  'serving/unix',
];

/** Reasons that have their own words, or that nobody has to do anything about. */
const PASSIVE_GAPS: ReadonlySet<GapReason> = new Set(['poll', 'root_gone', 'unmounted']);
/** They stay until somebody does something. */
const LASTING_GAPS: ReadonlySet<GapReason> = new Set(['unreadable', 'watches_exhausted']);
/** Others are over within a scan. */
const LONG_GAP_MS = 60_000;

const MEBIBYTE = 1024 * 1024;

/** A reason why not all is well. Who may ask over HTTP is not known, so what they are told names no path of files. */
export interface Reason {
  text: string;
  publicText: string;
}

/** One look at the daemon, from which `codi status`, /health, /readyz and metrics are made. */
export interface Health {
  workers: TreeNode[];
  reasons: Reason[];
  notReady: string[];
}

export function lookAtHealth(shared: Shared): Health {
  const tree = shared.system.tree();
  const workers = workersOf(tree);
  return {
    workers,
    reasons: [
      ...awayReasons(tree),
      ...rootReasons(shared),
      ...gapReasons(shared),
      ...retentionReasons(shared),
      ...walReasons(shared),
      ...httpReasons(shared),
      ...spoolReasons(shared),
      ...tokenReasons(shared),
      ...shared.audit.reasons(),
      ...shared.scrub.reasons(),
      ...shared.healing.reasons(),
    ],
    notReady: NEEDED_TO_BE_READY.flatMap((path) => {
      const worker = workers.find((candidate) => candidate.path === path);
      if (worker && !AWAY.has(worker.state)) return [];
      return [worker ? awayText(worker) : `${path} is not there`];
    }),
  };
}

export function isAway(node: TreeNode): boolean {
  return AWAY.has(node.state) && !isArriving(node);
}

/** A client that connects at this moment: that is no trouble, however many do. */
function isArriving({ restart, state }: TreeNode): boolean {
  return restart === 'temporary' && state === 'starting';
}

export function isRootAway({ state }: { state: string }): boolean {
  return state === 'failed' || state === 'gone';
}

function workersOf(node: TreeNode): TreeNode[] {
  if (node.type === 'worker') return [node];
  return node.children.flatMap(workersOf);
}

function awayText(node: TreeNode): string {
  return `${node.path} is ${node.state.replace('-', ' ')}`;
}

/** Names of dynamic children are paths of files, so they are told to their owner only. */
function awayReasons(node: TreeNode): Reason[] {
  return node.children.flatMap((child) => {
    if (child.type === 'supervisor') return awayReasons(child);
    if (!isAway(child)) return [];
    const state = awayText(child);
    const publicText =
      node.strategy === 'dynamic'
        ? `one of ${node.path} is ${child.state.replace('-', ' ')}`
        : state;
    // What it met may name files, so that is for the owner.
    const isFailing = child.state === 'backing-off' && child.lastExit !== undefined;
    const text = isFailing ? `${state}: ${child.lastExit!.reason}` : state;
    return [{ text, publicText }];
  });
}

function rootReasons({ roots }: Shared): Reason[] {
  const reasons: Reason[] = [];
  const add = (text: string, publicText = text) => reasons.push({ text, publicText });
  if (!roots.isSettled) add('the first scan is not finished');
  for (const root of roots.all()) {
    if (!isRootAway(root)) continue;
    const path = showBytePath(root.path).path;
    add(`${path}: ${root.reason ?? 'cannot be watched'}`, 'a watched root cannot be watched');
  }
  return reasons;
}

/** What is in doubt about what is watched now. */
export function openGapsOf({ roots, gaps }: Shared): OpenGap[] {
  return roots.all().flatMap((root) => gaps.of(root.path));
}

/** Doubts of moments pass by themselves, and a polled root is as good as it gets. */
function gapReasons(shared: Shared): Reason[] {
  const nowMs = shared.options.environment.clock.nowMs();
  const isWorthAWord = ({ reason, sinceMs }: OpenGap) =>
    !PASSIVE_GAPS.has(reason) &&
    (LASTING_GAPS.has(reason) || nowMs - sinceMs > LONG_GAP_MS || sinceMs > nowMs);
  return openGapsOf(shared)
    .filter(isWorthAWord)
    .map(({ root, path, reason }) => {
      const place = [root, ...(path === undefined ? [] : [path])].join('/') as BytePath;
      const what = `in doubt (${reason}), see \`codi watch gaps --open\``;
      return {
        text: `${showBytePath(place).path} is ${what}`,
        publicText: `a part of a watched root is in doubt (${reason})`,
      };
    });
}

function httpReasons({ httpDoor }: Shared): Reason[] {
  const { problem } = httpDoor;
  return problem === undefined ? [] : [{ text: problem, publicText: problem }];
}

function spoolReasons({ spools }: Shared): Reason[] {
  const { problem } = spools;
  if (problem === undefined) return [];
  return [
    { text: `the spool folder is not read: ${problem}`, publicText: 'the spool is not read' },
  ];
}

function tokenReasons({ tokens }: Shared): Reason[] {
  const { problem } = tokens;
  return problem === undefined ? [] : [{ text: problem, publicText: 'no token can be used' }];
}

function retentionReasons({ retention }: Shared): Reason[] {
  const text = retention.reason();
  return text === undefined ? [] : [{ text, publicText: 'old entries cannot be archived' }];
}

/** The daemon's own readers lose their thread long before: it is another program, and only a person can end that. */
function walReasons({ heldWalBytes }: Shared): Reason[] {
  if (heldWalBytes === undefined) return [];
  const size = `${Math.round(heldWalBytes / MEBIBYTE)} MiB`;
  const text = `a read of ledger.db or state.db that does not end, by a backup or another program, keeps ${size} in the write-ahead log`;
  return [{ text, publicText: text }];
}
