import { resolve } from 'node:path';
import type { Command } from 'commander';
import type { CliContext } from '../context.ts';
import { createToken, type CreateOptions } from '../token/create.ts';
import { listTokens } from '../token/list.ts';
import { revokeToken } from '../token/revoke.ts';

/** `codi token create|list|rotate|revoke` */
export function define(command: Command, context: CliContext): void {
  command.addHelpText(
    'after',
    `
Tokens let clients in over TCP (monitor.tcp_port). They work at once, with a running daemon and without one. The secret
is shown once; what is kept is its SHA-256. Every change is an act in the ledger: codi audit log --kind token.create

Examples:
  codi token create deploy --scope write --expires 90d --out deploy.token
  codi token list
  codi token rotate deploy --out deploy.token.new
  codi token revoke deploy`,
  );
  defineCreate(command, context);
  const list = command
    .command('list')
    .alias('ls')
    .description('list tokens, without their secrets');
  list
    .addHelpText('after', '\nExample:\n  codi token list --json | jq -r .name')
    .action(() => context.run(list, listTokens));
  defineRotate(command, context);
  const revoke = command
    .command('revoke')
    .description('end a token, and the connections it let in');
  revoke
    .argument('<name>', 'all tokens of this name')
    .option('--id <id>', 'only the one with this id')
    .addHelpText(
      'after',
      '\nExamples:\n  codi token revoke deploy\n  codi token revoke deploy --id 5d41402abc4b',
    )
    .action((name: string, options: { id?: string }) =>
      context.run(revoke, (invocation) => revokeToken(name, options.id, invocation)),
    );
}

function defineCreate(command: Command, context: CliContext): void {
  const create = command.command('create').description('make a token, and print it');
  create
    .argument('<name>', 'what it is called in lists, logs and the ledger')
    .option(
      '--scope <scopes>',
      'read, write, admin; several with commas, or given again (default: read,write)',
      (scopes: string, before?: string) => (before === undefined ? scopes : `${before},${scopes}`),
    )
    .option('--expires <time>', 'when it ends: 90d, 12h, or a time (never when absent)')
    .option('--out <file>', 'write it to this new file, mode 0600, instead of printing it')
    .addHelpText(
      'after',
      `
read   query, tail, list, prove
write  log entries and sessions
admin  all that, and watch, archive, back up, and make tokens

Examples:
  codi token create deploy --scope write --out deploy.token
  codi token create dashboard --scope read --expires 30d
  TOKEN=$(codi token create build -q)`,
    )
    .action((name: string, options: CreateOptions) =>
      context.run(create, (invocation) =>
        createToken(
          name,
          { scope: 'read,write', ...withPath(options, invocation.io.cwd) },
          invocation,
        ),
      ),
    );
}

function defineRotate(command: Command, context: CliContext): void {
  const rotate = command
    .command('rotate')
    .description('make a second token of a name; the first one ends after a while');
  rotate
    .argument('<name>', 'of a token that is valid')
    .option('--overlap <duration>', 'how long the first one is still valid', '1d')
    .option('--expires <time>', 'when the new one ends (never when absent)')
    .option('--out <file>', 'write it to this new file, mode 0600, instead of printing it')
    .addHelpText(
      'after',
      `
At most two tokens of a name are valid at a time.

Examples:
  codi token rotate deploy --out deploy.token.new
  codi token rotate deploy --overlap 1h`,
    )
    .action((name: string, options: CreateOptions & { overlap: string }) =>
      context.run(rotate, (invocation) =>
        createToken(name, withPath(options, invocation.io.cwd), invocation),
      ),
    );
}

function withPath(options: CreateOptions, cwd: string): CreateOptions {
  return options.out === undefined ? options : { ...options, out: resolve(cwd, options.out) };
}
