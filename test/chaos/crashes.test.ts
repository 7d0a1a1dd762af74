import { playQuickly } from './play-quickly.ts'

// What dies, freezes or starts while others go on.
playQuickly('P1', 'P2', 'P3', 'P15', 'P17', 'P19')
