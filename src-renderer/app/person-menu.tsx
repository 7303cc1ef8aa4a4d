import { type MantineColorScheme, Menu, useMantineColorScheme } from '@mantine/core';
import { roleWords } from '../../src-shared/domain/index.ts';
import { useAct } from '../bridge/index.ts';
import { SafeText } from '../components/index.ts';
import { useMe, useSession } from '../stores/index.ts';
import { useDialogs } from './dialogs.ts';
import { initials } from './frame-words.ts';
import classes from './frame.module.css';

const schemes = [
  { scheme: 'light', word: 'Light' },
  { scheme: 'dark', word: 'Dark' },
  { scheme: 'auto', word: 'As the system' },
] as const;

/** Who is signed in, what they may do in general, and the choices that are theirs. */
export function PersonMenu() {
  const { person } = useMe();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const { signedOut } = useSession();
  const signOut = useAct('session.sign-out');
  const show = useDialogs((store) => store.show);
  return (
    <Menu position="bottom-end" width={260} withinPortal={false} withInitialFocusPlaceholder={false}>
      <Menu.Target>
        <button type="button" className={classes.pill} data-tone="accent">
          <span className={classes.long}>
            {person.name} · {roleWords(person.roles.slice(0, 1))}
          </span>
          <span className={classes.short}>
            <span aria-hidden="true">{initials(person.name)}</span>
            <span className="unseen">{person.name}</span>
          </span>
        </button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>
          <SafeText text={person.name} />: {roleWords(person.roles)}
        </Menu.Label>
        <Menu.Divider />
        <Menu.Label>Colours</Menu.Label>
        <Menu.RadioGroup value={colorScheme} onChange={(scheme) => setColorScheme(scheme as MantineColorScheme)}>
          {schemes.map(({ scheme, word }) => (
            <Menu.RadioItem key={scheme} value={scheme}>
              {word}
            </Menu.RadioItem>
          ))}
        </Menu.RadioGroup>
        <Menu.Divider />
        <Menu.Item onClick={() => show('keys')}>Keys</Menu.Item>
        <Menu.Item onClick={() => signOut.mutate({}, { onSuccess: signedOut })}>Sign out</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
