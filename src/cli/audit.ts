import { Command } from 'commander';
import { type AuditVerdict, listAudited, verifyAudit } from '../store/audit.ts';
import { installationId } from './installation-id.ts';
import { withStorage } from './with-storage.ts';

/** `plumbline audit verify`. */
export function auditCommand(): Command {
  return new Command('audit').description('who did what').addCommand(verifyCommand());
}

interface VerifyOptions {
  readonly installation?: number;
  readonly json?: boolean;
}

function verifyCommand(): Command {
  return new Command('verify')
    .description('recompute the chain that seals the audit; exits 1 when a line was changed or removed')
    .option('--installation <id>', 'only this installation; without it all of them', installationId)
    .option('--json', 'answer in JSON')
    .action(async ({ installation, json }: VerifyOptions) => {
      await withStorage('use', async ({ database }) => {
        const ids = installation === undefined ? await listAudited(database.db) : [installation];
        const chains: { readonly installation: number; readonly verdict: AuditVerdict }[] = [];
        for (const id of ids) {
          chains.push({ installation: id, verdict: await verifyAudit(database.db, id) });
        }
        const intact = chains.every(({ verdict }) => verdict.intact);
        if (json === true) {
          console.log(
            JSON.stringify({
              intact,
              chains: chains.map(({ installation: id, verdict }) => ({ installation: id, ...verdict })),
            }),
          );
        } else if (chains.length === 0) {
          console.log('There is no audit yet.');
        } else {
          (intact ? console.log : console.error)(
            chains.map((chain) => chainText(chain.installation, chain.verdict)).join('\n'),
          );
        }
        return intact ? 0 : 1;
      });
    });
}

const PROBLEMS = { missing: 'was removed', changed: 'was changed', gap: 'is not in the chain' } as const;

function chainText(id: number, verdict: AuditVerdict): string {
  const whose = id === 0 ? 'no installation' : `installation ${id}`;
  if (!verdict.intact) {
    return `${whose}: BROKEN, line ${verdict.seq} ${PROBLEMS[verdict.problem]}`;
  }
  const unsealed = verdict.unsealed === 0 ? '' : `, ${verdict.unsealed} not sealed yet`;
  return `${whose}: ${verdict.lines} lines intact${unsealed}${verdict.head === '' ? '' : `, head ${verdict.head}`}`;
}
