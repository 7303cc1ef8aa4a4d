import { Option, type Command } from 'commander';
import type { CommandContext } from './session.ts';
import {
  consentRecord,
  consentShow,
  policyApprove,
  policyExplain,
  policyFlow,
  policyGate,
  policyPropose,
  policyRefuse,
  policyShow,
  policySign,
} from './commands/policy.ts';
import { signatoryNames } from '../../src-shared/domain/index.ts';

type Act = (run: (context: CommandContext) => Promise<number>) => Promise<void>;

/** `policy` and `consent`: what governs writes. */
export function addPolicyCommands(cli: Command, act: Act): void {
  const policy = cli.command('policy').description('what governs writes');
  policy
    .command('explain')
    .description('why a write went, waits or stopped, with the facts used')
    .argument('<id>')
    .action((id: string) => act((context) => policyExplain(context, id)));
  policy
    .command('show')
    .description('the policies in force and the changes proposed')
    .action(() => act(policyShow));
  policy
    .command('propose')
    .description('put a policy forward: a contract, an override, a consent policy, an agreement register')
    .argument('<file>')
    .requiredOption('--reason <text>')
    .action((file: string, options: { reason: string }) => act((context) => policyPropose(context, file, options.reason)));
  policy
    .command('approve')
    .description('bring a proposed policy into force; never the person who proposed it')
    .argument('<id>')
    .option('--meaning <text>', 'what the approval says', 'reviewed and approved')
    .action((id: string, options: { meaning: string }) => act((context) => policyApprove(context, id, options.meaning)));
  policy
    .command('refuse')
    .argument('<id>')
    .requiredOption('--reason <text>')
    .action((id: string, options: { reason: string }) => act((context) => policyRefuse(context, id, options.reason)));
  policy
    .command('flow')
    .description('where health information may travel, from the configuration')
    .action(() => act(policyFlow));
  policy
    .command('gate')
    .description('the go-live checklist of a connection, and what its stage has shown')
    .argument('<connection>')
    .action((name: string) => act((context) => policyGate(context, name)));
  policy
    .command('sign')
    .description('sign the go-live checklist of a connection')
    .argument('<connection>')
    .addOption(new Option('--signatory <owner>', 'for whom').choices(signatoryNames).makeOptionMandatory())
    .requiredOption('--meaning <text>', 'what the signature says')
    .action((name: string, options: { signatory: string; meaning: string }) =>
      act((context) => policySign(context, name, { as: options.signatory, meaning: options.meaning })),
    );

  const consent = cli.command('consent').description("patients' consents");
  consent
    .command('record')
    .description('take in a FHIR R4 Consent')
    .argument('<file>')
    .requiredOption('--tenant <tenant>')
    .action((file: string, options: { tenant: string }) => act((context) => consentRecord(context, file, options.tenant)));
  consent
    .command('show')
    .description('the consents of a patient as FHIR R4')
    .requiredOption('--tenant <tenant>')
    .requiredOption('--patient <id>', 'SYSTEM|VALUE or Patient/ID')
    .action((options: { tenant: string; patient: string }) =>
      act((context) => consentShow(context, options.tenant, options.patient)),
    );
}
