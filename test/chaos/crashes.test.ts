import { playQuickly } from './play-quickly.ts'

// What is killed at any moment, or at a certain one.
playQuickly('P1', 'P2', 'P3')
