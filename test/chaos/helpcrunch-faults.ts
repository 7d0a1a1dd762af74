import type { Fault, FaultScript } from '../../src/sandbox/simulator/faults.ts'
import type { Simulator } from '../../src/sandbox/simulator/simulator.ts'
import type { Outage } from './database-faults.ts'

/** The three ways in which HelpCrunch can be down: nobody listens, all calls fail, none is answered. */
export function helpcrunchFaults(simulator: Simulator): Outage[] {
  return [
    {
      name: 'helpcrunch_refuses',
      begin: () => simulator.refuseConnections(),
      end: () => simulator.acceptConnections(),
    },
    scripted(simulator, 'fails', { kind: 'status', status: 500 }),
    scripted(simulator, 'hangs', { kind: 'hang' }),
  ]
}

function scripted(simulator: Simulator, name: string, fault: Fault): Outage {
  let script: FaultScript | undefined
  return {
    name: `helpcrunch_${name}`,
    async begin() {
      script = simulator.script({}, [fault], { forever: true })
    },
    async end() {
      script?.clear()
    },
  }
}
