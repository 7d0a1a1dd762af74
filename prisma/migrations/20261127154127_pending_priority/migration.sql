-- AlterTable
ALTER TABLE "chats" ADD COLUMN     "pending_priority" INTEGER NOT NULL DEFAULT 0;

-- What waits for its move already.
UPDATE "chats" c SET "pending_priority" = (v."document" ->> 'priority')::int
FROM "decisions" p JOIN "rule_versions" v ON v."key" = p."rule_key" AND v."version" = p."rule_version"
WHERE p."id" = c."pending_decision_id";

-- Over the few rows that are still to be worked on, as before, now in their order.
CREATE INDEX "chats_pending_priority_idx" ON "chats" ("pending_priority") WHERE "pending_decision_id" IS NOT NULL;
DROP INDEX "chats_pending_idx";
