/** The one call of the WebAssembly API that is used here; TypeScript only knows it through the browser's whole `dom` library. */
declare namespace WebAssembly {
  function instantiate(
    bytes: Uint8Array,
    imports: Record<string, unknown>,
  ): Promise<{ instance: { exports: Record<string, unknown> } }>
}
