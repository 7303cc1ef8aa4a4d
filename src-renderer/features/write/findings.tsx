import { Button } from '@mantine/core';
import { useState } from 'react';
import { roleWords } from '../../../src-shared/domain/index.ts';
import type { FindingView, WriteViewModel } from '../../../src-shared/contract/index.ts';
import { Link } from 'wouter';
import { useAct } from '../../bridge/index.ts';
import { At, EmptyState, Evidence, ReasonDialog, SafeText, StateBadge, writeAddress } from '../../components/index.ts';
import { useMe } from '../../stores/index.ts';
import classes from './parts.module.css';

const severities: Readonly<Record<FindingView['severity'], string>> = {
  stop: 'Stops the write',
  review: 'Remark to acknowledge',
  information: 'Information',
};
const rank = { stop: 0, review: 1, information: 2 } as const;

/** What the checks found, the gravest first, and what the source names as evidence. */
export function Findings(props: { readonly view: WriteViewModel }) {
  const { view } = props;
  const findings = [...view.write.findings].sort((left, right) => rank[left.severity] - rank[right.severity]);
  return (
    <div className={classes.part}>
      {findings.length === 0 && (
        <EmptyState title="The checks found nothing.">Everything that is checked before sending was in order.</EmptyState>
      )}
      <ul className={classes.list}>
        {findings.map((finding) => (
          <li key={finding.name} className={classes.finding} data-severity={finding.severity}>
            <p>
              <strong>
                {severities[finding.severity]}: <SafeText text={finding.message} />
              </strong>
            </p>
            <p>
              <SafeText text={finding.next} />
            </p>
            <p className="small muted">
              rule <SafeText text={finding.rule} /> · <SafeText text={finding.path} />
            </p>
            <Signing id={view.write.id} finding={finding} />
          </li>
        ))}
      </ul>
      <section className={classes.part}>
        <h3>Why it is asked for</h3>
        <p>
          Risk {view.risk.tier}: <SafeText text={view.risk.reason} />
        </p>
        <p className="muted">
          {view.risk.approvers.length === 0
            ? 'Nobody may approve this.'
            : `May be approved by: ${roleWords(view.risk.approvers)}.`}
        </p>
      </section>
      {view.evidence.length > 0 && (
        <section className={classes.part}>
          <h3>What was heard</h3>
          <Evidence evidence={view.evidence} />
        </section>
      )}
    </div>
  );
}

/** What was signed about a finding, or the way to sign it. */
function Signing(props: { readonly id: string; readonly finding: FindingView }) {
  const { id, finding } = props;
  const { signature, signing } = finding;
  const { person } = useMe();
  const sign = useAct('write.sign-finding');
  const [asking, setAsking] = useState(false);
  if (signature !== null)
    return (
      <p className="small">
        {signature.act === 'waived' ? 'Waived' : 'Acknowledged'} by <SafeText text={signature.name} /> (
        {roleWords([signature.role])}), <At at={signature.at} />: <SafeText text={signature.reason} />
      </p>
    );
  if (signing === null) return null;
  if (!signing.roles.some((role) => person.roles.includes(role)))
    return (
      <p className="small muted">
        {signing.act === 'waive' ? 'May be waived' : 'May be acknowledged'} by: {roleWords(signing.roles)}
        {signing.anotherPerson ? ', other than whoever approved it' : ''}.
      </p>
    );
  const act = signing.act === 'waive' ? 'Waive' : 'Acknowledge';
  return (
    <>
      <Button size="compact-sm" variant="default" onClick={() => setAsking(true)}>
        {act}…
      </Button>
      <ReasonDialog
        opened={asking}
        onClose={() => setAsking(false)}
        title={`${act} this finding`}
        label="Why may it be charted all the same?"
        hint="Signed with your name, kept in the log, and asked again when the write, the contract or the rule changes."
        act={act}
        onAct={(reason) => sign.mutateAsync({ id, act: signing.act, finding: finding.name, reason }).then(() => setAsking(false))}
      >
        <SafeText text={finding.message} />
      </ReasonDialog>
    </>
  );
}

/** The writes that came from the same visit. */
export function Group(props: { readonly view: WriteViewModel }) {
  const { group, write } = props.view;
  if (group.length <= 1)
    return <EmptyState title="This write stands alone.">No other write came from the same visit.</EmptyState>;
  return (
    <ul className={classes.list}>
      {group.map((one) => (
        <li key={one.id} className={classes.line}>
          <StateBadge state={one.state} />
          {one.id === write.id ? (
            <strong>
              <SafeText text={one.title} /> (this one)
            </strong>
          ) : (
            <Link href={writeAddress(one.id)}>
              <SafeText text={one.title} />
            </Link>
          )}
          <span className="muted">
            <SafeText text={one.connection} />
          </span>
        </li>
      ))}
    </ul>
  );
}
