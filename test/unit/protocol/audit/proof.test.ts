import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bundleProof, checkProof, type ProofBundle } from '#codi/protocol/audit/proof.js';
import type { ProofParts } from '#codi/workers/storage/notary.messages.js';
import { openLedger } from '../../../support/ledger-store.ts';
import { commitBlocks, NotaryWorld } from '../../../support/notary.ts';

let ledger: ReturnType<typeof openLedger>;
let world: NotaryWorld;
const BLOCKS = 11;
const EACH = 3;

beforeAll(() => {
  ledger = openLedger();
  ledger.database.pragma('synchronous = OFF');
  commitBlocks(ledger.store, BLOCKS, EACH);
  world = new NotaryWorld(ledger.dataDir).start();
});
afterAll(() => {
  world.close();
  ledger.close();
});

function prove(number: number): ProofBundle {
  const command = { type: 'prove', database: 'ledger', stream: 1, number, offset: 0 } as const;
  const { canonical, ...parts } = world.notary.run(command) as ProofParts;
  const bytes = Buffer.from(canonical, 'base64');
  return bundleProof({ ...parts, canonical: bytes, database: 'ledger', stream: 'log', number });
}

describe('a proof bundle', () => {
  test('shows every entry with the public key alone', () => {
    for (let number = 1; number <= BLOCKS * EACH; number++) {
      const checked = checkProof(JSON.parse(JSON.stringify(prove(number))), world.keys());
      expect(checked).toMatchObject({ ok: true, block: Math.floor((number - 1) / EACH) });
      expect(checked.ok && checked.entry).toMatchObject({ stream: 'log', number, level: 'Info' });
    }
  });

  test('is refused when any part of it is another one', () => {
    const good = prove(5);
    const other = prove(9);
    const refused = (changed: object) => {
      const checked = checkProof({ ...good, ...changed }, world.keys());
      return checked.ok ? 'it was taken' : checked.reason;
    };
    const { entry, block, inclusion } = good;
    expect(refused({})).toBe('it was taken');
    expect(refused({ entry: { ...entry, message: 'I did not do it' } })).toMatch(/not the one/);
    expect(refused({ entry: { ...entry, more: 1 } })).toMatch(/not the one/);
    expect(refused({ entry: { ...entry, number: 99 } })).toMatch(/log:99 is not in its block/);
    expect(refused({ block: { ...block, canonical: other.block.canonical } })).toMatch(/leaf/);
    expect(refused({ block: other.block, entry: other.entry })).toMatch(/signed root/);
    expect(refused({ block: { ...block, n: block.n + 1 } })).toMatch(/signed root/);
    expect(refused({ inclusion: { ...inclusion, tree_size: BLOCKS - 1 } })).toMatch(/its path is/);
    expect(refused({ inclusion: other.inclusion })).toMatch(/signed root/);
    expect(refused({ database: 'state' })).toMatch(/not of the state database/);
    expect(refused({ checkpoint: world.note('state') })).toMatch(/not of the ledger database/);
    expect(refused({ checkpoint: '' })).toMatch(/does not hold/);
    expect(refused({ format: 'codi-proof-v2' })).toMatch(/it is no codi-proof-v1/);
    expect(refused({ comment: 'trust me' })).toMatch(/it is no codi-proof-v1/);
    expect(checkProof(good, [])).toMatchObject({ ok: false });
    expect(checkProof(null, world.keys())).toMatchObject({ ok: false });
  });

  test('of an entry that is not signed yet has it signed first', () => {
    commitBlocks(ledger.store, 1, EACH);
    const bundle = prove(BLOCKS * EACH + 1);
    expect(bundle.inclusion.tree_size).toBe(BLOCKS + 1);
    expect(checkProof(bundle, world.keys())).toMatchObject({ ok: true });
  });

  test('of an entry that does not exist is not found', () => {
    expect(() => prove(10_000)).toThrow(/there is no entry 10000/);
  });

  test('of an entry whose row was altered is refused, and names the block', () => {
    ledger.database.exec("UPDATE logs SET message = 'altered' WHERE id = 8");
    expect(() => prove(7)).toThrow(/block 2: its entries do not match its leaf/);
  });
});
