/** Lets whatever waits have its turn, once work has kept it waiting. Walks over many rules await it after each. */
export type Pause = () => Promise<void>
