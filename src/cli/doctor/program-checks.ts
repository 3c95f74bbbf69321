import { createRequire } from 'node:module';
import { release } from 'node:os';
import type SqliteDatabase from 'better-sqlite3';
import { objectWrapHeader } from '../../config/package-files.ts';
import { abortingAddon, compileCommand } from '../../config/sqlite-addon.ts';
import { bad, ok, warn, type Check } from './check.ts';

const require = createRequire(import.meta.url);
const NODE_MIN = [20, 19] as const;

/** The packages codi works without, and what it cannot do then. */
const OPTIONAL = [
  ['better-sqlite3-multiple-ciphers', 'encryption of the store'],
  ['koffi', 'limits for each user on the Unix sockets'],
] as const;

/** The program itself: what it runs on, and whether its native parts can be loaded. */
export function programChecks(nodeVersion: string): Check[] {
  return [nodeCheck(nodeVersion), sqliteCheck(nodeVersion), watcherCheck(), optionalCheck()];
}

function nodeCheck(version: string): Check {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const isNew = major > NODE_MIN[0] || (major === NODE_MIN[0] && minor >= NODE_MIN[1]);
  const detail = `Node ${version}, ${release()}`;
  return isNew ? ok('node', detail) : bad('node', detail, 'codi needs Node 20.19 or newer');
}

function sqliteCheck(nodeVersion: string): Check {
  const name = abortingAddon(nodeVersion);
  if (name !== undefined) {
    const detail = `${name} was compiled so that Node ${nodeVersion} ends codi at random moments`;
    return bad('sqlite', detail, compileCommand(name, objectWrapHeader()));
  }
  try {
    const Database = require('better-sqlite3') as typeof SqliteDatabase;
    new Database(':memory:').close();
    return ok('sqlite', 'better-sqlite3 can be loaded');
  } catch (error) {
    const { message } = error as Error;
    return bad('sqlite', `better-sqlite3 cannot be loaded: ${message}`, 'install codi anew');
  }
}

function watcherCheck(): Check {
  try {
    require('@parcel/watcher');
    return ok('parcel-watcher', '@parcel/watcher can be loaded');
  } catch (error) {
    const { message } = error as Error;
    const hint = 'install codi anew; until then large trees take one watch for each folder';
    return warn('parcel-watcher', `@parcel/watcher cannot be loaded: ${message}`, hint);
  }
}

function optionalCheck(): Check {
  const parts = OPTIONAL.map(([name, use]) => {
    try {
      require.resolve(name);
      return `${name} is there`;
    } catch {
      return `${name} is not (${use})`;
    }
  });
  return ok('optional-packages', parts.join(', '));
}
