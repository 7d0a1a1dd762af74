/** A department of the sandbox's account, as the starter rules in `rules/` name it by id. */
export interface SandboxDepartment {
  readonly id: number
  readonly name: string
  readonly agents: readonly string[]
}

/** The eight departments of the sandbox's account. */
export const DEPARTMENTS: readonly SandboxDepartment[] = [
  { id: 233041, name: 'VIP desk', agents: ['Iryna Melnyk', 'Tom Hartley'] },
  { id: 233042, name: 'Billing', agents: ['Agnieszka Nowak', 'Paulo Teixeira'] },
  { id: 233043, name: 'Technical support', agents: ['Marek Dvorak', 'Yuki Tanabe', 'Sam Okafor'] },
  { id: 233044, name: 'Sales', agents: ['Laura Bianchi', 'Deniz Kaya'] },
  { id: 233045, name: 'German-speaking', agents: ['Katrin Vogel', 'Jonas Huber'] },
  { id: 233046, name: 'Ukrainian-speaking', agents: ['Oksana Koval', 'Andrii Shevchuk'] },
  { id: 233047, name: 'Enterprise success', agents: ['Claire Fontaine', 'Daniel Reyes'] },
  { id: 233048, name: 'General', agents: ['Mia Sorensen', 'Omar Haddad', 'Zoe Walsh'] },
]
