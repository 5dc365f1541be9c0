import type { Diagnostic } from '../domain/plan-model.ts';
import { clip, fence } from './escape.ts';

/** At most this many are shown in full; a failure in a provider repeats itself for each resource. */
const MAX_SHOWN = 5;

/** Diagnostics as one block of plain text, each with its place: errors first, as the engine ordered them. */
export function diagnosticsBlock(diagnostics: readonly Diagnostic[], dir: string, detailLength = 1_500): string {
  if (diagnostics.length === 0) {
    return '';
  }
  const sorted = [
    ...diagnostics.filter((entry) => entry.severity === 'error'),
    ...diagnostics.filter((entry) => entry.severity === 'warning'),
  ];
  const shown = sorted.slice(0, MAX_SHOWN).map((entry) => diagnosticText(entry, dir, detailLength));
  const left = sorted.length - shown.length;
  return fence([...shown, ...(left > 0 ? [`… and ${left} more`] : [])].join('\n\n'), 'text');
}

/** `Error: summary`, the place, the address, the detail. */
export function diagnosticText(diagnostic: Diagnostic, dir: string, detailLength = 1_500): string {
  const place = placeOf(diagnostic, dir);
  return [
    `${diagnostic.severity === 'error' ? 'Error' : 'Warning'}: ${clip(diagnostic.summary, 500)}`,
    ...(place === undefined ? [] : [`  at ${place}`]),
    ...(diagnostic.address === undefined ? [] : [`  in ${clip(diagnostic.address, 300)}`]),
    ...(diagnostic.detail === undefined ? [] : ['', clip(diagnostic.detail, detailLength)]),
  ].join('\n');
}

/** `prod/db/main.tf:12`, from the repository's root. */
export function placeOf(diagnostic: Diagnostic, dir: string): string | undefined {
  if (diagnostic.file === undefined) {
    return undefined;
  }
  const file = repositoryPath(diagnostic.file, dir);
  return diagnostic.line === undefined ? file : `${file}:${diagnostic.line}`;
}

/** The engine names files relative to the directory it runs in; GitHub needs them relative to the repository. */
export function repositoryPath(file: string, dir: string): string {
  const parts: string[] = [];
  for (const part of `${dir}/${file}`.split('/')) {
    if (part === '..' && parts.length > 0) {
      parts.pop();
    } else if (part !== '.' && part !== '' && part !== '..') {
      parts.push(part);
    }
  }
  return parts.join('/');
}
