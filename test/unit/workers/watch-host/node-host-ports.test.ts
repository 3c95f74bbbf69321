import { expect, it } from 'vitest';
import { nodeHostPorts } from '#codi/workers/watch-host/node-host-ports.js';

it('a watch host goes on where the system does not tell how much memory it holds', () => {
  const untold = () => {
    throw new Error('ENOENT: no such file or directory, uv_resident_set_memory');
  };
  expect(nodeHostPorts('linux', 1, untold).measure().memoryBytes).toBe(0);
});
