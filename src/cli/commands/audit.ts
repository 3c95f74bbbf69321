import type { Command } from 'commander';
import { CodiError, EXIT } from '../../protocol/errors.ts';
import { listActs, type ActOptions } from '../audit-acts.ts';
import { describeBreak } from '../audit-findings.ts';
import { withAuditSource } from '../audit-source.ts';
import { verifyAll, verifyProof, type VerifyOptions } from '../audit-verify.ts';
import type { CliContext } from '../context.ts';
import type { Invocation } from '../invocation.ts';
import { withProgress } from '../progress.ts';
import { fetchProof, readEntry } from '../proof-text.ts';
import { safeText } from '../safe-text.ts';

/** `codi audit head|log|prove|verify` */
export function define(command: Command, context: CliContext): void {
  command.addHelpText(
    'after',
    `
Works with a running daemon, and without one on its data directory.

Examples:
  codi audit head
  codi audit log --since yesterday
  codi audit prove log:42 > proof.json
  codi audit verify
  codi audit verify --proof proof.json --key key.pub`,
  );
  const head = command.command('head').description('print the newest signed checkpoints');
  head
    .addHelpText('after', '\nExample:\n  codi audit head > known-good.note')
    .action(() => context.run(head, printHead));
  defineLog(command, context);
  const prove = command
    .command('prove')
    .description('print what shows that an entry is in the signed tree');
  prove
    .argument('<entry>', 'log:42 or 42, file:7, state:3, root:1, act:2, export:1')
    .addHelpText(
      'after',
      `
The proof holds all entries of the same commit. Whoever has it and the public key can check it.

Examples:
  codi audit prove 42 > proof.json
  codi audit prove file:7 | jq .entry`,
    )
    .action((entry: string) => context.run(prove, (invocation) => printProof(entry, invocation)));
  const verify = command
    .command('verify')
    .description('check every entry, every block and every checkpoint, or one proof');
  verify
    .option('--proof <file>', 'check this proof and nothing else (- reads standard input)')
    .option('--key <file>', "public key to check it with (the data directory's when absent)")
    .option(
      '--checkpoint <file>',
      'also check that all begins with this checkpoint, kept elsewhere',
    )
    .option('--database <name>', 'only ledger or state')
    .addHelpText(
      'after',
      `
Exit codes: 0 all is as it was committed and signed, 6 something is not.

Examples:
  codi audit verify
  codi audit verify --json | jq .findings
  codi audit verify --checkpoint known-good.note --key key.pub
  codi audit verify --proof proof.json --key key.pub`,
    )
    .action((options: VerifyOptions) =>
      context.run(verify, (invocation) =>
        options.proof === undefined
          ? verifyAll(options, invocation)
          : verifyProof(options.proof, options.key, invocation),
      ),
    );
}

function defineLog(command: Command, context: CliContext): void {
  const log = command
    .command('log')
    .description('list what was done to the daemon, by people and by itself, newest first');
  log
    .option('--kind <kind>', 'only this, such as debug.kill')
    .option('--subject <name>', 'only what was done to this, such as core/storage/ledger-writer')
    .option('--since <time>', 'not before this time')
    .option('--until <time>', 'before this time')
    .option('-n, --limit <count>', 'at most so many (50 on a terminal)')
    .addHelpText(
      'after',
      `
Needs a running daemon. Acts are entries of the ledger: \`codi audit prove act:7\` proves one.

Examples:
  codi audit log
  codi audit log --kind debug.kill --since 2d
  codi audit log --json | jq -r .actor | sort | uniq -c`,
    )
    .action((options: ActOptions) =>
      context.run(log, (invocation) => listActs(options, invocation)),
    );
}

async function printHead(invocation: Invocation): Promise<number> {
  const { out, globals } = invocation;
  const head = await withAuditSource(invocation, (source) => source.ask('AuditHead', {}));
  const { databases, keys, alarms } = head;
  const breaks = head.breaks ?? [];
  if (globals.json) await out.json({ databases, keys, alarms, breaks });
  else {
    for (const { checkpoint } of databases)
      if (checkpoint != null)
        await out.line(checkpoint.trimEnd().split('\n').map(safeText).join('\n'));
    for (const known of breaks) await invocation.note(safeText(describeBreak(known)));
    for (const { about, reason, detected_at: at } of alarms)
      await invocation.note(`alarm: ${safeText(`${about}: ${reason} (${at})`)}`);
  }
  if (databases.every(({ checkpoint }) => checkpoint == null))
    throw new CodiError('CODI_NOT_FOUND', { what: 'signed checkpoint yet' });
  return alarms.length > 0 ? EXIT.degraded : EXIT.done;
}

async function printProof(text: string, invocation: Invocation): Promise<void> {
  const entry = readEntry(text);
  const proof = await withProgress(invocation, 'building the proof', () =>
    withAuditSource(invocation, (source) => fetchProof(source, entry)),
  );
  const { out, globals } = invocation;
  if (globals.json) await out.json(proof);
  else await out.line(JSON.stringify(proof, null, 2));
}
