import type { DurationRange } from './seeded-random.ts'

/**
 * What nobody outside knows about HelpCrunch, one switch for each unknown. The values may be changed while the simulator runs;
 * the defaults are what the public documentation makes most likely.
 */
export type SimulatorSwitches = ApiSwitches & EffectSwitches & WebhookSwitches & DeliverySwitches

/** Unknowns of the REST API's shapes and limits. */
export interface ApiSwitches {
  /** Which generation of error bodies is served: the documentation has both. */
  errorDialect: 'new' | 'old'
  /** Whether a 404 names its resource or says "Chat not found" everywhere, as the newer pages do. */
  notFoundText: 'by_resource' | 'chat_everywhere'
  /** What bodies 403 and 5xx have when a fault gives none. */
  errorBodies: 'html' | 'json' | 'empty'
  /** Whether REST times are strings (newer pages) or integers (older ones). */
  timestamps: 'strings' | 'integers'
  /** Whether ids in a request may be numeric strings. */
  numericIds: 'strict' | 'lenient'
  /** Whether a PUT with fields that are not documented for it is accepted. */
  extraRequestFields: 'ignored' | 'refused'
  /** Whether replies carry fields that nobody has documented. */
  extraReplyFields: 'absent' | 'present'
  /** How `customData` is read: a map, a map that is `[]` when empty (PHP), or a list of pairs. */
  customData: 'map' | 'map_or_empty_list' | 'pairs'
  /** Whether locales keep their region when read (`de-AT`) or lose it (`de`). */
  locales: 'as_stored' | 'language_only'
  /** What chats say they were created with; its values are documented nowhere. */
  createdWith: string | null
  /** Which of the three spellings of this status is served; all three are accepted. */
  holdStatus: 'on hold' | 'on-hold' | 'onhold'
  /** Where lists of chats, customers, agents and departments have their total. */
  listTotal: 'meta' | 'top_level' | 'absent'
  /** The key of a list of messages; an early page has `messages`. */
  messagesKey: 'data' | 'messages'
  /** What a `limit` above 100 does. */
  limitAbove100: 'clamped' | 'refused'
  /** Whether chats can be searched by their customers as the page says. */
  chatSearch: 'as_documented' | 'ignores_filter' | 'refused'
  /** How long after a chat's department has changed the search still shows the old one. */
  searchLagMs: number
  /** Calls a minute before 429; HelpCrunch calls 120 its default. */
  rateLimitPerMinute: number
  /** Whether the minute is a sliding window or starts afresh. */
  rateWindow: 'sliding' | 'fixed'
  /** Whether the limit is the account's or each key's own. */
  rateScope: 'account' | 'key'
  /** Whether a 429 carries `Retry-After`, and in which of its two forms. */
  retryAfter: 'absent' | 'seconds' | 'date'
}

/** Unknown effects of calls and of things that happen inside HelpCrunch. */
export interface EffectSwitches {
  /** The status for a chat that does not exist, in PUTs. */
  unknownChat: 404 | 400
  /** What `department: null` or `0` does. */
  departmentNull: 'refused' | 'unassigns'
  /** What setting the department that the chat is in already does. */
  sameDepartment: 'accepted' | 'refused'
  /** Whether a closed chat can be moved. */
  closedChatPut: 'accepted' | 'refused'
  /** What a change of department does to the assignee; `round_robin` also sends `chat.assigned`. */
  assigneeOnDepartmentChange: 'kept' | 'cleared' | 'round_robin'
  /** What a change of department does to the status; `opened` also sends `chat.status_updated`. */
  statusOnDepartmentChange: 'kept' | 'opened'
  /** Whether a change of department ends a snooze, which sends `chat.unsnoozed`. */
  snoozeOnDepartmentChange: 'kept' | 'ended'
  /** Whether a change of department writes a `tech` message, which becomes the chat's last one. */
  techMessageOnDepartmentChange: 'none' | 'written'
  /** Webhooks (0-3) that each PUT of a department causes although nothing else changed. */
  echoesPerPut: number
  /** Whether closing sends `chat.status_updated` besides `chat.closed`. */
  closingUpdatesStatus: 'no' | 'yes'
  /** What a customer's message to a closed chat does. */
  messageToClosedChat: 'reopens' | 'opens_new_chat'
  /** Time from `chat.new` until the first message exists; its text is not to be found before. */
  firstMessageDelayMs: number
  /** Whether HelpBot answers a new chat at once, so that the last message is its and `from: "agent"`. */
  helpBot: 'off' | 'greets'
  /** Time after a chat is opened during which its customer is still answered with 404. */
  customerDelayMs: number
  /** HelpCrunch's own assignment rule, which sets a department some time after `chat.new` and races with us. */
  assignmentRule: { readonly afterMs: number; readonly departmentId: number } | null
}

/** Unknowns of the webhooks' shape. */
export interface WebhookSwitches {
  /** Whether chat events have `id` besides `chat_id`. */
  chatIdKey: 'chat_id' | 'chat_id_and_id'
  /** Whether ids arrive as numbers or as text. */
  webhookIds: 'numbers' | 'text'
  /** Whether `eventData` arrives as an object or as JSON in a string. */
  eventDataAs: 'object' | 'text'
  /** Whether chat and message events name the customer, as the samples do. */
  webhookCustomer: 'named' | 'absent'
  /** Whether chat events carry `applications`, whose shape is a guess. */
  chatApplications: 'absent' | 'list'
  /** How chat events say that there is no assignee or department. */
  emptyRelations: 'null' | 'absent'
  /** Whether webhooks carry fields that nobody has documented. */
  extraWebhookFields: 'absent' | 'present'
  /** What `attempts` is on the first try. */
  attemptsBase: 0 | 1
}

/** Unknowns of how webhooks are delivered: their order, and what happens after a failure. */
export interface DeliverySwitches {
  /** Whether a retry keeps the envelope's id. */
  idOnRetry: 'same' | 'new'
  /** Which key signs a retry after the key was rotated. */
  retrySignedWith: 'current_key' | 'first_key'
  /** Pauses before each further try; its length is the number of retries. */
  backoffMs: readonly number[]
  /** How long a try may take. */
  webhookTimeoutMs: number
  /** Which statuses count as delivered. */
  webhookSuccess: '2xx' | '200_only'
  /** Whether a 401 is tried again. */
  webhookOn401: 'retries' | 'gives_up'
  /** Events given up in a row after which HelpCrunch stops sending; null is never. */
  disabledAfter: number | null
  /** Additional copies of each event, sent whatever the first one's answer was. */
  duplicates: number
  /** Which waiting event is sent next. */
  webhookOrder: 'kept' | 'reversed' | 'shuffled'
  /** A pause before each copy is sent, drawn anew; a wide range lets events overtake each other. */
  webhookDelay: DurationRange
  /** Tries under way at once. */
  webhookConcurrency: number
}

/** The defaults of all switches; each is what the public documentation makes most likely. */
export const DEFAULT_SWITCHES: Readonly<SimulatorSwitches> = {
  errorDialect: 'new',
  notFoundText: 'by_resource',
  errorBodies: 'html',
  timestamps: 'strings',
  numericIds: 'strict',
  extraRequestFields: 'ignored',
  extraReplyFields: 'absent',
  customData: 'map',
  locales: 'as_stored',
  createdWith: 'widget',
  holdStatus: 'on hold',
  listTotal: 'meta',
  messagesKey: 'data',
  limitAbove100: 'clamped',
  chatSearch: 'as_documented',
  searchLagMs: 0,
  rateLimitPerMinute: 120,
  rateWindow: 'sliding',
  rateScope: 'account',
  retryAfter: 'absent',
  unknownChat: 404,
  departmentNull: 'refused',
  sameDepartment: 'accepted',
  closedChatPut: 'accepted',
  assigneeOnDepartmentChange: 'kept',
  statusOnDepartmentChange: 'kept',
  snoozeOnDepartmentChange: 'kept',
  techMessageOnDepartmentChange: 'none',
  echoesPerPut: 0,
  closingUpdatesStatus: 'no',
  messageToClosedChat: 'reopens',
  firstMessageDelayMs: 0,
  helpBot: 'off',
  customerDelayMs: 0,
  assignmentRule: null,
  chatIdKey: 'chat_id',
  webhookIds: 'numbers',
  eventDataAs: 'object',
  webhookCustomer: 'named',
  chatApplications: 'absent',
  emptyRelations: 'null',
  extraWebhookFields: 'absent',
  attemptsBase: 0,
  idOnRetry: 'same',
  retrySignedWith: 'current_key',
  backoffMs: [200, 1_000, 5_000],
  webhookTimeoutMs: 5_000,
  webhookSuccess: '2xx',
  webhookOn401: 'retries',
  disabledAfter: null,
  duplicates: 0,
  webhookOrder: 'kept',
  webhookDelay: { minMs: 0, maxMs: 0 },
  webhookConcurrency: 10,
}
