import type { CaseResult } from '../artifact/test-record-schema.js';

/** What became of a case: the verdict, why, and what was seen. Serialisable; it goes into the manifest. */
export type { CaseResult };

/** Why a case failed: a code that scripts may match on, and plain words. */
export type Reason = CaseResult['reasons'][number];

/** What became of a module in a case. */
export type ModuleResult = CaseResult['modules'][number];
