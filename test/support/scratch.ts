import { chmod, mkdtemp, statfs } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Where Linux keeps files in memory. Containers often have but 64 MB there. */
const IN_MEMORY = '/dev/shm'
/** Five times the 0.2 GiB that a run was seen to fill. */
const BYTES_MIN = 2 ** 30

/**
 * A folder for everything that the tests write; in memory where there is room, as it is mostly databases that are copied, used for
 * a second and dropped.
 */
export async function makeScratch(): Promise<string> {
  const room = await statfs(IN_MEMORY).catch(() => undefined)
  const isRoomy = room !== undefined && room.bavail * room.bsize >= BYTES_MIN
  const folder = await mkdtemp(join(isRoomy ? IN_MEMORY : tmpdir(), 'helpcrunch-router-run-'))
  await chmod(folder, 0o755) // Postgres may have to run as another user
  return folder
}
