import { Button, Popover, Stack } from '@mantine/core';
import { useState } from 'react';
import type { Frame } from '../../src-shared/contract/index.ts';
import { useAct } from '../bridge/index.ts';
import { Age, FailureWords, SafeText } from '../components/index.ts';
import { useMay } from '../stores/index.ts';
import { engineWords } from './frame-words.ts';
import classes from './frame.module.css';

const MAY_NOT = 'Only an operations lead or an integration administrator may do this.';

/** The state of the engine, and the switch for those who may. */
export function EnginePill(props: { readonly engine: Frame['engine'] }) {
  const { engine } = props;
  const [opened, setOpened] = useState(false);
  const mayRun = useMay('run');
  const pause = useAct('engine.pause');
  const resume = useAct('engine.resume');
  const said = engineWords(engine);
  const act = engine.state === 'running' ? pause : engine.state === 'paused' ? resume : null;
  return (
    <Popover opened={opened} onChange={setOpened} width={320} position="bottom-start" trapFocus returnFocus withinPortal={false}>
      <Popover.Target>
        <button type="button" className={classes.pill} data-tone={said.tone} onClick={() => setOpened((open) => !open)}>
          <span aria-hidden="true">●</span>
          <span className={classes.long}>{said.words}</span>
          <span className={classes.short}>{said.short}</span>
        </button>
      </Popover.Target>
      <Popover.Dropdown aria-label={said.words}>
        <Stack gap="xs">
          <strong>{said.words}</strong>
          {engine.words === '' ? (
            <p className="muted">Approved writes go out to the EHRs, and unclear outcomes are looked up.</p>
          ) : (
            <p className="muted">
              <SafeText text={engine.words} />
            </p>
          )}
          {engine.since === null ? null : (
            <p className="muted small">
              For <Age at={engine.since} />
            </p>
          )}
          {act === null ? null : (
            <>
              <p className="muted small">
                {act === pause
                  ? 'Pausing: nothing new is sent. What is on its way is finished first. Nothing is lost.'
                  : 'Resuming: everything that is approved and due goes out.'}
              </p>
              <Button
                disabled={!mayRun}
                loading={act.isPending}
                onClick={() => act.mutate({}, { onSuccess: () => setOpened(false) })}
              >
                {act === pause ? 'Pause the engine' : 'Resume the engine'}
              </Button>
              {mayRun ? null : <p className="muted small">{MAY_NOT}</p>}
              {act.error === null ? null : (
                <div role="alert">
                  <FailureWords failure={act.error.failure} />
                </div>
              )}
            </>
          )}
        </Stack>
      </Popover.Dropdown>
    </Popover>
  );
}
