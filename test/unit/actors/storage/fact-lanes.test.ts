import { describe, expect, it } from 'vitest';
import { FactLanes } from '#codi/actors/storage/fact-lanes.js';
import type { Item } from '#codi/actors/storage/ingest-item.js';

let nextBatch = 1;
const common = () => ({ batch: nextBatch++, bytes: 0, frameCount: 0 });

function changes(rootPath: string, count = 1): Item {
  const costBytes = count * 1_024;
  return { kind: 'fileEvents', rootPath, ...common(), costBytes } as unknown as Item;
}

function act(): Item {
  return { kind: 'acts', acts: [], ...common(), costBytes: 0 };
}

const takeAll = (lanes: FactLanes) => {
  const taken: Item[] = [];
  for (let item = lanes.take(); item; item = lanes.take()) taken.push(item);
  return taken;
};

describe('changes on their way to the ledger', () => {
  it('of one root keep their order, also those that were taken and go again', () => {
    const lanes = new FactLanes();
    const items = [changes('/a', 9), changes('/a', 1), changes('/a', 5)];
    for (const item of items) lanes.add(item);
    const first = [lanes.take()!, lanes.take()!];
    lanes.putBack([first[1]!, first[0]!]);
    expect([...lanes]).toEqual(items);
    expect([lanes.length, takeAll(lanes), lanes.length]).toEqual([3, items, 0]);
  });

  it('of a quiet root do not wait behind those of a busy one, nor do acts', () => {
    const lanes = new FactLanes();
    for (let batch = 0; batch < 8; batch++) lanes.add(changes('/storm', 1_000));
    for (let batch = 0; batch < 3; batch++) lanes.take();
    const [quiet, gap] = [changes('/quiet'), act()];
    lanes.add(quiet);
    lanes.add(gap);
    const next = [lanes.take(), lanes.take(), lanes.take()];
    expect(new Set(next.slice(0, 2))).toEqual(new Set([quiet, gap]));
    expect(next[2]).toMatchObject({ rootPath: '/storm' });
  });

  it('of two busy roots go in turns, whoever had been idle before', () => {
    const lanes = new FactLanes();
    for (let batch = 0; batch < 40; batch++) lanes.add(changes('/early', 100));
    for (let batch = 0; batch < 20; batch++) lanes.take();
    for (let batch = 0; batch < 20; batch++) lanes.add(changes('/late', 100));
    const order = takeAll(lanes)
      .slice(0, 12)
      .map((item) => 'rootPath' in item && item.rootPath);
    expect(order.filter((root) => root === '/early')).toHaveLength(6);
  });

  it('of a root that always has one more do not keep others waiting', () => {
    const lanes = new FactLanes();
    lanes.add(changes('/patient'));
    let turns = 0;
    for (let isTaken = false; !isTaken && turns < 10; turns++) {
      lanes.add(changes('/busy'));
      isTaken = (lanes.take() as { rootPath?: string }).rootPath === '/patient';
    }
    expect(turns).toBeLessThan(4);
  });
});
