import { playQuickly } from './play-quickly.ts'

// What HelpCrunch may answer, or not.
playQuickly('P8', 'P9', 'P10')
