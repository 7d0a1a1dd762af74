import { playQuickly } from './play-quickly.ts'

// What is too much, too long away, or harmful.
playQuickly('P11', 'P12', 'P13', 'P14', 'P16', 'P28')
