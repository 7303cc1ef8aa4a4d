import { Argument, Option, type Command } from 'commander';
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
import { emergencyList, emergencyOpen, emergencyReview, type EmergencyOptions } from './commands/emergency.ts';
import { collected } from './cli-options.ts';
import { findingList, findingSign } from './commands/findings.ts';
import { reviewList, reviewSign, type ReviewListOptions } from './commands/reviews.ts';
import { safetyList, safetyRecord, type SafetyOptions } from './commands/safety.ts';
import { reviewVerdicts, signatoryNames } from '../../src-shared/domain/index.ts';

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

  const review = cli.command('review').description('what was charted without a decision made here, and looking at it afterwards');
  review
    .command('list')
    .description('what waits for its review, longest first')
    .option('--connection <name>', 'only of this connection')
    .option('--all', 'also what has been reviewed', false)
    .action((options: ReviewListOptions) => act((context) => reviewList(context, options)));
  review
    .command('sign')
    .description('say of a charted write that it is fine, or wrong; never by whoever approved it at its source')
    .argument('<write>')
    .addArgument(new Argument('<verdict>').choices(reviewVerdicts))
    .requiredOption('--reason <text>', 'what was looked at and found')
    .action((id: string, verdict: (typeof reviewVerdicts)[number], options: { reason: string }) =>
      act((context) => reviewSign(context, id, verdict, options.reason)),
    );

  const finding = cli.command('finding').description('what the checks found, and who answers for it');
  finding
    .command('list')
    .description('the findings of a write, or those of all waiting writes that nobody has answered for')
    .argument('[write]')
    .action((id: string | undefined) => act((context) => findingList(context, id)));
  for (const name of ['acknowledge', 'waive'] as const) {
    finding
      .command(name)
      .description(name === 'waive' ? 'let a stop pass, where its rule allows it' : 'take a remark upon yourself')
      .argument('<write>')
      .requiredOption('--finding <name>', 'as "finding list" names it')
      .requiredOption('--reason <text>', 'why it may be charted all the same')
      .action((id: string, options: { finding: string; reason: string }) =>
        act((context) => findingSign(context, name, id, options.finding, options.reason)),
      );
  }

  const safety = cli.command('safety').description('runs of the corpus, and the versions that demand one');
  safety
    .command('record')
    .description('answer for a run: FILE is the output of "npm run bench -- safety --json"')
    .argument('<file>')
    .option('--demanded', 'it covers every version that demands a run now', false)
    .option('--model <version>', 'it covers this model, as NAME@VERSION', collected)
    .option('--prompt <version>', 'this prompt, as ID@VERSION', collected)
    .option('--contract <version>', 'this version of the contract', collected)
    .option('--adapter <version>', 'this adapter', collected)
    .option('--ehr <version>', 'this software of an EHR', collected)
    .requiredOption('--meaning <text>', 'what the record says')
    .action((file: string, options: SafetyOptions) => act((context) => safetyRecord(context, file, options)));
  safety
    .command('list')
    .description('versions that demand a run, and the runs on record')
    .action(() => act(safetyList));

  const emergency = cli
    .command('emergency')
    .description('break-glass: an hour in which a clinician decides what a clinical owner decides');
  emergency
    .command('open')
    .requiredOption('--tenant <tenant>')
    .requiredOption('--connection <name>')
    .option('--write <id>', 'only for this write')
    .requiredOption('--reason <text>', 'what the emergency is')
    .action((options: EmergencyOptions) => act((context) => emergencyOpen(context, options)));
  emergency
    .command('list')
    .description('with what each was used for, and who still has to review it')
    .action(() => act(emergencyList));
  emergency
    .command('review')
    .description('say whether it was justified; never the person who had it')
    .argument('<id>')
    .addArgument(new Argument('<verdict>').choices(['justified', 'not-justified']))
    .requiredOption('--reason <text>', 'what was looked at and found')
    .action((id: string, verdict: string, options: { reason: string }) =>
      act((context) => emergencyReview(context, id, verdict === 'justified', options.reason)),
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
