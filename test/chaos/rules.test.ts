import { playQuickly } from './play-quickly.ts'

// What rules may be and become.
playQuickly('P20', 'P21', 'P22', 'P23')
