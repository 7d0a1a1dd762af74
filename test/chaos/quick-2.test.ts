import { playQuickly } from './play-quickly.ts'

playQuickly(1)
