import { playQuickly } from './play-quickly.ts'

// What is away for a while, and everything at once.
playQuickly('P13', 'P14', 'P28')
