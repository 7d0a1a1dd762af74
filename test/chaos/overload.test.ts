import { playQuickly } from './play-quickly.ts'

// What is too much, harmful, or asked to end.
playQuickly('P11', 'P12', 'P16')
