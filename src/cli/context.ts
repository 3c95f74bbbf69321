import type { Command } from 'commander';
import type { CliIo } from './cli-io.ts';
import type { CommandRow } from './command-table.ts';
import { readGlobalOptions } from './global-options.ts';
import { Invocation } from './invocation.ts';
import { Output } from './output.ts';

/** What every command file is given when it is defined. */
export class CliContext {
  readonly io: CliIo;
  readonly version: string;
  readonly commands: readonly CommandRow[];
  readonly #streams: { out: Output; notes: Output };
  /** What the process exits with; set by the command that ran. */
  exitCode = 0;

  constructor(io: CliIo, version: string, commands: readonly CommandRow[]) {
    this.io = io;
    this.version = version;
    this.commands = commands;
    this.#streams = { out: new Output(io.stdout), notes: new Output(io.stderr) };
  }

  get out(): Output {
    return this.#streams.out;
  }

  get notes(): Output {
    return this.#streams.notes;
  }

  /** Runs a command's action with its flags read; a number it returns is the exit code. */
  async run(
    command: Command,
    action: (invocation: Invocation) => Promise<number | void>,
  ): Promise<void> {
    const invocation = new Invocation(this.io, readGlobalOptions(command), this.#streams);
    const exitCode = await action(invocation);
    await this.out.flush();
    this.exitCode = exitCode ?? 0;
  }
}
