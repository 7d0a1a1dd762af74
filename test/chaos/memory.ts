import { readFileSync } from 'node:fs'

/** What a process has in memory now, and the most that it ever had, in MB of 2^20 bytes; needs Linux's /proc. */
export function readMemory(pid: number | undefined): { rssMb: number; peakMb: number } {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  const read = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1]) / 1_024
  return { rssMb: read('VmRSS'), peakMb: read('VmHWM') }
}
