import { mkdirSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';

/** @type {[string, string][]} */
const LINKS = [
  ['codi', '../../codi'],
  ['codi-monitor', '../../dist/monitor.js'],
];

/**
 * Makes `npx codi` work in the checkout without a look at the network: npx takes what stands in
 * node_modules/.bin first.
 * @param {string} root
 */
export function linkCommands(root) {
  const folder = join(root, 'node_modules', '.bin');
  mkdirSync(folder, { recursive: true });
  for (const [name, target] of LINKS) {
    const link = join(folder, name);
    rmSync(link, { force: true });
    symlinkSync(target, link);
  }
}
