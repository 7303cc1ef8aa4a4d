import { Modal } from '@mantine/core';
import { KeyHint, useShortcuts } from '../components/index.ts';
import { useDialogs } from './dialogs.ts';
import classes from './keys-help.module.css';

/** The keys that work on this screen. */
export function KeysHelp() {
  const { open, close } = useDialogs();
  const { sections } = useShortcuts();
  return (
    <Modal opened={open === 'keys'} onClose={close} title="Keys" size="md">
      <div className={classes.sections}>
        {sections
          .filter(({ shortcuts }) => shortcuts.length > 0)
          .map((section) => (
            <section key={section.id} aria-label={section.title}>
              <h3>{section.title}</h3>
              <dl className={classes.keys}>
                {section.shortcuts.map(({ keys, does }) => (
                  <div key={keys}>
                    <dt>
                      <KeyHint keys={keys} />
                      <span className="unseen">{keys}</span>
                    </dt>
                    <dd>{does}</dd>
                  </div>
                ))}
              </dl>
            </section>
          ))}
      </div>
      <p className="muted small">Keys are not heard while you type. Nothing is sent to a chart by one key alone.</p>
    </Modal>
  );
}
