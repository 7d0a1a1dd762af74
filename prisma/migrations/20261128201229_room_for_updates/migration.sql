-- DropIndex
-- What waits for its move is found by "chats_pending_priority_idx", which holds nothing else.
DROP INDEX "chats_pending_decision_id_idx";

-- Room in each page for the next version of its rows: an update that finds it (an event's start, a call's reply) leaves the indexes alone.
ALTER TABLE "webhook_events" SET (fillfactor = 70);
ALTER TABLE "attempts" SET (fillfactor = 70);
