import { findDepartment, listen, lookUp, move } from './by-hand.ts'

// What one writes by hand in an afternoon: look the customer up, evaluate, move, answer. Nothing is stored, so what fails is lost.
await listen(
  async (event) => {
    const department = await findDepartment(await lookUp(event))
    if (department !== undefined) await move(event, department)
  },
  async () => {},
)
