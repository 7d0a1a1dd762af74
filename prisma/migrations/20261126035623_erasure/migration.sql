-- AlterTable
ALTER TABLE "webhook_events" ADD COLUMN     "erased_at" TIMESTAMPTZ(3);

-- AlterTable
ALTER TABLE "decisions" ADD COLUMN     "erased_at" TIMESTAMPTZ(3);
