import { playQuickly } from './play-quickly.ts'

// What may get in, and what may get out.
playQuickly('P24', 'P25', 'P26', 'P27')
