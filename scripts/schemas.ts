// Writes resources/schemas: the JSON Schemas of what Countersign reads and prints, for those who send to it or script it.
//
//   npm run schemas
//
// They are made from the schemas the product itself reads and writes through; a test compares the files with what this would write.
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { outputJsonSchema, outputs, type CommandName } from '../src-main/entry/outputs.ts';
import { faultPlanJsonSchema } from '../src-main/practice-ehr/index.ts';
import {
  businessEventJsonSchema,
  contractMatrixJsonSchema,
  normalizationJsonSchema,
  policyDocumentJsonSchema,
} from '../src-shared/domain/index.ts';
import { projectRoot } from './ensure-installed.mjs';

export const schemaFolder = path.join(projectRoot, 'resources', 'schemas');

/** Every schema file, by its path inside `resources/schemas`. */
export function schemaFiles(): ReadonlyMap<string, string> {
  const commands = Object.keys(outputs) as CommandName[];
  const schemas: readonly (readonly [file: string, schema: unknown])[] = [
    ['business-event-1.0.schema.json', named('business-event-1.0', 'Business event, format 1.0', businessEventJsonSchema())],
    ['contract-matrix.schema.json', named('contract-matrix', 'Contract matrix', contractMatrixJsonSchema())],
    [
      'policy.schema.json',
      named('policy', 'Policy document: contract, override, consent or agreements', policyDocumentJsonSchema()),
    ],
    ['normalization.schema.json', named('normalization', 'Rules of normalization', normalizationJsonSchema())],
    ['practice-ehr-faults.schema.json', faultPlanJsonSchema()],
    ...commands.map((command): [string, unknown] => [
      `cli/${command}.schema.json`,
      named(
        `cli:${command}`,
        `Output of "countersign ${command.replace(/^(person|source|connection|audit|policy|consent)-/, '$1 ')} --json"`,
        outputJsonSchema(command),
      ),
    ]),
  ];
  return new Map(schemas.map(([file, schema]) => [file, `${JSON.stringify(schema, null, 2)}\n`]));
}

/** The schema with its name and title at the head, as readers look for them there. */
function named(id: string, title: string, schema: unknown): unknown {
  const { $schema, ...rest } = schema as Readonly<Record<string, unknown>>;
  return { $schema, $id: `urn:countersign:schema:${id}`, title, ...rest };
}

if (process.argv[1] === import.meta.filename) {
  const files = schemaFiles();
  mkdirSync(path.join(schemaFolder, 'cli'), { recursive: true });
  // A command that is gone must not leave its schema behind.
  for (const file of readdirSync(schemaFolder, { recursive: true, encoding: 'utf8' })) {
    if (file.endsWith('.schema.json') && !files.has(file.replaceAll(path.sep, '/'))) rmSync(path.join(schemaFolder, file));
  }
  for (const [file, text] of files) writeFileSync(path.join(schemaFolder, file), text);
  process.stdout.write(`${files.size} schemas in ${schemaFolder}\n`);
}
