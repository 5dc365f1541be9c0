/** The workflow file that users copy, with the address of this server in it. A test holds it and the file in this repository together. */
export function workflowText(server: string): string {
  return `# The workflow that Plumbline starts in your repositories. Copy it to .github/workflows/plumbline.yml on the
# default branch, set \`server\`, and map the secrets that your Terraform code needs in \`env:\` - those and no others.
name: Plumbline
run-name: plumbline \${{ inputs.run-id }}

on:
  workflow_dispatch:
    inputs:
      run-id:
        description: The run that Plumbline asks for. Do not start this by hand; comment \`plumbline plan\` instead.
        required: true
        type: string
      environment:
        description: The GitHub environment whose secrets and reviewers apply.
        required: false
        type: string
        default: ''
      runs_on:
        description: The runner, as JSON.
        required: false
        type: string
        default: '"ubuntu-latest"'

# Exactly these two. The runner proves who it is with the id token, and reads your code with the other.
permissions:
  contents: read
  id-token: write

jobs:
  plumbline:
    runs-on: \${{ fromJSON(inputs.runs_on) }}
    environment: \${{ inputs.environment }}
    timeout-minutes: 360
    steps:
      - uses: hashicorp/setup-terraform@v3
        with:
          terraform_wrapper: false
      - uses: plumbline/plumbline/action@v0.1.0
        with:
          run-id: \${{ inputs.run-id }}
          server: ${server}
        env:
          # Only what your code needs. With cloud OIDC there is nothing to map: the job has \`id-token: write\`.
          TF_VAR_example: \${{ secrets.EXAMPLE }}
`;
}
