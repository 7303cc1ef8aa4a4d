import { Fragment } from 'react';
import type { Readable, ReadableField, ReadablePart } from '../../src-shared/fhir/index.ts';
import { LongText } from './long-text.tsx';
import styles from './readable-view.module.css';
import { SafeText } from './safe-text.tsx';

const headings: Readonly<Record<ReadablePart, string>> = {
  clinical: 'What it says',
  context: 'Whom and when it concerns',
  record: 'How it is filed',
};

/** A field drawn in one go; longer values scroll in a frame. */
const FIELD_CHARS = 2_000;
/** Fields drawn at once; the rest is one step away and counted. */
const FIELDS_SHOWN = 400;

/** How a field stands to the same field on the other side. */
export type FieldMark = 'same' | 'changed' | 'only-here';

/**
 * A resource as a clinician reads it. Fields that `marks` calls changed say so in words, not by colour alone.
 */
export function ReadableView(props: {
  readonly readable: Readable;
  readonly marks?: ReadonlyMap<string, FieldMark>;
  readonly headingLevel?: 3 | 4;
}) {
  const { readable, marks, headingLevel = 3 } = props;
  if (readable.problem !== null) {
    return (
      <p>
        This cannot be read as a FHIR resource: <SafeText text={readable.problem} />. The exact text is below.
      </p>
    );
  }
  const Heading = `h${headingLevel}` as const;
  const shown = readable.fields.slice(0, FIELDS_SHOWN);
  const left = readable.fields.length - shown.length;
  return (
    <div className={styles.readable}>
      {readable.texts.map(({ label, text, path }) => (
        <section key={path + label} className={styles.part}>
          <Heading className={styles.asIs}>
            <SafeText text={label} />
          </Heading>
          <LongText text={text} label={label} />
        </section>
      ))}
      {(['clinical', 'context', 'record'] as const).map((part) => {
        const fields = shown.filter((field) => field.part === part);
        if (fields.length === 0) return null;
        return (
          <section key={part} className={styles.part}>
            <Heading>{headings[part]}</Heading>
            <dl className={styles.fields}>
              {fields.map((field, at) => (
                <Field key={`${field.path} ${at}`} field={field} mark={marks?.get(field.path)} />
              ))}
            </dl>
          </section>
        );
      })}
      {left > 0 && <p className="muted">{left.toLocaleString()} fields more; they stand in the exact text below.</p>}
    </div>
  );
}

function Field(props: { readonly field: ReadableField; readonly mark: FieldMark | undefined }) {
  const { label, value, path } = props.field;
  const differs = props.mark === 'changed' || props.mark === 'only-here';
  return (
    <Fragment>
      <dt title={path}>
        <SafeText text={label} />
      </dt>
      <dd className={differs ? styles.changed : undefined}>
        {value.length > FIELD_CHARS ? <LongText text={value} label={label} /> : <SafeText text={value} />}
        {differs && <span className={styles.mark}> {props.mark === 'changed' ? 'changed' : 'only here'}</span>}
      </dd>
    </Fragment>
  );
}

/** How each field of one side stands to the field with the same path on the other. */
export function fieldMarks(here: Readable, there: Readable): ReadonlyMap<string, FieldMark> {
  const values = new Map(there.fields.map(({ path, value }) => [path, value]));
  return new Map(
    here.fields.map(({ path, value }) => {
      const other = values.get(path);
      return [path, other === undefined ? 'only-here' : other === value ? 'same' : 'changed'] as const;
    }),
  );
}
