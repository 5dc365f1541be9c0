import { Octokit } from '@octokit/rest';
import type { World } from '../world/world.ts';
import type { Repository } from '../world/world-state.ts';
import { createAppAuth } from './app-auth.ts';

export const WORKFLOW = `
name: plumbline
run-name: plumbline \${{ inputs.run-id }}
on:
  workflow_dispatch:
    inputs:
      run-id: { required: true, type: string }
      environment: { required: false, type: string, default: '' }
      runs_on: { required: false, type: string, default: '"ubuntu-latest"' }
permissions: { contents: read, id-token: write }
jobs:
  plumbline:
    runs-on: \${{ fromJSON(inputs.runs_on) }}
    environment: \${{ inputs.environment }}
    steps:
      - uses: hashicorp/setup-terraform@v3
      - uses: plumbline/plumbline/action@v1
        with:
          run-id: \${{ inputs.run-id }}
          server: http://127.0.0.1:1
        env:
          TF_VAR_token: \${{ secrets.TOKEN }}
          TF_VAR_missing: \${{ secrets.MISSING }}
`;

/** An organisation `acme` with the App on it, and a repository `infra` with two directories and three people. */
export async function playRepository(world: World): Promise<Repository> {
  world.addOrganization('acme');
  world.install('acme');
  const repository = await world.addRepository({
    name: 'infra',
    people: { alice: 'admin', bob: 'write', eve: 'none' },
    files: {
      'network/main.tf': 'resource "terraform_data" "a" {}\n',
      'cluster/main.tf': 'resource "terraform_data" "b" {}\n',
      '.github/workflows/plumbline.yml': WORKFLOW,
    },
  });
  repository.secrets.set('TOKEN', 'hunter2');
  return repository;
}

/** A client with a token of the repository's installation, minted the way the App does it. */
export async function installationClient(world: World, repository: Repository): Promise<Octokit> {
  const asApp = new Octokit({ baseUrl: world.apiUrl, auth: await createAppAuth(world)() });
  const installation_id = world.installationOf(repository)?.id ?? 0;
  const { data } = await asApp.rest.apps.createInstallationAccessToken({ installation_id });
  const log = { debug() {}, info() {}, warn() {}, error() {} };
  return new Octokit({ baseUrl: world.apiUrl, auth: data.token, log });
}
