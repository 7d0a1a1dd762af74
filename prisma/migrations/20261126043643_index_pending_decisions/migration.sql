-- CreateIndex
CREATE INDEX "chats_pending_decision_id_idx" ON "chats"("pending_decision_id");
