const domain = '^src/domain/'
const own = (name) => `^src/${name}/`

/** The layers of ARCHITECTURE.md: main -> app -> parts -> plugins, routes -> adapters -> services (types only) -> domain. */
module.exports = {
  forbidden: [
    {
      name: 'no-cycles',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'domain-is-pure',
      severity: 'error',
      comment: 'The domain knows nothing but itself and a few pure libraries.',
      from: { path: domain },
      to: {
        pathNot: [
          domain,
          '^node_modules/(typebox|re2js|json-rules-engine|secure-json-parse|eld)/',
          '^(node:)?(crypto|module|url)$',
        ],
      },
    },
    {
      name: 'one-file-wraps-the-engine',
      severity: 'error',
      from: { pathNot: '^src/domain/compile-rule\\.ts$' },
      to: { path: '^node_modules/json-rules-engine/' },
    },
    {
      name: 'one-file-wraps-the-detector',
      severity: 'error',
      from: { pathNot: '^src/domain/message-language\\.ts$' },
      to: { path: '^node_modules/eld/' },
    },
    {
      name: 'services-know-the-domain',
      severity: 'error',
      from: { path: own('services') },
      to: { pathNot: [own('services'), domain, '^(node:)?(crypto|timers/promises)$'] },
    },
    {
      name: 'adapters-know-services-as-types',
      severity: 'error',
      from: { path: own('adapters') },
      to: { path: own('services'), dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'adapters-know-no-outer-layer',
      severity: 'error',
      from: { path: own('adapters') },
      to: { path: '^src/(plugins|routes|sandbox|cli|console|app\\.ts|main\\.ts)' },
    },
    {
      name: 'prisma-has-one-folder',
      severity: 'error',
      from: { pathNot: '^src/(adapters/prisma|generated)/' },
      to: { path: '^(src/generated/|node_modules/@prisma/)' },
    },
    {
      name: 'helpcrunch-has-one-folder',
      severity: 'error',
      comment: 'The simulator, its other side, has its own client for webhooks.',
      from: { path: '^src/', pathNot: '^src/(adapters/helpcrunch|sandbox/simulator)/' },
      to: { path: '^node_modules/undici/' },
    },
    {
      name: 'the-queue-has-one-file',
      severity: 'error',
      comment: 'Its tables are migrated with ours.',
      from: { pathNot: '^src/adapters/(queue-runner|prisma/migrate)\\.ts$' },
      to: { path: '^node_modules/graphile-worker/' },
    },
    {
      name: 'routes-are-thin',
      severity: 'error',
      from: { path: own('routes') },
      to: { path: '^src/(adapters|plugins|sandbox|generated)/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'nobody-knows-the-sandbox',
      severity: 'error',
      from: { path: '^src/', pathNot: own('sandbox') },
      to: { path: own('sandbox') },
    },
    {
      name: 'the-sandbox-uses-the-app',
      severity: 'error',
      from: { path: own('sandbox') },
      to: {
        path: '^src/',
        pathNot: [own('sandbox'), '^src/(app|stop-signals)\\.ts$', '^src/adapters/embedded-postgres/', domain],
      },
    },
    {
      name: 'the-command-line-knows-files-and-the-api',
      severity: 'error',
      from: { path: own('cli') },
      to: {
        path: '^src/',
        pathNot: [
          own('cli'),
          domain,
          '^src/load-env-file\\.ts$',
          '^src/adapters/rule-files\\.ts$',
          '^src/services/import-rules\\.ts$',
        ],
      },
    },
    {
      name: 'nobody-knows-the-command-line',
      severity: 'error',
      from: { path: '^src/', pathNot: own('cli') },
      to: { path: own('cli') },
    },
    {
      name: 'resolvable',
      severity: 'error',
      from: { path: '^src/' },
      to: { couldNotResolve: true },
    },
  ],
  options: {
    doNotFollow: { path: ['node_modules', '^src/generated/'] },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'types'] },
    skipAnalysisNotInRules: true,
  },
}
