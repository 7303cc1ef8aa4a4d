import { hash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { ucumUnits } from '../../platform/index.ts';
import type { SimulationTools } from '../world.ts';
import { checkRuleNames, compileChecks, consentPolicy, contractMatrix } from '../../../src-shared/domain/index.ts';

const resource = (file: string): unknown =>
  JSON.parse(readFileSync(path.resolve(import.meta.dirname, '../../../resources', file), 'utf8'));

export const tools: SimulationTools = {
  sha256: (bytes) => new Uint8Array(hash('sha256', bytes, 'buffer')),
  matrix: contractMatrix.parse(resource('contracts/default.json')),
  consentPolicy: consentPolicy.parse(resource('consent/default.json')),
  checks: compileChecks(Object.fromEntries(checkRuleNames.map((name) => [name, resource(`checks/${name}.json`)])), ucumUnits),
  httpDate: (ms) => new Date(ms).toUTCString(),
  idle: () => new Promise((resolve) => process.nextTick(resolve)),
};
