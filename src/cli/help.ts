import type { Command } from './read-arguments.ts'

/** What `--help` prints: of one command, or, without one, of all of them. */
export function helpFor(command: Command | undefined): string {
  return command === undefined ? OVERVIEW : COMMANDS[command]
}

const OVERVIEW = `npm run rules -- <command> [options]

  plan     what apply would change, and what that would have changed for recent chats
  apply    makes the rules of the service those of the folder
  export   writes the rules of the service into the folder
  lint     what is wrong with the folder, and what looks wrong; needs no service
  test     runs the tests in the rule files; needs no service

  --help after a command says more. The guides: docs/rules.md, docs/rules-as-code.md`

const FOLDER = '  --dir <folder>   the rule files (default rules)'
const SERVICE = `  --url <url>      the service (default ROUTER_URL, else http://127.0.0.1:3000)
  --token <token>  better set as ROUTER_TOKEN: arguments can be read by others on this machine`
const JSON_TEXT = '  --json           the result as one JSON text'

const COMMANDS: Readonly<Record<Command, string>> = {
  plan: `npm run rules -- plan [options]
Prints what apply would change, and what that would have changed for recent chats. Writes nothing to the service.

${FOLDER}
${SERVICE}
  --limit <n>      how many recent chats to look at (default 1000)
  --out <file>     keeps the plan in a file, for apply
${JSON_TEXT}

Exit code: 0 no difference, 2 a difference, 1 an error, or rules that the service would refuse. The token needs the role viewer.`,

  apply: `npm run rules -- apply [plan file] [options]
Makes the rules of the service those of the folder, or carries out a plan that "plan --out" has kept. All of it or nothing,
in force at one moment; nothing when a rule of the service has changed since it was read.

${FOLDER}
${SERVICE}
${JSON_TEXT}

Exit code: 0 done, or nothing to do; 1 an error, and nothing was done. The token needs the role editor.`,

  export: `npm run rules -- export [options]
Writes the rules of the service into the folder, a file for each. A file that says the same already is left as it is.

${FOLDER}
${SERVICE}
  --prune          deletes the files of rules that the service does not have
${JSON_TEXT}

Exit code: 0 done, 1 an error. The token needs the role viewer.`,

  lint: `npm run rules -- lint [options]
Prints what is wrong with the files, and what looks wrong: rules that never match, are never reached, and the like.

${FOLDER}
  --strict         warnings fail too
${JSON_TEXT}

Exit code: 0 no error, 1 an error, or with --strict a warning.`,

  test: `npm run rules -- test [options]
Runs the tests in the rule files, those of drafts and disabled rules too, and prints each that fails.

${FOLDER}
${JSON_TEXT}

Exit code: 0 all passed, 1 one failed or a file is not valid.`,
}
