import { playQuickly } from './play-quickly.ts'

// Who dies, freezes or starts while others go on.
playQuickly('P15', 'P17', 'P19')
