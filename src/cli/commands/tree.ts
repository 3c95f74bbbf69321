import type { Command } from 'commander';
import { terminalColumns } from '../cli-io.ts';
import type { CliContext } from '../context.ts';
import { treeLines } from '../tree-lines.ts';

/** `codi tree` */
export function define(command: Command, context: CliContext): void {
  command
    .addHelpText('after', `\nExamples:\n  codi tree\n  codi tree --json | jq '.children[].path'`)
    .action(() =>
      context.run(command, async (invocation) => {
        const tree = await invocation.withDebug((debug) => debug.tree());
        const { out, globals, style, io } = invocation;
        if (globals.json) return out.json(tree);
        const columns = terminalColumns(io.stdout);
        await out.lines(treeLines(tree, { style, nowMs: io.nowMs(), columns }));
      }),
    );
}
