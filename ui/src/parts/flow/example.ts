/** What the editor of a new flow begins with. */
export const EXAMPLE = `# A flow: its name, what it needs to know, and its tasks.
id: hello
# namespace: team.area          # the team that it belongs to
description: Says hello.
# owner: my-team                # who is told when it fails

inputs:
  - id: who
    type: string
    default: world

tasks:
  - id: greet
    type: shell
    script: |
      who="{{ inputs.who }}"
      echo "Hello, $who"
      echo "length=\${#who}" >> "$DYNA_OUTPUTS"

  # It comes after greet, since it names what that gives.
  - id: say
    type: log
    message: "{{ outputs.greet.length }} characters"

# What starts runs, beside people:
# triggers:
#   - {id: nightly, type: schedule, cron: "0 2 * * *", timezone: Europe/Berlin}
`;
