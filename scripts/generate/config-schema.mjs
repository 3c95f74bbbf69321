// config/schema.json: JSON Schema of the file, for editors.
import { z } from 'zod';

import { SETTINGS } from '../../dist/config/catalogue.js';
import { FREE_SECTION, SECTIONS } from '../../dist/config/schema.js';

export const path = 'config/schema.json';

export function generate() {
  /** @type {Record<string, z.ZodType>} */
  const sections = {};
  for (const { tomlName, title } of Object.values(SECTIONS)) {
    const settings = SETTINGS.filter((setting) => setting.section === tomlName);
    const shape = Object.fromEntries(settings.map((setting) => [setting.key, described(setting)]));
    const section = tomlName === FREE_SECTION ? z.looseObject({}) : z.strictObject(shape);
    sections[tomlName] = section.optional().describe(title);
  }
  const file = z.strictObject(sections).meta({ title: 'Configuration of codi' });
  return `${JSON.stringify(z.toJSONSchema(file, { io: 'input' }), null, 2)}\n`;
}

/** @param {import('../../dist/config/catalogue.js').Setting} setting */
function described({ schema, description, isPending }) {
  const note = isPending ? ' Accepted; no effect in this version.' : '';
  return schema.describe(`${description.replaceAll('`', '')}${note}`);
}
