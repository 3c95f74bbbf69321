import type { Command } from 'commander';
import type { DebugSubscriptions } from '../../protocol/debug/verbs.ts';
import { terminalColumns } from '../cli-io.ts';
import type { CliContext } from '../context.ts';
import { followDebug } from '../debug-stream.ts';
import { noteStaleness } from '../freshness.ts';
import { untilInterrupted } from '../interruption.ts';
import type { Invocation } from '../invocation.ts';
import { hasScreen, runScreen } from '../screens/run-screen.ts';
import { treeChangeLine } from '../tree-change-line.ts';
import { treeLines } from '../tree-lines.ts';
import { TreeModel } from '../tree-model.ts';
import { TreeWatch } from '../tree-watch.ts';

type TreeEvent = DebugSubscriptions['watch_tree']['event'];

/** `codi tree` */
export function define(command: Command, context: CliContext): void {
  command
    .option('-w, --watch', 'follow it: live on a terminal, a line for each change on a pipe')
    .addHelpText(
      'after',
      `
Examples:
  codi tree
  codi tree --watch
  codi tree --watch --json | jq -c 'select(.kind == "changed") | [.path, .node.state]'
  codi tree --json | jq '.children[].path'`,
    )
    .action((options: { watch?: boolean }) =>
      context.run(command, (invocation) =>
        options.watch ? watchTree(invocation) : showTree(invocation),
      ),
    );
}

async function showTree(invocation: Invocation): Promise<void> {
  const tree = await invocation.withDebug((debug) => debug.call('tree', {}));
  const { out, globals, style, io } = invocation;
  await noteStaleness(tree, invocation);
  if (globals.json) return out.json(tree);
  const columns = terminalColumns(io.stdout);
  await out.lines(treeLines(tree, { style, nowMs: io.nowMs(), columns }));
}

function watchTree(invocation: Invocation): Promise<void> {
  const isOnScreen = hasScreen(invocation) && !invocation.globals.json;
  return untilInterrupted(invocation, (signal) =>
    isOnScreen ? watchOnScreen(invocation, signal) : watchInLines(invocation, signal),
  );
}

async function watchOnScreen(invocation: Invocation, signal: AbortSignal): Promise<void> {
  const { io, style } = invocation;
  const watch = new TreeWatch();
  await runScreen(invocation, {
    instead: 'codi tree',
    load: async () => {
      const { treeView } = await import('../screens/tree-app.tsx');
      return treeView({ watch, style, nowMs: () => io.nowMs() });
    },
    work: (over) =>
      followDebug(
        invocation,
        () => ({
          verb: 'watch_tree',
          params: {},
          onEvent: async (event) => watch.take(event),
        }),
        {
          patienceMs: Number.POSITIVE_INFINITY,
          onGap: async (isBack) => watch.setConnected(isBack),
        },
        AbortSignal.any([signal, over, watch.quitSignal]),
      ),
  });
}

async function watchInLines(invocation: Invocation, signal: AbortSignal): Promise<void> {
  const { out, globals } = invocation;
  const print = globals.json ? jsonPrinter(invocation) : linePrinter(invocation);
  await followDebug(
    invocation,
    () => ({
      verb: 'watch_tree',
      params: {},
      onEvent: async (event) => {
        await print(event);
        await out.flush();
      },
    }),
    {
      onGap: (isBack) =>
        invocation.note(isBack ? 'the daemon is back' : 'the daemon went away; waiting for it'),
    },
    signal,
  );
}

function jsonPrinter({ out }: Invocation): (event: TreeEvent) => Promise<void> {
  return async (event) => {
    if (event.kind === 'snapshot') return out.json(event);
    for (const delta of event.deltas) await out.json(delta);
  };
}

function linePrinter({ out, style, io }: Invocation): (event: TreeEvent) => Promise<void> {
  let model: TreeModel | undefined;
  return async (event) => {
    if (event.kind === 'snapshot') {
      model = new TreeModel(event.root);
      return;
    }
    for (const delta of event.deltas) {
      const before = delta.kind === 'changed' ? model?.node(delta.path) : undefined;
      const line = treeChangeLine(delta, before, { style, nowMs: io.nowMs() });
      model?.apply(delta);
      if (line !== undefined) await out.line(line);
    }
  };
}
