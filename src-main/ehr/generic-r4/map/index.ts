import type { ClinicalItem } from '../../../../src-shared/domain/index.ts';
import { unmappable, type MapContext, type Mapped } from './common.ts';
import { composition, documentReference } from './documents.ts';
import { allergyIntolerance, condition, observation, procedure } from './findings.ts';
import { consent, questionnaireResponse } from './forms.ts';
import { medicationRequest, medicationStatement } from './medications.ts';
import { carePlan, communication, serviceRequest, task } from './plans.ts';

export { mapContext, type MapContext, type Mapped } from './common.ts';
export { changedPatient, patchedMembers, patchOperations, replacedLists } from './demographics.ts';
export { markedResource } from './entered-in-error.ts';

/** The resource a clinical item becomes when it is created in a chart. Changes of what is there are not among them. */
export function createdResource(clinical: ClinicalItem, resourceType: string, context: MapContext): Mapped {
  const result = byKind(clinical, resourceType, context);
  if (!result.ok || result.resource.resourceType === resourceType) return result;
  return unmappable('operation-unsupported', `${clinical.kind} cannot be written as ${resourceType}`);
}

function byKind(clinical: ClinicalItem, resourceType: string, context: MapContext): Mapped {
  switch (clinical.kind) {
    case 'note':
    case 'addendum':
    case 'patient-instructions':
    case 'intake-summary':
      return resourceType === 'Composition' ? composition(clinical, context) : documentReference(clinical, context);
    case 'document':
      return documentReference(clinical, context);
    case 'observation':
      return observation(clinical.item, context);
    case 'problem':
      return condition(clinical.item, context);
    case 'allergy':
      return allergyIntolerance(clinical.item, context);
    case 'medication-statement':
      return medicationStatement(clinical.item, context);
    case 'medication-request':
      return medicationRequest(clinical.item, context);
    case 'order':
      return serviceRequest(clinical.item, context);
    case 'procedure':
      return procedure(clinical.item, context);
    case 'care-plan':
      return carePlan(clinical.item, context);
    case 'task':
      return task(clinical.item, context);
    case 'message':
      return communication(clinical.item, context);
    case 'questionnaire-response':
      return questionnaireResponse(clinical.item, context);
    case 'consent':
      return consent(clinical.item, context);
    case 'demographics':
      return unmappable('operation-unsupported', 'demographics change a patient who is there; no patient is created');
    case 'encounter-status':
      return unmappable('operation-unsupported', 'the status of a visit belongs to the EHR; this connection does not change it');
  }
}
