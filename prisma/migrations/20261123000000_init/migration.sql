-- CreateSchema
CREATE SCHEMA IF NOT EXISTS "public";

-- CreateTable
CREATE TABLE "webhook_events" (
    "seq" BIGSERIAL NOT NULL,
    "id" TEXT NOT NULL,
    "type" TEXT NOT NULL,
    "chat_id" BIGINT,
    "customer_id" BIGINT,
    "status" TEXT NOT NULL,
    "problem" TEXT,
    "body" BYTEA NOT NULL,
    "happened_at" TIMESTAMPTZ(3) NOT NULL,
    "received_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "finished_at" TIMESTAMPTZ(3),
    "starts" INTEGER NOT NULL DEFAULT 0,

    CONSTRAINT "webhook_events_pkey" PRIMARY KEY ("seq")
);

-- CreateTable
CREATE TABLE "chats" (
    "id" BIGINT NOT NULL,
    "fence" BIGINT NOT NULL DEFAULT 0,
    "claimed_by" TEXT,
    "claimed_until" TIMESTAMPTZ(3),
    "original_department_id" BIGINT,
    "original_known" BOOLEAN NOT NULL DEFAULT false,
    "routed_department_id" BIGINT,
    "routed_at" TIMESTAMPTZ(3),
    "pending_decision_id" BIGINT,
    "state_seen_at" TIMESTAMPTZ(3),
    "tries" INTEGER NOT NULL DEFAULT 0,
    "tried_since" TIMESTAMPTZ(3),

    CONSTRAINT "chats_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "customers" (
    "id" BIGINT NOT NULL,
    "profile" JSONB NOT NULL,
    "fetched_at" TIMESTAMPTZ(3),
    "learned_at" TIMESTAMPTZ(3),
    "revision" INTEGER NOT NULL DEFAULT 1,

    CONSTRAINT "customers_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "decisions" (
    "id" BIGSERIAL NOT NULL,
    "event_seq" BIGINT NOT NULL,
    "event_type" TEXT NOT NULL,
    "chat_id" BIGINT NOT NULL,
    "customer_id" BIGINT,
    "outcome" TEXT NOT NULL,
    "reason" TEXT,
    "mode" TEXT NOT NULL,
    "rule_key" TEXT,
    "rule_version" INTEGER,
    "from_department_id" BIGINT,
    "to_department_id" BIGINT,
    "facts" JSONB NOT NULL,
    "open_lookups" TEXT[],
    "ruleset_version" INTEGER NOT NULL,
    "happened_at" TIMESTAMPTZ(3) NOT NULL,
    "received_at" TIMESTAMPTZ(3) NOT NULL,
    "decided_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "applied_at" TIMESTAMPTZ(3),

    CONSTRAINT "decisions_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "attempts" (
    "id" BIGSERIAL NOT NULL,
    "event_seq" BIGINT,
    "number" INTEGER NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "duration_ms" INTEGER,
    "method" TEXT NOT NULL,
    "path" TEXT NOT NULL,
    "status" INTEGER,
    "body" TEXT,
    "error" TEXT,

    CONSTRAINT "attempts_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "rule_versions" (
    "key" TEXT NOT NULL,
    "version" INTEGER NOT NULL,
    "document" JSON NOT NULL,
    "author" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "live_from" INTEGER NOT NULL,
    "live_to" INTEGER,

    CONSTRAINT "rule_versions_pkey" PRIMARY KEY ("key","version")
);

-- CreateTable
CREATE TABLE "ruleset_head" (
    "id" INTEGER NOT NULL DEFAULT 1,
    "version" INTEGER NOT NULL,
    "changed_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "ruleset_head_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "departments" (
    "id" BIGINT NOT NULL,
    "name" TEXT NOT NULL,
    "fetched_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "departments_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "helpcrunch_account" (
    "id" INTEGER NOT NULL DEFAULT 1,
    "paused_until" TIMESTAMPTZ(3),
    "pause_reason" TEXT,
    "strikes" INTEGER NOT NULL DEFAULT 0,

    CONSTRAINT "helpcrunch_account_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "budget_slots" (
    "slot" INTEGER NOT NULL,
    "used_at" TIMESTAMPTZ(3) NOT NULL DEFAULT 'epoch',

    CONSTRAINT "budget_slots_pkey" PRIMARY KEY ("slot")
);

-- CreateTable
CREATE TABLE "workers" (
    "id" TEXT NOT NULL,
    "queue_ids" TEXT[],
    "seen_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "workers_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "api_tokens" (
    "id" UUID NOT NULL DEFAULT gen_random_uuid(),
    "hash" BYTEA NOT NULL,
    "name" TEXT NOT NULL,
    "role" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "created_by" TEXT NOT NULL,
    "last_used_at" TIMESTAMPTZ(3),

    CONSTRAINT "api_tokens_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "audit_entries" (
    "id" BIGSERIAL NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "actor" TEXT NOT NULL,
    "token_id" UUID,
    "action" TEXT NOT NULL,
    "subject" TEXT NOT NULL,
    "before" JSON,
    "after" JSON,

    CONSTRAINT "audit_entries_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE UNIQUE INDEX "webhook_events_id_key" ON "webhook_events"("id");

-- CreateIndex
CREATE INDEX "webhook_events_status_seq_idx" ON "webhook_events"("status", "seq");

-- CreateIndex
CREATE INDEX "webhook_events_type_seq_idx" ON "webhook_events"("type", "seq");

-- CreateIndex
CREATE INDEX "webhook_events_chat_id_seq_idx" ON "webhook_events"("chat_id", "seq");

-- CreateIndex
CREATE INDEX "webhook_events_customer_id_idx" ON "webhook_events"("customer_id");

-- CreateIndex
CREATE UNIQUE INDEX "decisions_event_seq_key" ON "decisions"("event_seq");

-- CreateIndex
CREATE INDEX "decisions_chat_id_id_idx" ON "decisions"("chat_id", "id");

-- CreateIndex
CREATE INDEX "decisions_outcome_id_idx" ON "decisions"("outcome", "id");

-- CreateIndex
CREATE INDEX "decisions_rule_key_id_idx" ON "decisions"("rule_key", "id");

-- CreateIndex
CREATE INDEX "decisions_to_department_id_id_idx" ON "decisions"("to_department_id", "id");

-- CreateIndex
CREATE INDEX "decisions_decided_at_idx" ON "decisions"("decided_at");

-- CreateIndex
CREATE INDEX "attempts_event_seq_number_idx" ON "attempts"("event_seq", "number");

-- CreateIndex
CREATE INDEX "rule_versions_live_from_live_to_idx" ON "rule_versions"("live_from", "live_to");

-- CreateIndex
CREATE INDEX "budget_slots_used_at_idx" ON "budget_slots"("used_at");

-- CreateIndex
CREATE UNIQUE INDEX "api_tokens_hash_key" ON "api_tokens"("hash");

-- CreateIndex
CREATE INDEX "audit_entries_actor_id_idx" ON "audit_entries"("actor", "id");

-- CreateIndex
CREATE INDEX "audit_entries_action_id_idx" ON "audit_entries"("action", "id");

-- CreateIndex
CREATE INDEX "audit_entries_subject_id_idx" ON "audit_entries"("subject", "id");

-- AddForeignKey
ALTER TABLE "decisions" ADD CONSTRAINT "decisions_event_seq_fkey" FOREIGN KEY ("event_seq") REFERENCES "webhook_events"("seq") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "attempts" ADD CONSTRAINT "attempts_event_seq_fkey" FOREIGN KEY ("event_seq") REFERENCES "webhook_events"("seq") ON DELETE SET NULL ON UPDATE CASCADE;

-- What Prisma's schema language cannot say.

-- The queries of the two hot paths, over the few rows that are still to be worked on.
CREATE INDEX "webhook_events_waiting_idx" ON "webhook_events" ("chat_id", "happened_at") WHERE "status" = 'waiting';
CREATE INDEX "chats_pending_idx" ON "chats" ("id") WHERE "pending_decision_id" IS NOT NULL;
CREATE INDEX "decisions_applied_idx" ON "decisions" ("chat_id", "applied_at") WHERE "outcome" = 'applied';

-- The one row of each of the tables that have one row.
INSERT INTO "ruleset_head" ("version") VALUES (0);
INSERT INTO "helpcrunch_account" ("id") VALUES (1);
