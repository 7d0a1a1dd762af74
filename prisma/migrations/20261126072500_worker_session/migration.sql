-- AlterTable
ALTER TABLE "workers" ADD COLUMN     "session" TEXT;

