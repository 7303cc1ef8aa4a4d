import { Button, CloseButton, NativeSelect, TextInput } from '@mantine/core';
import { useEffect, useRef, useState, type FormEvent } from 'react';
import { type QueueFilter, shapes } from '../../../src-shared/contract/index.ts';
import { failureOf, failures, type FailureCode } from '../../../src-shared/domain/index.ts';
import { SafeText, stateWords } from '../../components/index.ts';
import { useCall } from '../../bridge/index.ts';
import classes from './filter-bar.module.css';
import { type FilterKey, filterKeys, filterLabels, filterOf, withoutKey } from './queue-address.ts';

/** What a filter's value is called. */
function valueWords(key: FilterKey, value: string): string {
  if (key === 'state') {
    const state = shapes.stateNames.find((name) => name === value);
    return state === undefined ? value : stateWords(state).word;
  }
  return value;
}

interface Choice {
  readonly value: string;
  readonly label: string;
}

const stateChoices: readonly Choice[] = shapes.stateNames.map((state) => ({ value: state, label: stateWords(state).word }));
const codeChoices: readonly Choice[] = (Object.keys(failures) as FailureCode[]).map((code) => ({
  value: code,
  label: `${code}: ${failureOf(code).words}`,
}));

/** The filters of a list, each with a button that takes it away, and a form that adds one. They stand in the address. */
export function FilterBar(props: {
  readonly filter: QueueFilter;
  readonly adding: boolean;
  readonly onAdding: (adding: boolean) => void;
  readonly onFilter: (filter: QueueFilter) => void;
}) {
  const { filter, adding, onAdding, onFilter } = props;
  const add = useRef<HTMLButtonElement>(null);
  const close = (): void => {
    onAdding(false);
    // After the form is gone, the focus must not be nowhere.
    setTimeout(() => add.current?.focus());
  };
  return (
    <div className={classes.bar} role="group" aria-label="Filters">
      <ul className={classes.chips}>
        {filterKeys.map((key) => {
          const value = filter[key];
          if (value === undefined) return null;
          return (
            <li key={key} className={classes.chip}>
              <span>
                <b>{filterLabels[key]}</b> is <SafeText text={valueWords(key, value)} />
              </span>
              <CloseButton
                size="sm"
                aria-label={`Remove the filter on ${filterLabels[key]}`}
                onClick={() => {
                  onFilter(withoutKey(filter, key));
                  add.current?.focus();
                }}
              />
            </li>
          );
        })}
      </ul>
      {adding ? (
        <FilterForm
          filter={filter}
          onCancel={close}
          onAdd={(next) => {
            onFilter(next);
            close();
          }}
        />
      ) : (
        <Button ref={add} size="compact-sm" onClick={() => onAdding(true)}>
          + Filter
        </Button>
      )}
    </div>
  );
}

function FilterForm(props: {
  readonly filter: QueueFilter;
  readonly onAdd: (filter: QueueFilter) => void;
  readonly onCancel: () => void;
}) {
  const { filter, onAdd, onCancel } = props;
  const free = filterKeys.filter((key) => filter[key] === undefined);
  const [key, setKey] = useState<FilterKey>(free[0] ?? 'connection');
  const [value, setValue] = useState('');
  const first = useRef<HTMLSelectElement>(null);
  useEffect(() => first.current?.focus(), []);
  const connections = useCall('connections.list', {});
  const frame = useCall('frame.read', {});
  const choices: readonly Choice[] | null =
    key === 'state'
      ? stateChoices
      : key === 'code'
        ? codeChoices
        : key === 'connection'
          ? (connections.data?.connections.map(({ connection }) => ({ value: connection.name, label: connection.name })) ?? null)
          : key === 'tenant'
            ? (frame.data?.tenants.map((tenant) => ({ value: tenant, label: tenant })) ?? null)
            : null;

  const wanted = value === '' ? (choices?.[0]?.value ?? '') : value;
  const added = filterOf(new URLSearchParams({ [key]: wanted }).toString());
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (added[key] !== undefined) onAdd({ ...filter, ...added });
  };
  return (
    <form
      className={classes.form}
      onSubmit={submit}
      onKeyDown={(event) => {
        if (event.key !== 'Escape') return;
        event.preventDefault();
        onCancel();
      }}
    >
      <NativeSelect
        ref={first}
        size="xs"
        aria-label="What to filter by"
        value={key}
        data={free.map((one) => ({ value: one, label: filterLabels[one] }))}
        onChange={(event) => {
          setKey(filterKeys.find((one) => one === event.currentTarget.value) ?? key);
          setValue('');
        }}
      />
      <span>is</span>
      {choices === null ? (
        <TextInput
          size="xs"
          aria-label={`Value for ${filterLabels[key]}`}
          placeholder={key === 'patient' ? 'SYSTEM|VALUE or Patient/ID' : 'exact id'}
          value={value}
          onChange={(event) => setValue(event.currentTarget.value)}
          autoComplete="off"
          spellCheck={false}
        />
      ) : (
        <NativeSelect
          size="xs"
          className={classes.value ?? ''}
          aria-label={`Value for ${filterLabels[key]}`}
          value={wanted}
          data={[...choices]}
          onChange={(event) => setValue(event.currentTarget.value)}
        />
      )}
      <Button size="compact-sm" type="submit">
        Add
      </Button>
      <Button size="compact-sm" onClick={onCancel}>
        Cancel
      </Button>
    </form>
  );
}
