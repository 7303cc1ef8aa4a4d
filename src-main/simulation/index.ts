export { sumOfHashes } from './chance.ts';
export { simulate } from './simulate.ts';
export type { Failure, SimulateOptions, SimulationReport } from './simulate.ts';
export type { SimulationTools } from './world.ts';
