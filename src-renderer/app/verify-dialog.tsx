import { Button, Group, Modal, Progress, Stack } from '@mantine/core';
import { useEffect } from 'react';
import type { Frame, LogJob } from '../../src-shared/contract/index.ts';
import { useAct, useCall } from '../bridge/index.ts';
import { Age, FailedState, FailureWords, SafeText } from '../components/index.ts';
import { useMay } from '../stores/index.ts';
import { useDialogs } from './dialogs.ts';
import { percentDone, progressWords, reportWords } from './verify-words.ts';
import classes from './verify-dialog.module.css';

const LOOK_MS = 700;
const PROBLEMS_SHOWN = 200;

function Report(props: { readonly report: NonNullable<LogJob['report']> }) {
  const { report } = props;
  const left = report.problems.length - PROBLEMS_SHOWN;
  return (
    <div className={classes.result} data-tone={report.ok ? 'ok' : 'bad'} role="status">
      <strong>
        <span aria-hidden="true">{report.ok ? '✓ ' : '! '}</span>
        {reportWords(report)}
      </strong>
      {report.erasedPayloads === 0 ? null : (
        <p>{report.erasedPayloads.toLocaleString()} records have been erased on purpose; their places in the log still prove.</p>
      )}
      {report.ok ? null : (
        <>
          <p>
            Stop writing, keep this machine as it is, and tell the person responsible for security. Nothing has been repaired.
          </p>
          <ul className={classes.problems} tabIndex={0} aria-label="Problems">
            {report.problems.slice(0, PROBLEMS_SHOWN).map((problem, index) => (
              <li key={index}>
                <SafeText text={problem.message} />{' '}
                <span className="mono">
                  {problem.code}
                  {problem.tenant === null ? '' : ` · ${problem.tenant}`}
                  {problem.seq === null ? '' : ` · entry ${problem.seq.toLocaleString()}`}
                </span>
              </li>
            ))}
            {left > 0 ? <li>{`and ${left.toLocaleString()} more; the command "countersign audit verify" lists all.`}</li> : null}
          </ul>
        </>
      )}
    </div>
  );
}

function Running(props: { readonly job: LogJob }) {
  const { job } = props;
  const cancel = useAct('log.cancel');
  const percent = percentDone(job);
  return (
    <Stack gap="xs">
      <Progress.Root size="lg">
        <Progress.Section value={percent ?? 100} animated={percent === null} aria-label="Checking the log" color="teal" />
      </Progress.Root>
      <Group justify="space-between">
        <span className="muted" role="status">
          {progressWords(job)}
        </span>
        <Button loading={cancel.isPending} onClick={() => cancel.mutate({ job: job.job })}>
          Cancel the check
        </Button>
      </Group>
      <p className="muted small">You can close this and go on working: the check goes on, and its result stays here.</p>
      {cancel.error === null ? null : <FailureWords failure={cancel.error.failure} />}
    </Stack>
  );
}

function Inside(props: { readonly anchor: Frame['anchor'] | null }) {
  const { anchor } = props;
  const { logJob, keepLogJob } = useDialogs();
  const mayVerify = useMay('audit.verify');
  const verify = useAct('log.verify');
  const answer = useCall('log.job', { job: logJob ?? '' }, { enabled: logJob !== null, everyMs: LOOK_MS, staleMs: 0 });
  const job = answer.data ?? (verify.data?.job === logJob ? verify.data : undefined);
  const running = job?.state === 'running';
  // A check that this program no longer knows was of an earlier run of it.
  const forgotten = answer.error?.failure.code === 'not-found';
  useEffect(() => {
    if (forgotten) keepLogJob(null);
  }, [forgotten, keepLogJob]);

  return (
    <Stack gap="sm">
      <p className="muted">
        Everything that happens is an entry in a log that cannot be changed without showing it. Every minute, and after every
        hundred entries, its state is signed: that is its anchor. Verifying checks every entry, every proof and every signature.
      </p>
      {anchor === null ? null : (
        <p>
          {anchor.at === null ? (
            'No anchor has been made yet. '
          ) : (
            <>
              Last anchor: <Age at={anchor.at} /> ago.{' '}
            </>
          )}
          {`${anchor.entriesSince.toLocaleString()} ${anchor.entriesSince === 1 ? 'entry has' : 'entries have'} come since.`}
        </p>
      )}
      {job?.state === 'running' ? <Running job={job} /> : null}
      {job?.state === 'done' && job.report !== null ? <Report report={job.report} /> : null}
      {job?.state === 'cancelled' ? <p role="status">The check was cancelled. It says nothing about the log.</p> : null}
      {job?.state === 'failed' ? (
        <div className={classes.result} data-tone="bad" role="alert">
          <strong>The check could not be finished.</strong>
          <p>
            <SafeText text={job.words} />
          </p>
        </div>
      ) : null}
      {verify.error === null ? null : <FailedState failure={verify.error.failure} />}
      {running ? null : (
        <Group justify="flex-end">
          {mayVerify ? null : <span className="muted small">Your role may not start this check.</span>}
          <Button
            variant="filled"
            data-autofocus
            disabled={!mayVerify}
            loading={verify.isPending}
            onClick={() => verify.mutate({}, { onSuccess: (started) => keepLogJob(started.job) })}
          >
            {job === undefined ? 'Verify now' : 'Verify again'}
          </Button>
        </Group>
      )}
    </Stack>
  );
}

/** Checks the whole log, with progress, and names every problem. */
export function VerifyDialog(props: { readonly anchor: Frame['anchor'] | null }) {
  const { open, close } = useDialogs();
  return (
    <Modal opened={open === 'verify'} onClose={close} title="Verify the log" size="lg">
      <Inside anchor={props.anchor} />
    </Modal>
  );
}
