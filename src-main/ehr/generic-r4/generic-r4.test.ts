import { asObject, parseExact, stringifyExact, type ExactObject } from '../../../src-shared/fhir/index.ts';
import { gatewayContract, type ContractEhr, type ContractFault } from '../testing/contract.ts';
import { clock, countingIds, sha256 } from '../testing/runtime.ts';
import { bundle, ScriptedEhr, type Call, type Script } from '../testing/scripted-ehr.ts';
import { createGenericR4Gateway, type GenericR4Options } from './index.ts';

const JSON_TYPE = { 'content-type': 'application/fhir+json' };
const refusal =
  (status: number, headers: Record<string, string> = {}): Script =>
  (call) =>
    call.answer({ status, headers });

/** Lets the chart do it, and then says something else about it. */
const after =
  (script: Script): Script =>
  (call) => {
    call.carryOut();
    script(call);
  };

const everything =
  (ehr: ScriptedEhr): Script =>
  (call) => {
    const type = call.seen.url.split('?')[0]?.split('/').at(-1) ?? '';
    call.answer({ status: 200, body: bundle('searchset', ehr.all(type), [{ relation: 'self', url: `${ehr.baseUrl}${type}` }]) });
  };

function withoutNote(call: Call): void {
  const parsed = parseExact(call.seen.body, 64);
  const { note: _, ...kept } = (parsed.ok ? asObject(parsed.value) : undefined) ?? {};
  (call.seen as { body: string }).body = stringifyExact(kept);
  call.answer(call.carryOut());
}

const scripts: Readonly<Record<Exclude<ContractFault, 'validation' | 'ignored-search' | 'search-lag'>, Script>> = {
  'lost-reply': after(() => undefined),
  'never-arrived': () => undefined,
  'cut-answer': after((call) =>
    call.response.writeHead(201, { ...JSON_TYPE, 'content-length': '500' }).write('{"resourceType":', () => call.breakOff()),
  ),
  'accepted-only': refusal(202),
  'error-in-200': (call) =>
    call.answer({ status: 200, body: '{"resourceType":"OperationOutcome","issue":[{"severity":"error","code":"processing"}]}' }),
  'login-page': (call) =>
    call.answer({ status: 200, headers: { 'content-type': 'text/html' }, body: '<html>Please sign in</html>' }),
  'no-word': after(refusal(201)),
  unauthorized: refusal(401),
  forbidden: refusal(403),
  'rate-limit': refusal(429, { 'retry-after': '7' }),
  unavailable: refusal(503, { 'retry-after': '7' }),
  'dropped-note': withoutNote,
};

const can: readonly ContractFault[] = [...(Object.keys(scripts) as (keyof typeof scripts)[]), 'ignored-search', 'search-lag'];

async function scripted(options: Pick<GenericR4Options, 'updateBy'>): Promise<ContractEhr> {
  const ehr = await ScriptedEhr.start();
  const opened = createGenericR4Gateway({
    baseUrl: ehr.baseUrl,
    credential: () => Promise.resolve(null),
    sha256,
    clock,
    random: countingIds(),
    ...options,
  });
  if ('refused' in opened) throw new Error(opened.message);
  return {
    gateway: opened,
    can: new Set(can),
    seed: (resource: ExactObject) => Promise.resolve(ehr.seed(resource)),
    chart: (type) => Promise.resolve(ehr.all(type)),
    goWrong: (fault) => {
      const empty: Script = (call) =>
        call.answer({ status: 200, body: bundle('searchset', [], [{ relation: 'self', url: call.seen.url }]) });
      if (fault === 'ignored-search') ehr.next('GET', everything(ehr));
      else if (fault === 'search-lag') ehr.next('GET', empty);
      else if (fault !== 'validation') for (const method of ['POST', 'PUT', 'PATCH']) ehr.next(method, scripts[fault]);
      return Promise.resolve();
    },
    heal: () => Promise.resolve(),
    close: async () => {
      await ehr.close();
      await opened.close();
    },
  };
}

gatewayContract('generic-r4 by PUT, scripted server', () => scripted({ updateBy: 'put' }), can);
gatewayContract('generic-r4 by PATCH, scripted server', () => scripted({ updateBy: 'patch' }), can);
