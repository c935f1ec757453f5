// Prints the count of a vitest report as the last line, and ends as the checks did:
//   node scripts/test-summary.js <exit status of the checks> <vitest's JSON report>
import { existsSync, readFileSync } from 'node:fs';

const [status, file] = process.argv.slice(2);
const report = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined;
const passed = report?.numPassedTests ?? 0;
const skipped = (report?.numPendingTests ?? 0) + (report?.numTodoTests ?? 0);
// A check that failed before any test, or a test file that cannot be read, is a failure too.
const failed = report?.numFailedTests || (status === '0' && report?.success ? 0 : 1);
console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
process.exitCode = failed > 0 || passed === 0 ? 1 : 0;
