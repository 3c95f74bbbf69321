import { resolve } from 'node:path';
import type { Command } from 'commander';
import type { CliContext } from '../context.ts';
import { backUpStore } from '../store/backup.ts';
import { printSegments } from '../store/cat.ts';
import { compactStore } from '../store/compact.ts';
import { rekeyStore } from '../store/rekey.ts';
import { repairStore } from '../store/repair.ts';
import { listSegments } from '../store/segments.ts';
import { restoreStore } from '../store/restore.ts';
import { showStats } from '../store/stats.ts';
import { verifyStore } from '../store/verify.ts';

/** `codi store stats|ls|cat|verify|repair|compact|backup|restore|rekey` */
export function define(command: Command, context: CliContext): void {
  command.addHelpText(
    'after',
    `
Examples:
  codi store stats
  codi store verify
  codi store backup /mnt/backup/codi
  codi store cat | jq -c 'select(.level == "Error")'`,
  );
  const stats = command
    .command('stats')
    .description('how much it holds, and how long that is kept');
  stats.action(() => context.run(stats, showStats));
  const ls = command.command('ls').description('list archive segments, the oldest first');
  ls.action(() => context.run(ls, listSegments));
  defineCat(command, context);
  const verify = command.command('verify').description('check everything that is stored');
  verify
    .option('--exports', 'also read and hash the contents of exports')
    .addHelpText(
      'after',
      `
Rows and archive segments, as \`codi audit verify\` does. Exit code 6 when something is wrong.

Examples:
  codi store verify
  codi store verify --exports`,
    )
    .action((options: { exports?: boolean }) =>
      context.run(verify, (invocation) =>
        verifyStore({ hasExports: options.exports === true }, invocation),
      ),
    );
  defineRepair(command, context);
  const compact = command.command('compact').description('archive now what is due');
  compact
    .option('--dry-run', 'only say what would go')
    .addHelpText('after', '\nExample:\n  codi store compact --dry-run')
    .action((options: { dryRun?: boolean }) =>
      context.run(compact, (invocation) => compactStore(options.dryRun === true, invocation)),
    );
  defineCopies(command, context);
  defineRekey(command, context);
}

function defineRepair(command: Command, context: CliContext): void {
  const repair = command.command('repair').description('heal damaged databases');
  repair
    .option('--check', 'only say what is damaged')
    .addHelpText(
      'after',
      `
The daemon must be stopped; it heals by itself when it meets damage. The damaged files are moved aside, not deleted.
Exit code 6 when something is damaged (--check), or was lost.

Examples:
  codi store repair --check
  codi daemon stop && codi store repair`,
    )
    .action((options: { check?: boolean }) =>
      context.run(repair, (invocation) => repairStore(options.check === true, invocation)),
    );
}

function defineCat(command: Command, context: CliContext): void {
  const cat = command.command('cat').description('print archived entries as JSON lines');
  cat
    .argument('[segments...]', 'their names, as `codi store ls` prints them (all when absent)')
    .option('--blocks', 'with the lines of the blocks')
    .addHelpText(
      'after',
      `
Examples:
  codi store cat | jq -c 'select(.stream == "log")'
  codi store cat ledger-000000000000-000000000411.jsonl.gz --blocks`,
    )
    .action((files: string[], options: { blocks?: boolean }) =>
      context.run(cat, (invocation) =>
        printSegments(files, { withBlocks: options.blocks === true }, invocation),
      ),
    );
}

function defineCopies(command: Command, context: CliContext): void {
  const backup = command.command('backup').description('copy it to a folder, also while it runs');
  backup
    .argument('<folder>', 'empty, or a backup: then only what is new is copied')
    .addHelpText('after', '\nExample:\n  codi store backup /mnt/backup/codi')
    .action((folder: string) =>
      context.run(backup, (invocation) =>
        backUpStore(resolve(invocation.io.cwd, folder), invocation),
      ),
    );
  const restore = command.command('restore').description('put a backup into the data directory');
  restore
    .argument('<folder>', 'a backup')
    .option('--force', 'also when there is a store already; it is moved aside')
    .addHelpText(
      'after',
      `
The daemon must be stopped. The backup is verified before anything changes.

Examples:
  codi daemon stop && codi store restore /mnt/backup/codi --force
  codi --data-dir /tmp/look store restore /mnt/backup/codi`,
    )
    .action((folder: string, options: { force?: boolean }) =>
      context.run(restore, (invocation) =>
        restoreStore(
          resolve(invocation.io.cwd, folder),
          { mayReplace: options.force === true },
          invocation,
        ),
      ),
    );
}

function defineRekey(command: Command, context: CliContext): void {
  const rekey = command.command('rekey').description('encrypt it, change its key, or decrypt it');
  rekey
    .option('--new-key-file <file>', 'with the new key (or CODI_STORAGE_NEW_ENCRYPTION_KEY)')
    .option('--decrypt', 'no key any more')
    .addHelpText(
      'after',
      `
The daemon must be stopped. The present key is the one that is set; a store that is not encrypted yet is encrypted
with it when no new one is named. Everything is written anew beside the store and verified before it takes its place,
so there must be room for a second copy. A key itself is never an argument.

Examples:
  codi store rekey
  codi store rekey --new-key-file ~/.config/codi/next.key
  codi store rekey --decrypt`,
    )
    .action((options: { newKeyFile?: string; decrypt?: boolean }) =>
      context.run(rekey, (invocation) =>
        rekeyStore(
          { newKeyFile: options.newKeyFile, isDecrypting: options.decrypt === true },
          invocation,
        ),
      ),
    );
}
