import type { Simulator } from '../simulator/simulator.ts'
import { DEPARTMENTS } from './departments.ts'
import { RESIDENTS } from './visits.ts'

/** Fills an empty simulated account with the sandbox's agents, departments and customers. */
export function populate(simulator: Simulator): void {
  for (const { id, name, agents } of DEPARTMENTS) {
    const agentIds = agents.map((agentName, index) => {
      const email = `${agentName.toLowerCase().replace(' ', '.')}@example.test`
      return simulator.addAgent({ id: id * 10 + index, name: agentName, email }).id
    })
    simulator.addDepartment({ id, name, agentIds })
  }
  for (const { customer } of RESIDENTS) simulator.addCustomer(customer)
}
