export { checkRuleNames, compileChecks } from './compiled.ts';
export type { CheckRules } from './compiled.ts';
export { checkEvent, checkWriteContent } from './event.ts';
export { stopsContent } from './findings.ts';
export { checkResourceCodes } from './resource.ts';
