// What the machine must have. Each lack is one line that says what to install.
import { runCommand } from './run-command.mjs';
import { SetupError } from './terminal.mjs';

const NODE_MINIMUM = [20, 19];

export function checkNode() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const [wantedMajor = 0, wantedMinor = 0] = NODE_MINIMUM;
  if (major > wantedMajor || (major === wantedMajor && minor >= wantedMinor)) return;
  throw new SetupError(
    `codi needs Node ${NODE_MINIMUM.join('.')} or newer, this is ${process.versions.node} (${process.execPath})`,
  );
}

const TOOLS = [
  { name: 'a C++ compiler', commands: ['c++', 'g++', 'clang++'], debianPackage: 'g++' },
  { name: 'make', commands: ['make', 'gmake'], debianPackage: 'make' },
  { name: 'python3', commands: ['python3', 'python'], debianPackage: 'python3' },
];

/**
 * Names of the tools an addon needs that are not there.
 * @param {string} cwd
 */
export async function missingTools(cwd) {
  const found = await Promise.all(
    TOOLS.map(async (tool) => {
      const own = tool.debianPackage === 'g++' ? process.env['CXX'] : undefined;
      for (const command of own === undefined ? tool.commands : [own, ...tool.commands]) {
        const { code } = await runCommand(command, ['--version'], { cwd, timeoutMs: 10_000 });
        if (code === 0) return undefined;
      }
      return tool;
    }),
  );
  return found.filter((tool) => tool !== undefined);
}

/** @param {{ name: string, debianPackage: string }[]} tools */
export function describeMissing(tools) {
  const names = tools.map((tool) => tool.name).join(', ');
  const packages = tools.map((tool) => tool.debianPackage).join(' ');
  return `better-sqlite3 must be compiled and this machine lacks ${names} (Debian: apt-get install ${packages})`;
}
