import { playQuickly } from './play-quickly.ts'

// What comes in any order, on any replica, by any clock.
playQuickly('P4', 'P5', 'P6', 'P7', 'P18')
